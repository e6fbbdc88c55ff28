import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Measured } from './measure.js';

/** Where what a client keeps lies in this directory. */
export function keptIn(directory: string): string {
  return path.join(directory, 'kept');
}

/**
 * Times `work` for so many seconds, each time on a new copy of what is kept: it finds what the first has left, and the processor's
 * caches as the copying has left them. `work` tells how long it took, in milliseconds.
 */
export async function onCopies(
  directory: string,
  seconds: number,
  work: (copy: string) => number | Promise<number>,
): Promise<Measured> {
  const until = performance.now() + seconds * 1000;
  const copy = path.join(directory, String(process.pid));
  let took = 0;
  let calls = 0;
  do {
    await cp(keptIn(directory), copy, { recursive: true });
    took += await work(copy);
    calls += 1;
    await rm(copy, { recursive: true });
  } while (performance.now() < until);
  return { nanoseconds: (took * 1e6) / calls, calls, sum: calls };
}
