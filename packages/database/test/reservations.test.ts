import {
  applyDueBatch,
  type Database,
  type Result,
  SpendQueue,
  type SpendRequest,
  usageEventKey,
  type Verdict,
} from '@licet/database';
import {
  counterOf,
  createOwnTenant,
  createTestCustomer,
  durationOf,
  letPass,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  PRESENT,
  publish,
  spend,
  spendOne,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import type { CustomerId, ReservationId } from '@licet/domain';
import { reservationIdOf } from '../src/spending/reservations.js';

let tenant: OwnTenant;
/** Another gateway's: what the first remembers of its reservations it reads from their rows. */
let elsewhere: Database;

beforeAll(async () => {
  tenant = await createOwnTenant();
  elsewhere = await openTestDatabase(tenant.url);
});

afterAll(async () => {
  await elsewhere.close();
  await tenant.close();
});

let keys = 0;
const nextKey = (): string => `key ${String((keys += 1))}`;

/** On plan `free`: 10 calls a month, 2 projects. */
async function customerNamed(id: string): Promise<CustomerId> {
  const customerId = await createTestCustomer(tenant, id);
  await subscribeTo(tenant, id, 'free');
  return customerId;
}

const send = (request: SpendRequest, view = tenant.db): Promise<Result<Verdict>> =>
  spendOne(view, tenant.caller, request);

function reserve(customerId: string, quantity: number, feature = 'calls', ttl = 'PT1H'): SpendRequest {
  return { kind: 'reserve', customerId, feature, quantity, ttl: durationOf(ttl), idempotencyKey: nextKey() };
}

async function reserved(...asked: Parameters<typeof reserve>): Promise<ReservationId> {
  const told = await send(reserve(...asked));
  if (!told.ok || !told.decision.allowed) throw new Error(`refused: ${JSON.stringify(told)}`);
  return reservationIdOf(told.decisionId);
}

function settle(
  kind: 'commit' | 'free',
  id: ReservationId,
  customerId: string,
  quantity = 0,
  feature = 'calls',
): SpendRequest {
  return { kind, customerId, feature, quantity, idempotencyKey: id };
}

function consume(customerId: string, quantity: number, feature = 'calls'): SpendRequest {
  return { kind: 'consume', customerId, feature, quantity, idempotencyKey: nextKey() };
}

const counter = (customerId: string, feature?: string) => counterOf(tenant, customerId, feature);

/** What was reserved for an hour has ended. */
const letExpire = (customerId: string): Promise<void> => letPass(tenant, customerId, 2);

test('what is reserved counts against the limit, and is spent by its commit; the rest is free again', async () => {
  await customerNamed('commits');
  const id = await reserved('commits', 6);
  expect(await counter('commits')).toEqual({ used: 0, reserved: 6, held: true });
  expect(await send(consume('commits', 5))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED', used: 0, reserved: 6 },
  });
  expect(await send(settle('commit', id, 'commits', 4))).toMatchObject({
    consumed: 4,
    decision: { allowed: true, code: 'DONE', used: 4, reserved: 0, remaining: 6 },
  });
  expect(await counter('commits')).toEqual({ used: 4, reserved: 0, held: false });
});

test('a release frees all of it', async () => {
  await customerNamed('releases');
  const id = await reserved('releases', 10);
  expect(await send(settle('free', id, 'releases'))).toMatchObject({
    consumed: 0,
    decision: { code: 'DONE', used: 0, reserved: 0 },
  });
  expect(await counter('releases')).toEqual({ used: 0, reserved: 0, held: false });
});

test('of a level, too', async () => {
  await customerNamed('levels');
  const id = await reserved('levels', 3, 'projects');
  expect(await send(consume('levels', 1, 'projects'))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED' },
  });
  await send(settle('commit', id, 'levels', 1, 'projects'));
  expect(await counter('levels', 'projects')).toEqual({ used: 1, reserved: 0, held: false });
});

test.each<[string, 'commit' | 'free', number, 'commit' | 'free', number, boolean]>([
  ['the same commit', 'commit', 3, 'commit', 3, true],
  ['another quantity', 'commit', 3, 'commit', 2, false],
  ['a release after a commit', 'commit', 3, 'free', 0, false],
  ['a commit after a release', 'free', 0, 'commit', 3, false],
  ['the same release', 'free', 0, 'free', 0, true],
])('settled twice: %s', async (name, first, units, second, others, same) => {
  const customerId = `twice ${name}`;
  await customerNamed(customerId);
  const id = await reserved(customerId, 3);
  const once = await send(settle(first, id, customerId, units));
  const again = await send(settle(second, id, customerId, others));
  if (same) expect(again).toEqual({ ...once, replayed: true });
  else expect(again).toMatchObject({ ok: false, code: 'CONFLICT', field: 'reservationId' });
  expect(await counter(customerId)).toEqual({ used: units, reserved: 0, held: false });
});

