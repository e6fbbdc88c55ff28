import type { Program } from '../processes/program.js';
import { askLoad, type LoadRequest, type LoadResult } from './load.js';

/** `cpu`: microseconds of the server's processor time for each answer, its other threads' too. */
export type LoadCost = LoadResult & { readonly cpu: number };

/**
 * As `askLoad` of one server, with what it costs there. On a machine that others use, too, the processor's time says more than
 * the throughput.
 */
export async function askCost(
  client: Program,
  server: Program,
  request: Omit<LoadRequest, 'urls'>,
): Promise<LoadCost> {
  const urls = [await server.url];
  const before = await server.cpuMicroseconds();
  const result = await askLoad(client, { ...request, urls });
  return { ...result, cpu: ((await server.cpuMicroseconds()) - before) / result.answers };
}
