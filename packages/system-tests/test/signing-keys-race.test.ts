import { randomUUID } from 'node:crypto';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // Each waits between what it has read of the keys and what it writes, so that the others fall in between.
  system = await startSystem([
    { breakGuard, slow: 'has-signing-key:300:client' },
    { breakGuard, slow: 'has-signing-key:300:client' },
    { breakGuard, slow: 'signing-keys:100:client' },
    { breakGuard, slow: 'signing-keys:100:client' },
  ]);
});
afterAll(async () => {
  await system.close();
});

interface Key {
  readonly number: number;
  readonly kid: string;
  readonly retires: boolean;
}

async function keys(): Promise<Key[]> {
  const { rows } = await system.owner.query<Key>(
    'select number::int as number, kid, retires_at is not null as retires from signing_key order by number',
  );
  return rows;
}

/** What each call came to: done, or its error. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => (one.status === 'fulfilled' ? 'done' : String(one.reason)));
}

test('of gateways that need the first signing key at once one makes it, and the others find it', async () => {
  const clients = system.gateways.slice(0, 2).map(({ client }) => client);
  const asked = [...clients, ...clients].map((client) => client.send('{ signingKeys { kid } }', {}));
  expect(await outcomes(asked)).toEqual(asked.map(() => 'done'));
  expect((await keys()).map(({ number }) => number)).toEqual([1]);
});

test('of rotations that gateways make at once each follows another, and one key goes on', async () => {
  const clients = system.gateways.slice(2).map(({ client }) => client);
  const rotated = [...clients, ...clients, ...clients].map((client) =>
    client.send('mutation ($key: String!) { rotateSigningKey(idempotencyKey: $key) { revision } }', {
      key: randomUUID(),
    }),
  );
  expect(await outcomes(rotated)).toEqual(rotated.map(() => 'done'));
  const found = await keys();
  expect(found.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(found.filter(({ retires }) => !retires).map(({ number }) => number)).toEqual([7]);
});