test.each<[string, 'commit' | 'free', number, boolean]>([
  ['the same commit', 'commit', 3, true],
  ['another quantity', 'commit', 2, false],
  ['a release', 'free', 0, false],
])('settled elsewhere, and then by the gateway that remembers it: %s', async (name, kind, units, same) => {
  const customerId = `elsewhere ${name}`;
  await customerNamed(customerId);
  const id = await reserved(customerId, 3);
  const once = await send(settle('commit', id, customerId, 3), elsewhere);
  const again = await send(settle(kind, id, customerId, units));
  if (same) expect(again).toEqual({ ...once, replayed: true });
  else expect(again).toMatchObject({ ok: false, code: 'CONFLICT', field: 'reservationId' });
  expect(await counter(customerId)).toEqual({ used: 3, reserved: 0, held: false });
});

test('what was reserved is told after its settlement, too, by any gateway', async () => {
  const customerId = await customerNamed('told');
  const [one, other] = [new SpendQueue(tenant.db), new SpendQueue(elsewhere)];
  const { tenantId } = tenant.caller;
  const found = (id: ReservationId): Promise<unknown> =>
    Promise.all([one, other].map((queue) => queue.reservations.find(tenantId, id)));
  const granted = await one.submit(tenant.caller, reserve('told', 3));
  if (!granted.ok) throw new Error(granted.message);
  const id = reservationIdOf(granted.decisionId);
  const told = { id, customerId, feature: 'calls', quantity: 3, expiresAt: granted.asOf + 3_600_000 };
  expect(await found(id)).toMatchObject([told, told]);
  await one.submit(tenant.caller, settle('commit', id, 'told', 2));
  expect(await found(id)).toEqual([told, told]);
  expect(await found(reservationIdOf('dec_0'))).toEqual([null, null]);
});

test('one that a worker has found expired is decided anew by the gateway that remembers it', async () => {
  await customerNamed('worker');
  const id = await reserved('worker', 10);
  await letExpire('worker');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  await send(consume('worker', 1), elsewhere);
  expect(await send(settle('commit', id, 'worker', 10))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED' },
  });
  expect(await send(settle('commit', id, 'worker', 9))).toMatchObject({ consumed: 9 });
  expect(await counter('worker')).toEqual({ used: 10, reserved: 0, held: false });
});

test('a settlement of what nobody has reserved is NOT_FOUND', async () => {
  await customerNamed('nobody');
  expect(await send(settle('commit', reservationIdOf('dec_1'), 'nobody', 1))).toMatchObject({
    ok: false,
    code: 'NOT_FOUND',
    field: 'reservationId',
  });
});

test('a reservation asked for twice under one key is one, and the same', async () => {
  await customerNamed('same key');
  const request = reserve('same key', 2);
  const first = await send(request);
  expect(await send(request)).toEqual({ ...first, replayed: true });
  expect(await send({ ...request, ttl: durationOf('PT2H') } as SpendRequest)).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await counter('same key')).toEqual({ used: 0, reserved: 2, held: true });
});

test('time frees what nobody has settled: the worker tells so, once, dated when it was due', async () => {
  const customerId = await customerNamed('expires');
  const id = await reserved('expires', 4);
  const kept = await reserved('expires', 2, 'calls', 'PT20H');
  await letExpire('expires');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  expect(await counter('expires')).toEqual({ used: 0, reserved: 2, held: true });
  const told = (await listedEvents(tenant, customerId)).filter(
    ({ type }) => type === 'usage.reservation_expired',
  );
  expect(told).toMatchObject([{ subjectId: id, data: { feature: 'calls', quantity: 4, reserved: 2 } }]);
  expect(told[0]?.at).toBeLessThan(Date.now() - 3_000_000);
  await send(settle('free', kept, 'expires'));
});

test('a spend frees first what time has freed, without a worker', async () => {
  await customerNamed('no worker');
  await reserved('no worker', 10);
  await letExpire('no worker');
  expect(await send(consume('no worker', 10))).toMatchObject({
    decision: { allowed: true, used: 10, reserved: 0 },
  });
});

test('what has expired in one counter holds up no spend of another that does not exist yet', async () => {
  await customerNamed('beside');
  await reserved('beside', 1, 'projects');
  await letExpire('beside');
  expect(await send(consume('beside', 1))).toMatchObject({ decision: { allowed: true, used: 1 } });
});

