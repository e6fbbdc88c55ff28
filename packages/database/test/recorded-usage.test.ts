import { type Result, type SpendRequest, usageEventKey, type Verdict } from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  durationOf,
  listedEvents,
  openTestDatabase,
  spend,
  subscribeTo,
  TEST_CATALOG,
  type TestDatabase,
  type TestTenant,
  tenantRows,
} from '@licet/database/testing';
import { instant, type Instant } from '@licet/domain';
import { reservationIdOf } from '../src/spending/reservations.js';

const DAY = 86_400_000;
const { calls } = TEST_CATALOG.features;
let database: TestDatabase;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url, {
    ...TEST_CATALOG,
    features: {
      ...TEST_CATALOG.features,
      calls: { ...calls, window: 'P1D', anchor: 'calendar', notifyAt: ['100%'] },
    },
  });
});

afterAll(async () => {
  await tenant.close();
  await database.drop();
});

interface Told {
  readonly quantity?: number;
  readonly at?: Instant | null;
  readonly feature?: string;
  readonly id?: string;
}

let ids = 0;

function used(
  customerId: string,
  { quantity = 1, at = null, feature = 'calls', id }: Told = {},
): SpendRequest {
  const idempotencyKey = usageEventKey('meter', id ?? `event ${String((ids += 1))}`);
  return { kind: 'record', customerId, feature, quantity, idempotencyKey, at };
}

function consume(customerId: string, quantity: number): Extract<SpendRequest, { kind: 'consume' }> {
  return {
    kind: 'consume',
    customerId,
    feature: 'calls',
    quantity,
    idempotencyKey: `key ${String((ids += 1))}`,
  };
}

function send(...requests: SpendRequest[]): Promise<Result<Verdict>[]> {
  return spend(tenant.db, tenant.caller, requests);
}

/** The instant so many days ago. */
async function ago(days: number): Promise<Instant> {
  const [row] = await tenantRows<{ now: Date }>(tenant, 'select clock_timestamp() as now');
  if (!row) throw new Error('a clock');
  return instant(row.now.getTime() - days * DAY);
}

async function counter(customer: string): Promise<unknown> {
  const rows = await tenantRows<{ used: number }>(
    tenant,
    `select used from meter where customer_id = '${customer}'`,
  );
  return rows.map((row) => row.used);
}

async function closed(customer: string): Promise<unknown> {
  return tenantRows(
    tenant,
    `select used, extract(epoch from window_end - window_start)::int / 3600 as hours from meter_window
     where customer_id = '${customer}' order by window_start`,
  );
}

test('what was used already counts, however much, and leaves nothing to spend', async () => {
  const customer = await createTestCustomer(tenant, 'over');
  await subscribeTo(tenant, 'over', 'free');
  const results = await send(used('over', { quantity: 12 }), consume('over', 1));
  expect(results).toMatchObject([
    { ok: true, consumed: 12, decision: { allowed: true, code: 'DONE', used: 12 } },
    { ok: true, consumed: 0, decision: { allowed: false, code: 'LIMIT_EXCEEDED', used: 12 } },
  ]);
  expect(await counter('over')).toEqual([12]);
  const types = (await listedEvents(tenant, customer)).map(({ type }) => type);
  expect(types).toContain('usage.threshold_reached');
});

test('a grant and a record in one batch: the grant is held to the limit, the record is not', async () => {
  await createTestCustomer(tenant, 'both');
  await subscribeTo(tenant, 'both', 'free');
  await send(consume('both', 1));
  expect(await send(consume('both', 9), used('both', { quantity: 5 }))).toMatchObject([
    { consumed: 9 },
    { consumed: 5 },
  ]);
  expect(await counter('both')).toEqual([15]);
});

test('without a plan it counts as well, and a level rises', async () => {
  await createTestCustomer(tenant, 'bare');
  expect(
    await send(
      used('bare', { quantity: 2 }),
      used('bare', { feature: 'projects', quantity: 3, at: await ago(3) }),
    ),
  ).toMatchObject([{ consumed: 2 }, { consumed: 3 }]);
  expect(
    await tenantRows(tenant, `select feature, used from meter where customer_id = 'bare' order by feature`),
  ).toEqual([
    { feature: 'calls', used: 2 },
    { feature: 'projects', used: 3 },
  ]);
});

