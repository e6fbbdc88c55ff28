import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  // Each spend waits between its decision and its commit, so that the change falls in between.
  const options = { breakGuard: brokenGuard(), slow: 'insert-spends:20' };
  // The third makes the change: its connections are not all taken by waiting spends.
  system = await startSystem([options, options, { breakGuard: brokenGuard() }]);
});
afterAll(async () => {
  await system.close();
});

async function usedNow(): Promise<number> {
  const { rows } = await system.owner.query<{ used: number }>('select used::int as used from meter');
  return rows[0]?.used ?? 0;
}

interface Entry {
  readonly type: string;
  readonly used: number | null;
  readonly plan: string | null;
}

test('a downgrade races 200 consumes: the log, read alone, shows no spend beyond the limit valid at its commit', async () => {
  await createTestCustomer(system.tenant, 'acme');
  const subscription = await subscribeTo(system.tenant, 'acme', 'pro');
  const [one, other, third] = system.gateways;
  // One after the other by eight callers: sent all at once they would be a handful of batches.
  const caller = async (index: number): Promise<void> => {
    for (let sent = 0; sent < 25; sent += 1) {
      const gateway = index % 2 ? one! : other!;
      await gateway.client.consume('acme', 'calls', `race-${String(index)}-${String(sent)}`);
    }
  };
  const consumes = Array.from({ length: 8 }, (_, index) => caller(index));
  // So much is used that any further unit is one beyond the new limit.
  await until(async () => (await usedNow()) >= 20);
  await third!.client.changePlan(subscription.id, 'free', 'down');
  await Promise.all(consumes);
  const { rows } = await system.owner.query<Entry>(
    `select type, (convert_from(body, 'UTF8')::jsonb #>> '{data,meters,0,used}')::int as used,
            convert_from(body, 'UTF8')::jsonb #>> '{data,after,plan}' as plan
     from event where type in ('usage.recorded', 'subscription.started', 'subscription.plan_changed') order by position`,
  );
  let limit = 0;
  let used = 0;
  const beyond: Entry[] = [];
  for (const entry of rows) {
    if (entry.plan !== null) limit = entry.plan === 'pro' ? 100 : 10;
    if (entry.used !== null && entry.used > used && entry.used > limit) beyond.push(entry);
    used = entry.used ?? used;
  }
  expect(limit).toBe(10);
  expect(used).toBeGreaterThan(0);
  expect(beyond).toEqual([]);
});