test('a commit that comes too late is decided anew', async () => {
  await customerNamed('late');
  const fits = await reserved('late', 4);
  const doesNot = await reserved('late', 6);
  await letExpire('late');
  expect(await send(settle('commit', fits, 'late', 4))).toMatchObject({
    consumed: 4,
    decision: { code: 'ENTITLED', used: 4, reserved: 0 },
  });
  await send(consume('late', 1));
  expect(await send(settle('commit', doesNot, 'late', 6))).toMatchObject({
    consumed: 0,
    decision: { allowed: false, code: 'LIMIT_EXCEEDED' },
  });
  // A denial settles nothing: less may fit.
  expect(await send(settle('commit', doesNot, 'late', 5))).toMatchObject({ consumed: 5 });
  expect(await counter('late')).toEqual({ used: 10, reserved: 0, held: false });
});

test('a commit in time is always allowed, though the right is gone', async () => {
  await customerNamed('lost');
  const id = await reserved('lost', 3);
  await tenant.owner.query(
    `update subscription set status = 'CANCELED', ended_at = ${PRESENT}, cancel_at = null where tenant_id = $1 and customer_id = 'lost'`,
    [tenant.caller.tenantId],
  );
  await tenant.owner.query(`update customer set version = version + 1 where tenant_id = $1 and id = 'lost'`, [
    tenant.caller.tenantId,
  ]);
  await tenant.owner.query(
    `update meter set lim = 0, state_version = state_version + 1 where tenant_id = $1 and customer_id = 'lost'`,
    [tenant.caller.tenantId],
  );
  expect(await send(consume('lost', 1))).toMatchObject({ decision: { allowed: false } });
  expect(await send(settle('commit', id, 'lost', 3))).toMatchObject({
    consumed: 3,
    decision: { code: 'DONE' },
  });
});

test('a reservation counts in the window in which it was made', async () => {
  const customerId = await customerNamed('window');
  const id = await reserved('window', 4);
  // The window ended a moment ago.
  await tenant.owner.query(
    `update meter set window_start = window_start - interval '1 month', window_end = ${PRESENT}
     where tenant_id = $1 and customer_id = 'window'`,
    [tenant.caller.tenantId],
  );
  await tenant.owner.query(
    `update reservation set window_start = window_start - interval '1 month',
       reserved_at = (select window_start from meter where tenant_id = $1 and customer_id = 'window')
     where tenant_id = $1 and customer_id = 'window'`,
    [tenant.caller.tenantId],
  );
  expect(await send(consume('window', 10))).toMatchObject({ decision: { allowed: true, reserved: 0 } });
  expect(await send(settle('commit', id, 'window', 3), elsewhere)).toMatchObject({ consumed: 3 });
  expect(await counter('window')).toEqual({ used: 10, reserved: 0, held: false });
  const closed = await tenantRows(tenant, `select used::int from meter_window where customer_id = 'window'`);
  expect(closed).toEqual([{ used: 3 }]);
  const types = (await listedEvents(tenant, customerId)).map(({ type }) => type);
  expect(types).toContain('usage.corrected');
});

/** Its window ended a moment ago, and another runs. */
async function endWindow(customerId: string): Promise<void> {
  await tenant.owner.query(
    `update meter set window_start = window_start - interval '1 month', window_end = ${PRESENT}
     where tenant_id = $1 and customer_id = $2`,
    [tenant.caller.tenantId, customerId],
  );
  await tenant.owner.query(
    `update reservation set window_start = window_start - interval '1 month' where tenant_id = $1 and customer_id = $2`,
    [tenant.caller.tenantId, customerId],
  );
}

test('one that has expired is decided anew, also where its window is over and no worker has told', async () => {
  const customerId = await customerNamed('overdue');
  const id = await reserved('overdue', 10);
  await endWindow('overdue');
  await send(consume('overdue', 1));
  await letExpire('overdue');
  expect(await send(settle('commit', id, 'overdue', 10), elsewhere)).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED' },
  });
  expect(await send(settle('commit', id, 'overdue', 9), elsewhere)).toMatchObject({
    decision: { code: 'ENTITLED', used: 10 },
  });
  const types = (await listedEvents(tenant, customerId)).map(({ type }) => type);
  expect(types).toContain('usage.reservation_expired');
  expect(types).not.toContain('usage.corrected');
});

test('one that was made in the very instant in which another window began counts in its own', async () => {
  await customerNamed('instant');
  const id = await reserved('instant', 10);
  await endWindow('instant');
  await send(consume('instant', 10));
  await tenant.owner.query(
    `update reservation set reserved_at = (select window_start from meter where tenant_id = $1 and customer_id = 'instant')
     where tenant_id = $1 and customer_id = 'instant'`,
    [tenant.caller.tenantId],
  );
  expect(await send(settle('commit', id, 'instant', 10), elsewhere)).toMatchObject({ consumed: 10 });
  expect(await counter('instant')).toMatchObject({ used: 10, reserved: 0 });
});

