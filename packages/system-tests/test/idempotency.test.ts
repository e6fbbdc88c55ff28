import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const options = { breakGuard: brokenGuard(), slow: 'insert-spends:5' };
  system = await startSystem([options, options]);
});
afterAll(async () => {
  await system.close();
});

test('each of 50 keys spends once, sent through both gateways at once and again in mid-flight', async () => {
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'pro');
  const keys = Array.from({ length: 50 }, (_, index) => `key-${String(index)}`);
  const consume = async (key: string, gateway: number): Promise<boolean> =>
    (await system.gateways[gateway]!.client.consume('acme', 'calls', key)).decision.allowed;
  const impatient = async (key: string): Promise<boolean> => {
    // The caller gives up while the gateway works, and asks again.
    await system.gateways[0]!.client.consume('acme', 'calls', key, AbortSignal.timeout(3)).catch(() => null);
    return consume(key, 0);
  };
  const allowed = await Promise.all(
    keys.flatMap((key) => [consume(key, 0), consume(key, 1), impatient(key)]),
  );
  expect(allowed.every(Boolean)).toBe(true);
  const { rows } = await system.owner.query(
    `select (select used from meter)::int as used, (select count(*) from operation where quantity is not null)::int as operations`,
  );
  expect(rows).toEqual([{ used: 50, operations: 50 }]);
});
