import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTenantId, type TenantId } from '@licet/domain';
import { LookSignal } from './look-signal.js';

function tenant(): TenantId {
  const id = parseTenantId(randomUUID());
  if (id === null) throw new Error('a UUID names a tenant');
  return id;
}

/** A signal, and what it has told so far. */
function signal(): { readonly signal: LookSignal; readonly told: (readonly TenantId[])[] } {
  const told: (readonly TenantId[])[] = [];
  return { told, signal: new LookSignal((tenants) => Promise.resolve(told.push(tenants))) };
}

test('ten are told of at once; who comes after them waits, and is told of together with others, once each', async () => {
  const { signal: looks, told } = signal();
  const [first, second, third] = [tenant(), tenant(), tenant()];
  let before: number;
  do {
    before = told.length;
    looks.look(first);
  } while (told.length > before);
  // More where the machine has been busy meanwhile.
  expect(before).toBeGreaterThanOrEqual(10);
  for (const later of [second, third, second]) looks.look(later);
  expect(told).toEqual(Array.from({ length: before }, () => [first]));
  while (told.length === before) await delay(1);
  expect(told.at(-1)).toEqual([first, second, third]);
});

test('in the long run there is one in ten milliseconds, however often something is committed', async () => {
  const { signal: looks, told } = signal();
  const [changed, began] = [tenant(), performance.now()];
  while (told.length < 30) {
    looks.look(changed);
    await delay(0);
  }
  // Of thirty ten were saved up; timers may be late, and are never more than a millisecond early.
  expect(performance.now() - began).toBeGreaterThan(20 * 10 - 20);
  await looks.close();
  const before = told.length;
  await delay(20);
  expect(told).toHaveLength(before);
});

test('a signal that fails harms nobody, and the next one is sent', async () => {
  let tries = 0;
  const looks = new LookSignal(() => {
    tries += 1;
    return Promise.reject(new Error('out of reach'));
  });
  looks.look(tenant());
  looks.look(tenant());
  await looks.close();
  expect(tries).toBe(2);
});