test('committed after its window the answer is of that window, the second time as well', async () => {
  await customerNamed('closed');
  const id = await reserved('closed', 4);
  await endWindow('closed');
  await send(consume('closed', 5));
  await reserved('closed', 2);
  const once = await send(settle('commit', id, 'closed', 3), elsewhere);
  // No limit is kept of a closed window, and the running one's is not its own.
  const answered = { used: 3, reserved: 0, limit: null, unlimited: false, remaining: null };
  expect(once).toMatchObject({
    consumed: 3,
    decision: { allowed: true, code: 'DONE', ...answered, resetsAt: null, validUntil: null },
  });
  expect(await send(settle('commit', id, 'closed', 3))).toEqual({ ...once, replayed: true });
  expect(await counter('closed')).toMatchObject({ used: 5, reserved: 2 });
});

test('a closed window that is full takes no more: the denial is of that window, and settles nothing', async () => {
  await customerNamed('full');
  const most = Number.MAX_SAFE_INTEGER;
  const one = await reserved('full', 1);
  const id = await reserved('full', 2);
  await endWindow('full');
  await send(consume('full', 5));
  await send(settle('commit', one, 'full', 1));
  await tenant.owner.query(
    `update meter_window set used = $2 where tenant_id = $1 and customer_id = 'full'`,
    [tenant.caller.tenantId, most - 1],
  );
  expect(await send(settle('commit', id, 'full', 2))).toMatchObject({
    consumed: 0,
    decision: { allowed: false, code: 'LIMIT_EXCEEDED', used: most - 1, reserved: 0, limit: null },
  });
  expect(await send(settle('commit', id, 'full', 1))).toMatchObject({
    consumed: 1,
    decision: { allowed: true, code: 'DONE', used: most, limit: null },
  });
});

test('a window that runs and is full leaves a closed one its own room', async () => {
  await customerNamed('own room');
  const id = await reserved('own room', 4);
  await endWindow('own room');
  const most = Number.MAX_SAFE_INTEGER;
  await send({
    ...{ kind: 'record', customerId: 'own room', feature: 'calls', quantity: most, at: null },
    idempotencyKey: usageEventKey('meter', 'own room'),
  });
  expect(await send(settle('commit', id, 'own room', 3))).toMatchObject({
    consumed: 3,
    decision: { allowed: true, code: 'DONE', used: 3, reserved: 0, limit: null },
  });
  const rows = await tenantRows(tenant, `select used from meter where customer_id = 'own room'`);
  expect(rows).toEqual([{ used: most }]);
});

test('committed with nothing after its window the answer is of that window, too', async () => {
  await customerNamed('nothing');
  const id = await reserved('nothing', 4);
  await endWindow('nothing');
  await send(consume('nothing', 5));
  expect(await send(settle('commit', id, 'nothing', 0))).toMatchObject({
    consumed: 0,
    decision: { allowed: true, code: 'DONE', used: 0, reserved: 0, limit: null },
  });
  const rows = await tenantRows(tenant, `select used from meter_window where customer_id = 'nothing'`);
  expect(rows).toEqual([{ used: 0 }]);
});

test('of a feature that is no longer in the live release nothing is committed, after its window as in it', async () => {
  const [running, over] = ['running', 'over'];
  const ids = new Map<string, ReservationId>();
  for (const customerId of [running, over]) {
    await customerNamed(customerId);
    ids.set(customerId, await reserved(customerId, 4));
  }
  await endWindow(over);
  await send(consume(over, 1));
  const { calls: _, ...features } = TEST_CATALOG.features;
  const plans = { free: { ...TEST_CATALOG.plans.free, entitlements: { projects: 2 } } };
  await publish(tenant, { ...TEST_CATALOG, features, plans });
  try {
    for (const [customerId, id] of ids)
      expect(await send(settle('commit', id, customerId, 4))).toMatchObject({
        consumed: 0,
        decision: { allowed: false, code: 'UNKNOWN_FEATURE' },
      });
  } finally {
    await publish(tenant, TEST_CATALOG);
  }
});

test('two gateways reserve and settle against one limit: never beyond it', async () => {
  await customerNamed('two');
  const other = await openTestDatabase(tenant.url);
  try {
    const asked = Array.from({ length: 40 }, () => reserve('two', 1));
    const told = await Promise.all(
      asked.map((request, index) => spend(index % 2 ? other : tenant.db, tenant.caller, [request])),
    );
    const granted = told.flat().flatMap((one) => (one.ok && one.decision.allowed ? [one] : []));
    expect(granted).toHaveLength(10);
    const settled = await Promise.all(
      granted.map(({ decisionId }, index) =>
        spend(index % 2 ? tenant.db : other, tenant.caller, [
          settle('commit', reservationIdOf(decisionId), 'two', 1),
        ]),
      ),
    );
    expect(settled.flat().every((one) => one.ok && one.consumed === 1)).toBe(true);
    expect(await counter('two')).toEqual({ used: 10, reserved: 0, held: false });
  } finally {
    await other.close();
  }
});
