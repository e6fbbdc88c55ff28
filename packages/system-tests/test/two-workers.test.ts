import { expectAtLast } from '../src/expect-at-last.js';
import type { RunningProgram } from '../src/program.js';
import { type RunningSystem, startSystem } from '../src/system.js';
import { dueTrials, transitions, waiting } from '../src/trials.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([]);
});
afterAll(async () => {
  await system.close();
});

function applied(worker: RunningProgram): number {
  return worker.logged.reduce(
    (sum, line) => sum + (typeof line['customers'] === 'number' ? line['customers'] : 0),
    0,
  );
}

test('two workers started together split the work, and each transition happens once', async () => {
  const workers = await Promise.all([system.startWorker(), system.startWorker()]);
  // Once both look for work: who starts sooner would have done much of it before the other is there.
  await dueTrials(system, { count: 8000 });
  await expectAtLast(() => waiting(system), 0);
  // SIGTERM finishes the batch in hand, and with it its log line.
  await Promise.all(workers.map((worker) => worker.stop('SIGTERM')));
  const [one, other] = workers.map(applied);
  expect(one).toBeGreaterThan(0);
  expect(other).toBeGreaterThan(0);
  expect((one ?? 0) + (other ?? 0)).toBe(8000);
  const moved = await transitions(system);
  expect(moved).toHaveLength(8000);
  expect(moved.filter(({ types }) => types.length !== 2)).toEqual([]);
});
