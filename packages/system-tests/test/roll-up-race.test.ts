import { decisionOf, putDecisions } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([]);
});
afterAll(async () => {
  await system.close();
});

const ASKED = 2000;

test('of two workers one rolls a tenant up, and the other passes it over: no work is thrown away', async () => {
  const { db, caller } = system.tenant;
  // Long enough for the other one to look, more than once.
  const options = { breakGuard: brokenGuard(), slow: 'write-blocks:3000' };
  const workers = await Promise.all([system.startWorker(options), system.startWorker(options)]);
  // Of an hour ago: they are due at once.
  const records = Array.from({ length: ASKED }, (_, n) =>
    decisionOf(`customer-${String(n % 50)}`, Date.now() - 3_600_000 + n),
  );
  await putDecisions(db, caller.tenantId, records);
  await expectAtLast(async () => {
    const { rows } = await system.owner.query('select from decision_flush limit 1');
    return rows.length;
  }, 0);
  // SIGTERM finishes what is in hand, and with it its log line.
  await Promise.all(workers.map((worker) => worker.stop('SIGTERM')));
  const lines = workers.flatMap(({ logged }) => logged);
  expect(lines.filter(({ level }) => level === 50)).toEqual([]);
  const rolled = lines.filter(({ msg }) => msg === 'decisions rolled up');
  expect(rolled.reduce((sum, { records: count }) => sum + Number(count), 0)).toBe(ASKED);
});
