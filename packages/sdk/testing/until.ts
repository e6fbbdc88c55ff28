import { setTimeout as delay } from 'node:timers/promises';

/** Waits until a condition holds; an error that shows the condition where that takes more than `seconds`. */
export async function until(condition: () => boolean, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it did not come true: ${condition.toString()}`);
    await delay(5);
  }
}
