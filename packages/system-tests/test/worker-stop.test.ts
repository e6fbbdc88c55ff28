import { type RunningSystem, startSystem, until } from '../src/system.js';
import { dueTrials, transitions, waiting } from '../src/trials.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([]);
});
afterAll(async () => {
  await system.close();
});

/** Transactions of workers that wait inside a statement of theirs, with rows claimed and nothing committed. */
async function batchesInHand(): Promise<number> {
  const { rows } = await system.owner.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database()
     and application_name = 'licet-worker' and backend_xid is not null and wait_event = 'PgSleep'`,
  );
  return rows[0]?.count ?? 0;
}

test('SIGTERM within a batch: the worker commits it, begins no other, and exits with 0', async () => {
  await dueTrials(system, { count: 6000 });
  // Long enough for what is asked while they wait.
  const worker = await system.startWorker({ slow: 'update-subscriptions:3000' });
  await until(async () => (await batchesInHand()) > 0);
  expect(await waiting(system)).toBe(6000);
  await worker.stop('SIGTERM');
  expect([worker.child.exitCode, worker.child.signalCode]).toEqual([0, null]);
  const left = await waiting(system);
  // Two batches of 1,000 may be in hand at once.
  expect([4000, 5000]).toContain(left);
  expect(await transitions(system)).toHaveLength(6000 - left);
});
