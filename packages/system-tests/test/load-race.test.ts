import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { follow } from '../src/live.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const breakGuard = brokenGuard();
  // What the first one reads of a customer is kept back on its way.
  system = await startSystem([{ breakGuard, held: 'account-meters' }, { breakGuard }]);
});
afterAll(async () => {
  await system.close();
});

test('load race: a change through another gateway, while a state is on its way, is seen from then on', async () => {
  const [loads, changes] = system.gateways;
  await createTestCustomer(system.tenant, 'raced');
  const { id } = await subscribeTo(system.tenant, 'raced', 'pro');
  const log = await follow(loads!.client, 'events { type }');
  const check = async (): Promise<object> =>
    loads!.client.send('{ check(input: { customerId: "raced", feature: "sso" }) { code } }', {});
  const loading = check();
  await loads!.held;
  await changes!.client.changePlan(id, 'free', 'raced-down');
  // It has arrived where the state is on its way.
  expect(await log.next()).toEqual({ events: { type: 'subscription.plan_changed' } });
  loads!.letGo();
  await loading;
  expect(await check()).toEqual({ check: { code: 'NOT_IN_PLAN' } });
  await log.end();
});
