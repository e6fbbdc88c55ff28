import {
  DatabaseUnavailableError,
  type DecisionFilter,
  type DecisionRecord,
  DecisionRecorder,
  deleteOldDecisions,
  dropEmptyDecisionDays,
  listDecisions,
  RECORDER_ROLE,
  updateTenant,
} from '@licet/database';
import {
  createOwnTenant,
  durationOf,
  createTestTenant,
  customerOf,
  decisionIds,
  decisionOf,
  listedDecisions,
  EVERY_DECISION,
  type OwnTenant,
  putDecisions,
} from '@licet/database/testing';
import { instant } from '@licet/domain';
import { Pool } from 'pg';
import { nameHash } from '../src/decision-log/customer-key.js';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(async () => {
  await tenant.close();
});

const record = decisionOf;
const idsOf = (filter: Partial<DecisionFilter> = {}): Promise<string[]> => decisionIds(tenant, filter);
const put = (records: readonly DecisionRecord[], tenantId = tenant.caller.tenantId): Promise<void> =>
  putDecisions(tenant.db, tenantId, records);

test('an orderly stop loses nothing, and every fact comes back as it was', async () => {
  const records = Array.from({ length: 10_000 }, (_, index) => record('acme', 1_700_000_000_000 + index));
  await put(records);
  const newest = [...records].reverse();
  expect((await listedDecisions(tenant)).items.map(({ node }) => node)).toEqual(newest.slice(0, 100));
  const { rows } = await tenant.owner.query<{ records: string; flushes: number }>(
    'select sum(records) as records, count(*)::int as flushes from decision_flush',
  );
  expect(Number(rows[0]?.records)).toBe(10_000);
  expect(rows[0]?.flushes).toBeLessThan(10);
});

test('pages follow each other without a gap or a double, whatever comes in meanwhile', async () => {
  const at = 1_700_000_000_000;
  // Many at one instant, in flushes of two gateways.
  await put(Array.from({ length: 60 }, (_, index) => record('acme', at + Math.floor(index / 20))));
  await put(Array.from({ length: 60 }, (_, index) => record('acme', at + Math.floor(index / 20))));
  const all = await idsOf();
  expect(new Set(all).size).toBe(120);
  const paged: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await listedDecisions(tenant, {}, 7, after);
    paged.push(...page.items.map(({ node }) => node.decision.id));
    expect(page.hasPreviousPage).toBe(after !== null);
    if (!page.hasNextPage) break;
    after = page.items.at(-1)?.cursor ?? null;
    await put([record('acme', at + 1000)]);
  }
  expect(paged).toEqual(all);
});

test('each filter finds its own', async () => {
  const at = 1_700_000_000_000;
  const mine = record('acme', at);
  const other = record('bobs', at + 1);
  const denied = record('acme', at + 2, { allowed: false, code: 'NOT_IN_PLAN', feature: 'sso' });
  await put([mine, other, denied]);
  const [a, b, c] = [mine, other, denied].map(({ decision }) => decision.id);
  expect(await idsOf()).toEqual([c, b, a]);
  expect(await idsOf({ id: b ?? '' })).toEqual([b]);
  expect(await idsOf({ id: 'dec_none' })).toEqual([]);
  expect(await idsOf({ customerId: customerOf('acme') })).toEqual([c, a]);
  expect(await idsOf({ only: [customerOf('bobs')] })).toEqual([b]);
  expect(await idsOf({ only: [customerOf('bobs')], customerId: customerOf('acme') })).toEqual([]);
  expect(await idsOf({ feature: 'sso' })).toEqual([c]);
  expect(await idsOf({ allowed: true })).toEqual([b, a]);
  expect(await idsOf({ code: 'NOT_IN_PLAN' })).toEqual([c]);
  expect(await idsOf({ since: instant(at + 1) })).toEqual([c, b]);
  expect(await idsOf({ until: instant(at + 2) })).toEqual([b, a]);
  expect(await idsOf({ since: instant(at + 1), until: instant(at + 2) })).toEqual([b]);
});