test('late usage counts in the window that it was used in, out of order as well', async () => {
  const customer = await createTestCustomer(tenant, 'late');
  await subscribeTo(tenant, 'late', 'free');
  await send(used('late', { quantity: 1 }));
  const [twoDays, threeDays] = [await ago(2), await ago(3)];
  await send(used('late', { quantity: 4, at: twoDays }), used('late', { quantity: 2, at: threeDays }));
  await send(used('late', { quantity: 3, at: twoDays }), used('late', { quantity: 20, at: twoDays }));
  expect(await counter('late')).toEqual([1]);
  expect(await closed('late')).toEqual([
    { used: 2, hours: 24 },
    { used: 27, hours: 24 },
  ]);
  const events = await listedEvents(tenant, customer);
  expect(
    events.flatMap(({ type, data }) => (type === 'usage.corrected' ? [[data['used'], data['added']]] : [])),
  ).toEqual([
    [4, 4],
    [2, 2],
    [27, 23],
  ]);
  expect(events.some(({ type }) => type === 'usage.threshold_reached')).toBe(false);
});

test('the same event counts once, told again or at once by two gateways; with other contents it is CONFLICT', async () => {
  await createTestCustomer(tenant, 'again');
  await subscribeTo(tenant, 'again', 'free');
  const other = await openTestDatabase(database.url);
  const at = await ago(1.5);
  const events = [used('again', { id: 'now' }), used('again', { id: 'then', at })];
  try {
    await Promise.all([spend(tenant.db, tenant.caller, events), spend(other, tenant.caller, events)]);
  } finally {
    await other.close();
  }
  expect(await send(...events)).toMatchObject([{ replayed: true }, { replayed: true }]);
  expect(await send(used('again', { id: 'now', quantity: 2 }), used('again', { id: 'then' }))).toMatchObject([
    { ok: false, code: 'CONFLICT' },
    { ok: false, code: 'CONFLICT' },
  ]);
  expect(await counter('again')).toEqual([1]);
  expect(await closed('again')).toMatchObject([{ used: 1 }]);
});

test('an event that comes twice in one list with another time counts once, when it was first said to be used', async () => {
  await createTestCustomer(tenant, 'twice');
  await subscribeTo(tenant, 'twice', 'free');
  const at = await ago(2);
  expect(
    await send(used('twice', { id: 'now first' }), used('twice', { id: 'now first', at })),
  ).toMatchObject([
    { ok: true, consumed: 1 },
    { ok: false, code: 'CONFLICT' },
  ]);
  expect(
    await send(used('twice', { id: 'late first', at }), used('twice', { id: 'late first' })),
  ).toMatchObject([
    { ok: true, consumed: 1 },
    { ok: false, code: 'CONFLICT' },
  ]);
  expect(await counter('twice')).toEqual([1]);
  expect(await closed('twice')).toMatchObject([{ used: 1 }]);
});

test('a key of another operation is never that of an event', async () => {
  await createTestCustomer(tenant, 'names');
  await subscribeTo(tenant, 'names', 'free');
  const event = used('names', { id: 'one' });
  await send(event);
  const idempotencyKey = String(event.idempotencyKey);
  expect(await send({ ...consume('names', 1), idempotencyKey })).toMatchObject([
    { ok: true, replayed: false },
  ]);
});

test.each<[string, () => Promise<Told>, string]>([
  ['more than 5 minutes ahead', async () => ({ at: instant((await ago(0)) + 301_000) }), 'at'],
  ['more than 35 days ago', async () => ({ at: await ago(35.001) }), 'at'],
  ['of a feature that there is not', () => Promise.resolve({ feature: 'cals' }), 'feature'],
  ['of a feature that is not counted', () => Promise.resolve({ feature: 'sso' }), 'feature'],
])('usage %s is refused, and nothing is written', async (_when, told, field) => {
  await createTestCustomer(tenant, 'refused');
  expect(await send(used('refused', await told()))).toMatchObject([
    { ok: false, code: 'BAD_USER_INPUT', field },
  ]);
  expect(await counter('refused')).toEqual([]);
});

