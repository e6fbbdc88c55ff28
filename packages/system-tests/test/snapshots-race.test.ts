import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // Each waits between what it has read of the number and what it writes, so that the others fall in between.
  const slow = 'lock-snapshot-counter:100:client';
  system = await startSystem([
    { breakGuard, slow },
    { breakGuard, slow },
  ]);
});
afterAll(async () => {
  await system.close();
});

test('of snapshots that gateways make of one customer at once each has its own number', async () => {
  const clients = system.gateways.map(({ client }) => client);
  await clients[0]?.send('mutation { upsertCustomer(input: { id: "ada" }) { revision } }', {});
  const asked = [...clients, ...clients, ...clients].map((client) =>
    client.send('{ snapshot(customerId: "ada") { token } }', {}),
  );
  const counters = (await Promise.all(asked)).map(counterIn);
  expect(counters.sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6]);
});

/** What a snapshot's token claims; it is the answer's only text with dots. */
function counterIn(answer: object): number {
  const payload = /"token":"[^.]+\.([^.]+)\./.exec(JSON.stringify(answer))?.[1] ?? '';
  const claims: { counter: number } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return claims.counter;
}
