import { setTimeout as delay } from 'node:timers/promises';

/** Begins `work` at an even pace, each at its time, whether or not the one before is done; resolves with all results. */
export async function atPace<T>(
  perSecond: number,
  seconds: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const count = Math.max(1, Math.round(perSecond * seconds));
  const began = performance.now();
  const running: Promise<T>[] = [];
  for (let index = 0; index < count; index += 1) {
    const wait = began + (index * 1000) / perSecond - performance.now();
    if (wait > 0) await delay(wait);
    running.push(work(index));
  }
  return Promise.all(running);
}