test('of what is not rolled up those flushes alone are unpacked that may hold what is asked for; of an earlier version all are', async () => {
  const [acme, bobs] = [record('acme'), record('bobs')];
  for (const one of [acme, bobs]) await put([one]);
  const broken = Buffer.from('not a flush');
  await tenant.owner.query('update decision_flush set body = $1 where customers <> $2', [
    broken,
    [nameHash('acme')],
  ]);
  expect(await idsOf({ customerId: customerOf('acme') })).toEqual([acme.decision.id]);
  await expect(idsOf({ customerId: customerOf('bobs') })).rejects.toThrow();
  await tenant.owner.query('update decision_flush set customers = null');
  await expect(idsOf({ customerId: customerOf('acme') })).rejects.toThrow();
  await tenant.owner.query('delete from decision_flush where body = $1', [broken]);
  expect(await idsOf({ customerId: customerOf('acme') })).toEqual([acme.decision.id]);
});

test('a flush that is sent again, after a COMMIT whose answer was lost, is recorded once', async () => {
  // Answers are lost: everything is sent twice.
  const twice = new Pool({ ...tenant.db.recorder.options });
  const query = twice.query.bind(twice);
  let lost = 0;
  Object.assign(twice, {
    query: async (statement: { text: string; values: unknown[] }) => {
      await query(statement);
      lost += 1;
      if (lost % 2 === 1) throw new Error('Connection terminated unexpectedly');
    },
  });
  const recorder = new DecisionRecorder(twice, { mode: 'strict' });
  const records = Array.from({ length: 50 }, () => record('acme'));
  await Promise.all(records.map(async (one) => recorder.record(tenant.caller.tenantId, one)));
  await recorder.close();
  await twice.end();
  expect(lost).toBeGreaterThan(1);
  expect(new Set(await idsOf()).size).toBe(50);
  expect((await idsOf()).length).toBe(50);
});

test('a tenant sees its own decisions alone', async () => {
  const other = await createTestTenant(tenant.url);
  await put([record('acme')], other.caller.tenantId);
  await put([record('acme')]);
  expect((await idsOf()).length).toBe(1);
  await other.close();
});

test('`strict` answers when the record can be read, and refuses where it cannot be written', async () => {
  const recorder = new DecisionRecorder(tenant.db.recorder, { mode: 'strict' });
  const one = record('acme');
  await recorder.record(tenant.caller.tenantId, one);
  expect(await idsOf()).toEqual([one.decision.id]);
  await recorder.close();
  const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
  const cut = new DecisionRecorder(away, { mode: 'strict' });
  await expect(cut.record(tenant.caller.tenantId, record('acme'))).rejects.toThrow(DatabaseUnavailableError);
  await cut.close();
  expect(cut.counts).toMatchObject({ recorded: 0, dropped: 1 });
  await away.end();
});

test('a database that answers and takes no records does not hold up the stop: what is lost is counted', async () => {
  await tenant.owner.query(`revoke insert on decision_flush from ${RECORDER_ROLE}`);
  const recorder = new DecisionRecorder(tenant.db.recorder, { mode: 'async' });
  void recorder.record(tenant.caller.tenantId, record('acme'));
  await recorder.close();
  expect(recorder.counts).toMatchObject({ recorded: 0, dropped: 1 });
});

test('what waits is bounded, for each tenant by itself', async () => {
  const other = await createTestTenant(tenant.url);
  const recorder = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    mostOfTenant: 100,
    mostInAll: 150,
  });
  for (let count = 0; count < 120; count += 1) void recorder.record(tenant.caller.tenantId, record('acme'));
  for (let count = 0; count < 60; count += 1) void recorder.record(other.caller.tenantId, record('acme'));
  await recorder.close();
  expect(recorder.counts).toMatchObject({ recorded: 150, dropped: 30, waiting: 0, unsentBytes: 0 });
  await other.close();
});

