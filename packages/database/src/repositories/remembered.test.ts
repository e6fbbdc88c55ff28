import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Remembered } from './remembered.js';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');
function isCollector(found: unknown): found is () => void {
  return typeof found === 'function';
}

/** A weak reference is kept until the turn of the event loop is over. */
async function collectGarbage(): Promise<void> {
  if (!isCollector(collect)) throw new Error('this engine shows no garbage collector');
  await turn();
  collect();
  await turn();
}

test('what was used longest ago goes first, and then is nowhere', async () => {
  const remembered = new Remembered<{ readonly of: number }>(3);
  for (let of = 0; of < 10; of += 1) {
    remembered.keep(`key ${String(of)}`, { of });
    expect(remembered.get('key 0')).toEqual({ of: 0 });
  }
  await collectGarbage();
  const found = Array.from({ length: 10 }, (_, of) => remembered.get(`key ${String(of)}`)?.of);
  expect(found.filter((of) => of !== undefined)).toEqual([0, 8, 9]);
});

test('what somebody holds is found again as the same object, however many came after it', async () => {
  const remembered = new Remembered<object>(2);
  const held = remembered.keep('held', {});
  for (let of = 0; of < 10; of += 1) remembered.keep(String(of), {});
  await collectGarbage();
  expect(remembered.get('held')).toBe(held);
  expect(remembered.keep('held', {})).toBe(held);
});

test('of two that are made at once the first one stays', () => {
  const remembered = new Remembered<object>(2);
  const first = remembered.keep('key', {});
  expect(remembered.keep('key', {})).toBe(first);
});
