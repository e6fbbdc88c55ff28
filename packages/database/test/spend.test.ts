import { type Database, listEvents, type Result, type SpendRequest, type Verdict } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  openTestDatabase,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

function consume(
  customerId: string,
  quantity: number,
  idempotencyKey: string,
  feature = 'calls',
): SpendRequest {
  return { kind: 'consume', customerId, feature, quantity, idempotencyKey };
}

function granted(result: Result<Verdict> | undefined): Verdict {
  if (!result?.ok) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result;
}

async function one(request: SpendRequest, db: Database = tenant.db): Promise<Result<Verdict>> {
  const [result] = await spend(db, tenant.caller, [request]);
  return result!;
}

async function counter(customerId: string, feature: string): Promise<number> {
  const rows = await tenantRows<{ used: number }>(
    tenant,
    `select used from meter where customer_id = '${customerId}' and feature = '${feature}'`,
  );
  return rows[0]?.used ?? 0;
}

test('what fits is spent whole, what does not fit is not spent at all', async () => {
  await createTestCustomer(tenant, 'whole');
  await subscribeTo(tenant, 'whole', 'free');
  expect(granted(await one(consume('whole', 7, 'whole-1')))).toMatchObject({
    consumed: 7,
    decision: { allowed: true, used: 7, remaining: 3 },
  });
  expect(granted(await one(consume('whole', 4, 'whole-2')))).toMatchObject({
    consumed: 0,
    decision: { allowed: false, code: 'LIMIT_EXCEEDED', used: 7 },
  });
  expect(granted(await one(consume('whole', 3, 'whole-3')))).toMatchObject({
    consumed: 3,
    decision: { used: 10, remaining: 0 },
  });
  expect(await counter('whole', 'calls')).toBe(10);
});

test('the same key answers as the first time and spends once; for another request it is CONFLICT', async () => {
  await createTestCustomer(tenant, 'same');
  await subscribeTo(tenant, 'same', 'free');
  const first = granted(await one(consume('same', 2, 'same-key')));
  await one(consume('same', 1, 'same-other'));
  const again = granted(await one(consume('same', 2, 'same-key')));
  expect(again).toEqual({ ...first, replayed: true });
  expect(await one(consume('same', 3, 'same-key'))).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await counter('same', 'calls')).toBe(3);
});

test('what was granted once answers so again, also when it would not fit a second time', async () => {
  await createTestCustomer(tenant, 'full');
  await subscribeTo(tenant, 'full', 'free');
  const first = granted(await one(consume('full', 8, 'full-key')));
  expect(granted(await one(consume('full', 8, 'full-key')))).toEqual({ ...first, replayed: true });
  expect(await one(consume('full', 9, 'full-key'))).toMatchObject({ ok: false, code: 'CONFLICT' });
  expect(await counter('full', 'calls')).toBe(8);
});

test('a denied key is free: the next call with it is decided anew', async () => {
  await createTestCustomer(tenant, 'denied');
  expect(granted(await one(consume('denied', 1, 'denied-1'))).decision.code).toBe('NO_ACTIVE_PLAN');
  await subscribeTo(tenant, 'denied', 'free');
  expect(granted(await one(consume('denied', 1, 'denied-1')))).toMatchObject({
    consumed: 1,
    replayed: false,
  });
});

test('a list is decided in order, each for itself, and a key that comes twice in it is a replay', async () => {
  await createTestCustomer(tenant, 'list');
  await subscribeTo(tenant, 'list', 'free');
  const results = await spend(tenant.db, tenant.caller, [
    consume('list', 6, 'list-1'),
    consume('list', 6, 'list-2'),
    consume('list', 4, 'list-3'),
    consume('list', 6, 'list-1'),
    consume('nobody', 1, 'list-4'),
    consume('list', 1, 'list-5', 'teleport'),
    consume('list', 1, 'list-6', 'sso'),
    consume('list', 2, 'list-7', 'projects'),
    { kind: 'release', customerId: 'list', feature: 'projects', quantity: 5, idempotencyKey: 'list-8' },
  ]);
  expect(
    results.map((result) =>
      result.ok ? [result.decision.code, result.consumed, result.replayed] : result.code,
    ),
  ).toEqual([
    ['ENTITLED', 6, false],
    ['LIMIT_EXCEEDED', 0, false],
    ['ENTITLED', 4, false],
    ['ENTITLED', 6, true],
    ['UNKNOWN_CUSTOMER', 0, false],
    ['UNKNOWN_FEATURE', 0, false],
    'BAD_USER_INPUT',
    ['ENTITLED', 2, false],
    ['DONE', 0, false],
  ]);
  expect(await counter('list', 'calls')).toBe(10);
  expect(await counter('list', 'projects')).toBe(0);
});

test('200 spends at once through two connections pools never pass the limit, and counter and operations agree', async () => {
  await createTestCustomer(tenant, 'race');
  await subscribeTo(tenant, 'race', 'pro');
  const other = await openTestDatabase(tenant.url);
  try {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        one(consume('race', 1, `race-${String(index)}`), index % 2 === 0 ? tenant.db : other),
      ),
    );
    expect(results.filter((result) => granted(result).decision.allowed)).toHaveLength(100);
    expect(await counter('race', 'calls')).toBe(100);
    const rows = await tenantRows<{ units: string }>(
      tenant,
      `select sum(quantity)::int as units from operation where customer_id = 'race'`,
    );
    expect(rows).toEqual([{ units: 100 }]);
  } finally {
    await other.close();
  }
});

test('usage batches are in the log but not among the events that are listed', async () => {
  const events = await listEvents(tenant.db, tenant.caller.tenantId, {
    first: 100,
    after: null,
    types: null,
    customerId: null,
    only: null,
    since: null,
    until: null,
  });
  if (!events.ok) throw new Error(events.message);
  expect(events.page.items.map(({ node }) => node.type)).not.toContain('usage.recorded');
  const rows = await tenantRows<{ count: number }>(
    tenant,
    `select count(*)::int as count from event where type = 'usage.recorded'`,
  );
  expect(rows[0]?.count).toBeGreaterThan(0);
});
