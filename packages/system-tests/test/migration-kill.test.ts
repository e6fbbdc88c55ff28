import { setTimeout as delay } from 'node:timers/promises';
import { queueMigration } from '@licet/database/testing';
import { brokenGuard } from '../src/guards/guards.js';
import { outcomesOf, progressOf, REFUSED_EVERY, subscribers } from '../src/subscribers.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

const SUBSCRIPTIONS = 2000;
const KILLS = 10;
let killed: RunningSystem;
let undisturbed: RunningSystem;

beforeAll(async () => {
  [killed, undisturbed] = await Promise.all([startSystem([]), startSystem([])]);
}, 60_000);
afterAll(async () => {
  await Promise.all([killed.close(), undisturbed.close()]);
});

/** What Postgres itself reports of a worker's batch: it holds the migration; it has moved some, and writes of it next. */
const MOMENTS = [`state <> 'idle'`, `wait_event = 'PgSleep'`] as const;

async function batchIsAt(moment: string): Promise<boolean> {
  const { rows } = await killed.owner.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name = 'licet-worker'
     and backend_xid is not null and ${moment}`,
  );
  return rows.length > 0;
}

async function hasEnded(system: RunningSystem): Promise<boolean> {
  return (await progressOf(system)).status === 'SUCCEEDED';
}

test('kill -9 at ten moments of a migration: what is left behind equals what an undisturbed one leaves', async () => {
  await subscribers(killed, SUBSCRIPTIONS);
  await queueMigration(killed.tenant, { toPlan: 'team' });
  const options = { breakGuard: brokenGuard() };
  for (let kill = 0; kill < KILLS; kill += 1) {
    const worker = await killed.startWorker({ ...options, slow: 'migration-progress:120' });
    const moment = MOMENTS[kill % MOMENTS.length]!;
    await until(async () => (await batchIsAt(moment)) || (await hasEnded(killed)));
    // Before, within and after the writes.
    await delay(kill * 25);
    await worker.stop('SIGKILL');
  }
  const meanwhile = await progressOf(killed);
  expect(meanwhile).toMatchObject({ status: 'RUNNING', total: SUBSCRIPTIONS });
  await killed.startWorker(options);
  await until(() => hasEnded(killed));

  await subscribers(undisturbed, SUBSCRIPTIONS);
  await queueMigration(undisturbed.tenant, { toPlan: 'team' });
  await undisturbed.startWorker();
  await until(() => hasEnded(undisturbed));

  const refused = SUBSCRIPTIONS / REFUSED_EVERY;
  const counts = { total: SUBSCRIPTIONS, done: SUBSCRIPTIONS, moved: SUBSCRIPTIONS - refused, refused };
  expect(await progressOf(undisturbed)).toEqual({ status: 'SUCCEEDED', ...counts });
  expect(await progressOf(killed)).toEqual({ status: 'SUCCEEDED', ...counts });
  const left = await outcomesOf(killed);
  expect(left).toHaveLength(SUBSCRIPTIONS);
  expect(left).toEqual(await outcomesOf(undisturbed));
  const { rows } = await killed.owner.query<{ dense: boolean }>(
    `select max(position) = count(*) as dense from event`,
  );
  expect(rows).toEqual([{ dense: true }]);
});