test('what waits is bounded by what it keeps, too: large facts of one tenant fill no memory, and take no room of others', async () => {
  const other = await createTestTenant(tenant.url);
  const note = 'x'.repeat(65_000);
  const large = (): DecisionRecord => {
    const one = record('acme');
    return { ...one, input: { ...one.input, context: { tags: [{ note }] } } };
  };
  const recorder = new DecisionRecorder(tenant.db.recorder, {
    mode: 'async',
    mostBytesOfTenant: 6_700_000,
    mostBytesInAll: 8_000_000,
  });
  for (let count = 0; count < 120; count += 1) void recorder.record(tenant.caller.tenantId, large());
  expect(recorder.counts).toMatchObject({ waiting: 102, dropped: 18 });
  for (let count = 0; count < 1000; count += 1) void recorder.record(other.caller.tenantId, record('acme'));
  expect(recorder.counts).toMatchObject({ waiting: 1102, dropped: 18 });
  for (let count = 0; count < 20; count += 1) void recorder.record(other.caller.tenantId, large());
  expect(recorder.counts).toMatchObject({ waiting: 1116, dropped: 24 });
  await recorder.close();
  // Far from 2,048 records, yet not packed all at once.
  expect(recorder.counts).toMatchObject({ recorded: 1116, waiting: 0, flushes: 3 });
  const strict = new DecisionRecorder(tenant.db.recorder, { mode: 'strict', mostBytesOfTenant: 100_000 });
  const taken = strict.record(tenant.caller.tenantId, large());
  await expect(strict.record(tenant.caller.tenantId, large())).rejects.toThrow(DatabaseUnavailableError);
  await taken;
  // What is durable keeps nothing any more.
  await strict.record(tenant.caller.tenantId, large());
  await strict.close();
  await other.close();
});

test('a cursor of another list is refused', async () => {
  for (const after of ['nonsense', Buffer.from('1:sub_1').toString('base64url')])
    expect(
      await listDecisions(tenant.db, tenant.caller.tenantId, { ...EVERY_DECISION, first: 10, after }),
    ).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field: 'after' });
});

test('days are made ahead, and a day without a partition of its own is recorded all the same', async () => {
  const { rows } = await tenant.owner.query<{ name: string }>(
    `select relname as name from pg_class where relname like 'decision_flush_2%' and relkind = 'r' order by 1`,
  );
  expect(rows.length).toBe(8);
  await put([record('acme', Date.UTC(2001, 0, 1))]);
  expect((await idsOf()).length).toBe(1);
  await tenant.db.pool.query('select make_decision_days(9)');
  const { rows: more } = await tenant.owner.query(
    `select from pg_class where relname like 'decision_flush_2%' and relkind = 'r'`,
  );
  expect(more.length).toBe(10);
});

test('decisions are deleted when their time is over, of that tenant alone, and empty days are dropped', async () => {
  const hour = 3_600_000;
  const other = await createTestTenant(tenant.url);
  const [old, young] = [record('acme', Date.now() - 30 * hour), record('acme', Date.now() - 20 * hour)];
  await put([old]);
  await put([young]);
  await put([record('acme', Date.now() - 30 * hour)], other.caller.tenantId);
  expect(await deleteOldDecisions(tenant.db, tenant.caller.tenantId)).toBe(0);
  const day = durationOf('P1D');
  expect(await updateTenant(tenant.db, tenant.caller, { decisionRetention: day })).toMatchObject({
    ok: true,
  });
  expect(await deleteOldDecisions(tenant.db, tenant.caller.tenantId)).toBe(1);
  expect(await idsOf()).toEqual([young.decision.id]);
  const { rows } = await tenant.owner.query('select from decision_flush where tenant_id = $1', [
    other.caller.tenantId,
  ]);
  expect(rows.length).toBe(1);
  await other.close();
  // Days long past: one that holds something, one that holds nothing.
  for (const name of ['20010101', '20010102']) {
    const [from, to] = [name, String(Number(name) + 1)];
    await tenant.owner.query(
      `create table decision_days.decision_flush_${name} partition of decision_flush for values from ('${from}') to ('${to}')`,
    );
  }
  await put([record('acme', Date.UTC(2001, 0, 1))]);
  expect(await dropEmptyDecisionDays(tenant.db)).toBe(1);
  expect((await idsOf()).length).toBe(2);
  expect(await dropEmptyDecisionDays(tenant.db)).toBe(0);
});
