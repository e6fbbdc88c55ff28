import { putDecisions, decisionIds, decisionOf } from '@licet/database/testing';
import { expectAtLast } from '../src/expect-at-last.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

let system: RunningSystem;

beforeAll(async () => {
  system = await startSystem([]);
});
afterAll(async () => {
  await system.close();
});

const KILLS = 5;
const EACH = 1000;

/** A roll-up that has begun to write and has not committed. */
async function rollUpIsOpen(): Promise<boolean> {
  const { rows } = await system.owner.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name = 'licet-worker-roller'
     and backend_xid is not null and state <> 'idle'`,
  );
  return rows.length > 0;
}

async function waiting(): Promise<number> {
  const { rows } = await system.owner.query<{ count: number }>(
    'select count(*)::int as count from decision_flush',
  );
  return rows[0]?.count ?? 0;
}

test('kill -9 of the worker while it rolls decisions up: each is on record once, and each flush is sealed once', async () => {
  const { db, caller } = system.tenant;
  const asked: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Of an hour ago: they are due at once.
    const records = Array.from({ length: EACH }, (_, n) =>
      decisionOf(`customer-${String(n % 50)}`, Date.now() - 3_600_000 + n),
    );
    asked.push(...records.map(({ decision }) => decision.id));
    await putDecisions(db, caller.tenantId, records);
    const worker = await system.startWorker();
    await until(async () => (await rollUpIsOpen()) || (await waiting()) === 0);
    await worker.stop('SIGKILL');
    expect(new Set(await decisionIds(system.tenant)).size).toBe(asked.length);
  }
  // Two at a time for what is left.
  await Promise.all([system.startWorker(), system.startWorker()]);
  await expectAtLast(waiting, 0);
  expect((await decisionIds(system.tenant)).sort()).toEqual(asked.sort());
  const { rows } = await system.owner.query<{ records: number; flushes: number; distinct: number }>(
    `with told as (select convert_from(body, 'UTF8')::jsonb as body from event where type = 'decisions.recorded'),
       flush as (select g->>'id' as gateway, f->0 as seq, (f->1)::int as records
         from told, jsonb_array_elements(body->'data'->'gateways') g, jsonb_array_elements(g->'flushes') f)
     select sum(records)::int as records, count(*)::int as flushes, count(distinct (gateway, seq))::int as distinct from flush`,
  );
  expect(rows[0]?.records).toBe(asked.length);
  expect(rows[0]?.flushes).toBe(rows[0]?.distinct);
});
