import { randomUUID } from 'node:crypto';
import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

const SPENDS = 10;

let system: RunningSystem;

beforeAll(async () => {
  // It is told of nothing by signals, so what comes back by the log takes until the next poll.
  system = await startSystem([{ breakGuard: brokenGuard(), slow: 'look-signal:60000' }]);
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'free');
});
afterAll(() => system.close());

const SPEND = `mutation ($key: String!) {
  consume(input: { customerId: "acme", feature: "calls", quantity: 1, idempotencyKey: $key }) { decision { allowed } } }`;
const CHECK = 'query { check(input: { customerId: "acme", feature: "calls" }) { used } }';

test('what a gateway has answered is in its next check, before the log has come back to it', async () => {
  const { client } = system.gateways[0]!;
  const used: unknown[] = [await client.send(CHECK, {})];
  for (let spend = 0; spend < SPENDS; spend += 1) {
    await client.send(SPEND, { key: randomUUID() });
    used.push(await client.send(CHECK, {}));
  }
  expect(used).toEqual(Array.from({ length: SPENDS + 1 }, (_, count) => ({ check: { used: count } })));
});
