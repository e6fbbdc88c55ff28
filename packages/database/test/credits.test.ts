import { applyDueBatch, executeCreditCommand, type SpendRequest, type Verdict } from '@licet/database';
import {
  addCredits,
  blocksOf,
  createOwnTenant,
  createTestCustomer,
  durationOf,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  PRESENT,
  spendOne,
  subscribeTo,
  TEST_CATALOG,
  tenantRows,
} from '@licet/database/testing';
import {
  type CreditBlockId,
  instant,
  type Instant,
  parseCreditBlockId,
  type ReservationId,
} from '@licet/domain';
import { reservationIdOf } from '../src/spending/reservations.js';

let tenant: OwnTenant;

beforeAll(async () => {
  const { plans } = TEST_CATALOG;
  tenant = await createOwnTenant({
    ...TEST_CATALOG,
    features: { ...TEST_CATALOG.features, credits: { type: 'metered', prepaid: true } },
    plans: {
      ...plans,
      pack: {
        model: 'subscription',
        period: 'P1M',
        entitlements: {
          credits: { blocks: [{ quantity: 100, expiresAfter: 'P2M', given: 'everyPeriod' }] },
        },
      },
    },
  });
});

afterAll(() => tenant.close());

let keys = 0;
const nextKey = (): string => `key ${String((keys += 1))}`;

async function send(request: SpendRequest, view = tenant.db): Promise<Verdict> {
  const result = await spendOne(view, tenant.caller, request);
  if (!result.ok) throw new Error(JSON.stringify(result));
  return result;
}

function consume(customerId: string, quantity: number): SpendRequest {
  return { kind: 'consume', customerId, feature: 'credits', quantity, idempotencyKey: nextKey() };
}

function reserve(customerId: string, quantity: number): SpendRequest {
  const ttl = durationOf('PT1H');
  return { kind: 'reserve', customerId, feature: 'credits', quantity, ttl, idempotencyKey: nextKey() };
}

function settle(
  kind: 'commit' | 'free',
  id: ReservationId,
  customerId: string,
  quantity: number,
): SpendRequest {
  return { kind, customerId, feature: 'credits', quantity, idempotencyKey: id };
}

async function counter(customerId: string): Promise<unknown> {
  const [row] = await tenantRows(
    tenant,
    `select used::int, reserved::int, lim::int, overdrawn::int from meter where customer_id = '${customerId}'`,
  );
  return row;
}

