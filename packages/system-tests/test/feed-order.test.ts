import { createTestCustomer, listedEvents, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  const options = { breakGuard: brokenGuard(), slow: 'update-subscriptions:10' };
  system = await startSystem([options, options]);
});
afterAll(async () => {
  await system.close();
});

test('changes of one customer appear in the feed in lock order: each begins where the one before it ended', async () => {
  const customerId = await createTestCustomer(system.tenant, 'acme');
  const subscription = await subscribeTo(system.tenant, 'acme', 'pro');
  const [one, other] = system.gateways;
  const extend = (gateway: typeof one, round: number, plan: string): Promise<unknown> =>
    gateway!.client.changePlan(subscription.id, plan, `${plan}-${String(round)}`).catch(() => null);
  for (let round = 0; round < 12; round += 1) {
    // Of two at once the first moves to Free; the second finds that it is there, or moves it back.
    await Promise.all([
      extend(one, round, 'free'),
      extend(other, round, 'pro'),
      extend(other, round + 100, 'free'),
    ]);
  }
  const changes = (await listedEvents(system.tenant, customerId)).filter((event) =>
    event.type.startsWith('subscription.'),
  );
  expect(changes.length).toBeGreaterThan(5);
  const broken = changes.slice(1).filter((event, index) => {
    return JSON.stringify(event.data['before']) !== JSON.stringify(changes[index]!.data['after']);
  });
  expect(broken.map((event) => event.type)).toEqual([]);
});
