import { z } from 'zod';
import type { Program } from '../processes/program.js';
import type { Workload } from './workload.js';

export interface LoadRequest {
  /** Connections are shared out among them evenly. */
  readonly urls: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly workload: Workload;
}

/** Both ends are compiled together, so a look is enough to tell a load from another question. */
export function isLoadRequest(input: unknown): input is LoadRequest {
  return typeof input === 'object' && input !== null && 'urls' in input && 'workload' in input;
}

const loadResult = z.strictObject({
  /** All that were asked for, those after the time was over too. */
  answers: z.number(),
  perSecond: z.number(),
  p50: z.number(),
  p99: z.number(),
});
/** Times in milliseconds. */
export type LoadResult = z.infer<typeof loadResult>;

/** Has a client process (`load/http`) ask for a while; rejects when an answer is wrong. */
export async function askLoad(client: Program, request: LoadRequest): Promise<LoadResult> {
  return loadResult.parse(await client.ask('load', request));
}