/** As if its time were over. */
async function expire(id: CreditBlockId, customerId: string): Promise<void> {
  await tenant.owner.query(`update credit_block set expires_at = ${PRESENT} where id = $1`, [id]);
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = ${PRESENT} where id = $1`,
    [customerId],
  );
  await tenant.owner.query(
    `update meter set state_version = state_version + 1, valid_until = ${PRESENT} where customer_id = $1`,
    [customerId],
  );
}

test('one spend takes from several blocks, in their order, and not one unit more than there are', async () => {
  const id = await createTestCustomer(tenant, 'several');
  await addCredits(tenant, id, 10, { priority: 1 });
  await addCredits(tenant, id, 5);
  expect(await send(consume('several', 8))).toMatchObject({
    consumed: 8,
    decision: { code: 'ENTITLED', used: 8, limit: 15, remaining: 7 },
  });
  expect(await blocksOf(tenant, 'several')).toEqual(['7/0', '0/0']);
  expect(await send(consume('several', 8))).toMatchObject({ decision: { code: 'LIMIT_EXCEEDED' } });
  await send(consume('several', 7));
  expect(await blocksOf(tenant, 'several')).toEqual(['0/0', '0/0']);
  expect(await counter('several')).toEqual({ used: 15, reserved: 0, lim: 15, overdrawn: 0 });
});

test('a block that is added counts at once, for those who spent before as well', async () => {
  const id = await createTestCustomer(tenant, 'added');
  await addCredits(tenant, id, 1);
  await send(consume('added', 1));
  expect(await send(consume('added', 1))).toMatchObject({ decision: { allowed: false } });
  await addCredits(tenant, id, 2);
  expect(await send(consume('added', 2))).toMatchObject({ decision: { allowed: true, used: 3, limit: 3 } });
});

test('a reservation holds its blocks: committed, the first held are spent; freed, they are there again', async () => {
  const id = await createTestCustomer(tenant, 'holds');
  await addCredits(tenant, id, 5);
  await addCredits(tenant, id, 5, { priority: 1 });
  const first = await send(reserve('holds', 7));
  expect(await blocksOf(tenant, 'holds')).toEqual(['5/5', '5/2']);
  expect(await send(consume('holds', 4))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED', reserved: 7 },
  });
  await send(settle('commit', reservationIdOf(first.decisionId), 'holds', 6));
  expect(await blocksOf(tenant, 'holds')).toEqual(['0/0', '4/0']);
  const second = await send(reserve('holds', 4));
  await send(settle('free', reservationIdOf(second.decisionId), 'holds', 0));
  expect(await blocksOf(tenant, 'holds')).toEqual(['0/0', '4/0']);
  expect(await counter('holds')).toEqual({ used: 6, reserved: 0, lim: 10, overdrawn: 0 });
});

test('a block expires: the worker tells what was left; what is held of it goes on, and given back it is lost', async () => {
  const id = await createTestCustomer(tenant, 'expires');
  const soon = await addCredits(tenant, id, 10, { expiresAt: instant(Date.now() + 3_600_000) });
  await addCredits(tenant, id, 10, { priority: 1 });
  const held = await send(reserve('expires', 4));
  await expire(soon, 'expires');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  expect(await blocksOf(tenant, 'expires')).toEqual(['4/4', '10/0']);
  expect(await counter('expires')).toMatchObject({ reserved: 4, lim: 14 });
  const told = (await listedEvents(tenant, id)).filter(({ type }) => type === 'credits.expired');
  expect(told).toMatchObject([
    { subjectId: soon, data: { lost: 6, after: { remaining: 4, status: 'EXPIRED' } } },
  ]);
  const freed = await send(settle('commit', reservationIdOf(held.decisionId), 'expires', 1));
  expect(freed).toMatchObject({ consumed: 1, decision: { used: 1, reserved: 0 } });
  expect(await blocksOf(tenant, 'expires')).toEqual(['0/0', '10/0']);
  expect(await counter('expires')).toMatchObject({ used: 1, reserved: 0, lim: 11 });
  expect(await send(consume('expires', 11))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED', limit: 11 },
  });
  expect(await send(consume('expires', 10))).toMatchObject({ decision: { allowed: true } });
});

test('a spend finds what has expired, without a worker', async () => {
  const id = await createTestCustomer(tenant, 'no worker');
  const soon = await addCredits(tenant, id, 10, { expiresAt: instant(Date.now() + 3_600_000) });
  await addCredits(tenant, id, 3, { priority: 1 });
  await send(consume('no worker', 1));
  await expire(soon, 'no worker');
  expect(await send(consume('no worker', 4))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED', limit: 4 },
  });
  expect(await send(consume('no worker', 3))).toMatchObject({ decision: { allowed: true } });
});

test('what is recorded beyond all blocks is taken from the next one', async () => {
  const id = await createTestCustomer(tenant, 'overdrawn');
  await addCredits(tenant, id, 2);
  const recorded = {
    kind: 'record',
    customerId: 'overdrawn',
    feature: 'credits',
    quantity: 5,
    at: null,
  } as const;
  await send({ ...recorded, idempotencyKey: nextKey() });
  expect(await counter('overdrawn')).toEqual({ used: 5, reserved: 0, lim: 2, overdrawn: 3 });
  await addCredits(tenant, id, 10);
  expect(await blocksOf(tenant, 'overdrawn')).toEqual(['0/0', '7/0']);
  expect(await counter('overdrawn')).toEqual({ used: 5, reserved: 0, lim: 12, overdrawn: 0 });
  expect(await send(consume('overdrawn', 8))).toMatchObject({ decision: { code: 'LIMIT_EXCEEDED' } });
});

test('what was voided is gone, but for what is held; a second time changes nothing', async () => {
  const id = await createTestCustomer(tenant, 'voided');
  const blockId = await addCredits(tenant, id, 10);
  await send(reserve('voided', 4));
  const request = { command: { kind: 'voidCredits', blockId }, reason: 'a refund' } as const;
  const first = await executeCreditCommand(tenant.db, tenant.caller, request);
  expect(first).toMatchObject({ ok: true, owned: { block: { remaining: 4, held: 4, status: 'VOIDED' } } });
  expect(await executeCreditCommand(tenant.db, tenant.caller, request)).toMatchObject({ ok: true });
  const told = (await listedEvents(tenant, id)).filter(({ type }) => type === 'credits.voided');
  expect(told).toMatchObject([{ reason: 'a refund', data: { lost: 6 } }]);
});

/** As if the period of customer `id` ended now; returns that instant. */
async function endPeriod(id: string): Promise<Instant> {
  const { rows } = await tenant.owner.query<{ period_end: Date }>(
    `update subscription set period_start = period_start - interval '1 month', period_anchor = period_anchor - interval '1 month',
       period_end = ${PRESENT}, credits_given = (select jsonb_object_agg(k, v::bigint - 2678400000) from jsonb_each_text(credits_given) g(k, v))
     where customer_id = $1 returning period_end`,
    [id],
  );
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = ${PRESENT} where id = $1`,
    [id],
  );
  await tenant.owner.query('update meter set state_version = state_version + 1 where customer_id = $1', [id]);
  return instant(rows[0]?.period_end.getTime() ?? 0);
}