test('a little ahead counts now, and an unknown customer has used nothing', async () => {
  await createTestCustomer(tenant, 'ahead');
  expect(await send(used('ahead', { at: instant((await ago(0)) + 240_000) }), used('nobody'))).toMatchObject([
    { consumed: 1 },
    { consumed: 0, decision: { code: 'UNKNOWN_CUSTOMER' } },
  ]);
});

test('no window counts beyond what a number holds', async () => {
  await createTestCustomer(tenant, 'much');
  const at = await ago(2);
  const most = Number.MAX_SAFE_INTEGER;
  expect(
    await send(
      used('much'),
      used('much', { quantity: most }),
      used('much', { quantity: most - 1, at }),
      used('much', { quantity: 2, at }),
    ),
  ).toMatchObject([{ consumed: 1 }, { consumed: 0 }, { consumed: most - 1 }, { consumed: 0 }]);
  expect(await counter('much')).toEqual([1]);
  expect(await closed('much')).toMatchObject([{ used: most - 1 }]);
});

test('each window has its own room: a full one that runs leaves late usage that of its own', async () => {
  await createTestCustomer(tenant, 'own room');
  const at = await ago(2);
  const most = Number.MAX_SAFE_INTEGER;
  await send(used('own room', { quantity: most }));
  expect(
    await send(
      used('own room', { quantity: 3, at }),
      used('own room', { quantity: most - 4, at }),
      used('own room', { quantity: 2, at }),
      used('own room', { at: await ago(3) }),
    ),
  ).toMatchObject([
    { consumed: 3, decision: { code: 'DONE', used: 3 } },
    { consumed: most - 4, decision: { code: 'DONE', used: most - 1 } },
    { consumed: 0, decision: { allowed: false, code: 'LIMIT_EXCEEDED', used: most - 1 } },
    { consumed: 1, decision: { code: 'DONE', used: 1 } },
  ]);
  expect(await counter('own room')).toEqual([most]);
  expect(await closed('own room')).toMatchObject([{ used: 1 }, { used: most - 1 }]);
});

test('what is reserved keeps its room: a record leaves it, and the commit finds it', async () => {
  await createTestCustomer(tenant, 'held');
  await subscribeTo(tenant, 'held', 'free');
  const idempotencyKey = 'held';
  const ttl = durationOf('PT1H');
  const reserve: SpendRequest = {
    ...{ kind: 'reserve', customerId: 'held', feature: 'calls', quantity: 4, ttl, idempotencyKey },
  };
  const [made] = await send(reserve);
  if (!made?.ok) throw new Error('it fits');
  const most = Number.MAX_SAFE_INTEGER;
  expect(
    await send(used('held', { quantity: most - 3 }), used('held', { quantity: most - 4 })),
  ).toMatchObject([{ consumed: 0, decision: { code: 'LIMIT_EXCEEDED' } }, { consumed: most - 4 }]);
  const commit: SpendRequest = {
    ...{ kind: 'commit', customerId: 'held', feature: 'calls', quantity: 4 },
    idempotencyKey: reservationIdOf(made.decisionId),
  };
  expect(await send(commit)).toMatchObject([{ consumed: 4, decision: { code: 'DONE', used: most } }]);
});

test('a usage record says when it was used', async () => {
  await createTestCustomer(tenant, 'when');
  const at = await ago(4);
  await send(used('when', { at }), used('when'));
  const rows = await tenantRows<{ used_at: Date | null }>(
    tenant,
    `select used_at from operation where customer_id = 'when' order by used_at nulls last`,
  );
  expect(rows.map((row) => row.used_at?.getTime() ?? null)).toEqual([at, null]);
});
