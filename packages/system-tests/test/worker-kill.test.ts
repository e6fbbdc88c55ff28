import { setTimeout as delay } from 'node:timers/promises';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';
import { dueTrials, transitions, waiting } from '../src/trials.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([]);
});
afterAll(async () => {
  await system.close();
});

const KILLS = 10;

/** A worker's transaction that holds claimed rows and has not committed, as Postgres itself reports it. */
async function claimsAreOpen(): Promise<boolean> {
  const { rows } = await system.owner.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name = 'licet-worker'
     and backend_xid is not null and state <> 'idle'`,
  );
  return rows.length > 0;
}

test('kill -9 at ten moments over 1,000 due trials: each moves once, with its events once', async () => {
  await dueTrials(system, { count: 1000 });
  const options = { breakGuard: brokenGuard(), slow: 'update-subscriptions:100' };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const worker = await system.startWorker(options);
    await until(async () => (await claimsAreOpen()) || (await waiting(system)) === 0);
    // Somewhere in the transaction: before, within and after the writes.
    await delay(kill * 18);
    await worker.stop('SIGKILL');
  }
  await system.startWorker({ breakGuard: brokenGuard() });
  await expectAtLast(() => waiting(system), 0);
  const moved = await transitions(system);
  expect(moved).toHaveLength(1000);
  const expected = ['subscription.trial_ended', 'subscription.plan_changed'];
  expect(moved.filter(({ types }) => JSON.stringify(types) !== JSON.stringify(expected))).toEqual([]);
  const { rows } = await system.owner.query<{ dense: boolean }>(
    `select max(position) = count(*) as dense from event`,
  );
  expect(rows).toEqual([{ dense: true }]);
});