test('what time has given is voided also before anybody has written it down', async () => {
  const id = await createTestCustomer(tenant, 'unwritten');
  const subscription = await subscribeTo(tenant, 'unwritten', 'pack');
  const at = await endPeriod('unwritten');
  const blockOf = (number: number): CreditBlockId =>
    parseCreditBlockId(`blk_${subscription.id.slice(4)}${at.toString(36)}${String(number)}`)!;
  const voiding = (blockId: CreditBlockId) =>
    executeCreditCommand(tenant.db, tenant.caller, {
      command: { kind: 'voidCredits', blockId },
      reason: 'a refund',
    });
  expect(await voiding(blockOf(1))).toMatchObject({ ok: false, code: 'NOT_FOUND', field: 'blockId' });
  expect(await blocksOf(tenant, 'unwritten')).toEqual(['100/0']);
  expect(await voiding(blockOf(0))).toMatchObject({ ok: true, owned: { block: { status: 'VOIDED' } } });
  expect(await blocksOf(tenant, 'unwritten')).toEqual(['100/0', '0/0']);
  const told = (await listedEvents(tenant, id)).map(({ type }) => type);
  expect(told.slice(-2)).toEqual(['credits.added', 'credits.voided']);
});

test('a plan gives a block with each period', async () => {
  const id = await createTestCustomer(tenant, 'pack');
  await subscribeTo(tenant, 'pack', 'pack');
  expect(await blocksOf(tenant, 'pack')).toEqual(['100/0']);
  expect(await send(consume('pack', 30))).toMatchObject({ decision: { allowed: true, limit: 100 } });
  await endPeriod('pack');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 100);
  expect(await blocksOf(tenant, 'pack')).toEqual(['70/0', '100/0']);
  const types = (await listedEvents(tenant, id)).map(({ type }) => type);
  expect(types.filter((type) => type === 'credits.added')).toHaveLength(2);
});

test('two gateways spend to zero together: no unit twice, none left behind', async () => {
  const id = await createTestCustomer(tenant, 'zero');
  for (let block = 0; block < 5; block += 1) await addCredits(tenant, id, 7, { priority: block });
  const other = await openTestDatabase(tenant.url);
  try {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => send(consume('zero', 1), index % 2 ? other : tenant.db)),
    );
    expect(answers.filter(({ decision }) => decision.allowed)).toHaveLength(35);
    expect(await blocksOf(tenant, 'zero')).toEqual(['0/0', '0/0', '0/0', '0/0', '0/0']);
    expect(await counter('zero')).toEqual({ used: 35, reserved: 0, lim: 35, overdrawn: 0 });
  } finally {
    await other.close();
  }
});
