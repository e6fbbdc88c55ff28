import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** Waits until what is read is as wanted; where that takes more than `seconds`, an assertion that shows what it is instead. */
export async function expectAtLast<T>(read: () => Promise<T>, wanted: T, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let found = await read();
  while (!isDeepStrictEqual(found, wanted) && performance.now() < end) {
    await delay(5);
    found = await read();
  }
  expect(found).toEqual(wanted);
}
