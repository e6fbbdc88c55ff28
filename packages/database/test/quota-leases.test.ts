import {
  applyDueBatch,
  type Database,
  executeCommand,
  leaseIdOf,
  type Result,
  type SpendRequest,
  type Verdict,
} from '@licet/database';
import {
  addCredits,
  blocksOf,
  counterOf,
  createOwnTenant,
  createTestCustomer,
  createTestTenant,
  durationOf,
  letPass,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  PRESENT,
  spendOne,
  subscribeTo,
  TEST_CATALOG,
  tenantRows,
} from '@licet/database/testing';
import { type CustomerId, type LeaseId, parsePlanKey, type SubscriptionId } from '@licet/domain';
import { loadStates } from '../src/repositories/states.js';

let tenant: OwnTenant;
/** Another gateway's: it remembers nothing of what the first has lent. */
let elsewhere: Database;

/** Plan `free`: 10 calls a month, 3 projects. */
beforeAll(async () => {
  const { features, plans } = TEST_CATALOG;
  const { free } = plans;
  const overage = { limit: 10, enforce: 'soft', overage: '50%' };
  tenant = await createOwnTenant({
    ...TEST_CATALOG,
    features: {
      ...features,
      calls: { ...features.calls, notifyAt: ['50%'] },
      credits: { type: 'metered', prepaid: true },
      sms: { type: 'metered', window: 'P1M', anchor: 'subscription' },
    },
    plans: { ...plans, free: { ...free, entitlements: { ...free.entitlements, sms: overage } } },
    transitions: [
      { from: 'free', to: 'pro', usage: 'reset' },
      { from: 'pro', to: 'free', usage: 'carry' },
    ],
  });
  elsewhere = await openTestDatabase(tenant.url);
});

afterAll(async () => {
  await elsewhere.close();
  await tenant.close();
});

let keys = 0;
const nextKey = (): string => `key ${String((keys += 1))}`;

interface Named {
  readonly customerId: CustomerId;
  readonly subscriptionId: SubscriptionId;
}

async function customerNamed(id: string, plan = 'free'): Promise<Named> {
  const customerId = await createTestCustomer(tenant, id);
  return { customerId, subscriptionId: (await subscribeTo(tenant, id, plan)).id };
}

const send = (request: SpendRequest, view = tenant.db): Promise<Result<Verdict>> =>
  spendOne(view, tenant.caller, request);

function lend(
  customerId: string,
  quantity: number,
  feature = 'calls',
  ttl = 'PT1H',
  idempotencyKey = nextKey(),
): SpendRequest {
  return { kind: 'lend', customerId, feature, quantity, ttl: durationOf(ttl), idempotencyKey };
}

async function lent(...asked: Parameters<typeof lend>): Promise<LeaseId> {
  const told = await send(lend(...asked));
  if (!told.ok || !told.hold) throw new Error(`refused: ${JSON.stringify(told)}`);
  return leaseIdOf(told.decisionId);
}

function giveBack(id: LeaseId, customerId: string, spent: number, feature = 'calls'): SpendRequest {
  return { kind: 'return', customerId, feature, quantity: spent, idempotencyKey: id };
}

function consume(customerId: string, quantity: number, feature = 'calls'): SpendRequest {
  return { kind: 'consume', customerId, feature, quantity, idempotencyKey: nextKey() };
}

const counter = (customerId: string, feature?: string) => counterOf(tenant, customerId, feature);

async function own(sql: string, customerId: string): Promise<void> {
  await tenant.owner.query(sql, [tenant.caller.tenantId, customerId]);
}

const workOnce = () => applyDueBatch(tenant.db, tenant.caller.tenantId, 100);

async function told(customerId: CustomerId, type: string): Promise<unknown[]> {
  const events = await listedEvents(tenant, customerId);
  return events
    .filter((event) => event.type === type)
    .map(({ subjectId, at, data }) => ({ subjectId, at, ...data }));
}

test('a lease is filled as far as it goes, and counts against the limit until it is returned', async () => {
  const { customerId } = await customerNamed('fills');
  await send(consume('fills', 4));
  const asked = await send(lend('fills', 100));
  expect(asked).toMatchObject({
    ok: true,
    consumed: 0,
    hold: { quantity: 6 },
    decision: { allowed: true, code: 'ENTITLED', used: 4, reserved: 6, remaining: 0 },
  });
  expect(await counter('fills')).toEqual({ used: 4, reserved: 6, held: true });
  expect(await send(consume('fills', 1))).toMatchObject({ decision: { code: 'LIMIT_EXCEEDED' } });
  expect(await told(customerId, 'quota.leased')).toMatchObject([
    { feature: 'calls', quantity: 6, asked: 100, used: 4, reserved: 6 },
  ]);
});

test('where nothing is left nothing is lent, and the key is free for the next try', async () => {
  await customerNamed('nothing left');
  await send(consume('nothing left', 10));
  const request = lend('nothing left', 2);
  expect(await send(request)).toMatchObject({
    hold: null,
    decision: { allowed: false, code: 'LIMIT_EXCEEDED' },
  });
  await own(`update meter set used = 9 where tenant_id = $1 and customer_id = $2`, 'nothing left');
  expect(await send(request, elsewhere)).toMatchObject({ hold: { quantity: 1 }, replayed: false });
});

test('what overage allows is lent, too', async () => {
  await customerNamed('overage');
  expect(await send(lend('overage', 100, 'sms'))).toMatchObject({
    hold: { quantity: 15 },
    decision: { code: 'ENTITLED_OVERAGE', reserved: 15 },
  });
});

test('a return counts what was spent and frees the rest; the same again is the same answer, another CONFLICT', async () => {
  const { customerId } = await customerNamed('returns');
  const id = await lent('returns', 8);
  const first = await send(giveBack(id, 'returns', 3));
  expect(first).toMatchObject({
    consumed: 3,
    replayed: false,
    decision: { allowed: true, code: 'DONE', used: 3, reserved: 0, remaining: 7 },
  });
  expect(await counter('returns')).toEqual({ used: 3, reserved: 0, held: false });
  expect(await send(giveBack(id, 'returns', 3), elsewhere)).toEqual({ ...first, replayed: true });
  expect(await send(giveBack(id, 'returns', 4))).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'leaseId',
  });
  expect(await counter('returns')).toEqual({ used: 3, reserved: 0, held: false });
  expect(await told(customerId, 'quota.returned')).toMatchObject([
    { subjectId: id, quantity: 8, spent: 3, returned: 5, late: false, used: 3, reserved: 0 },
  ]);
});

test('a lease asked for twice under one key is one, and the same; with another ttl CONFLICT', async () => {
  await customerNamed('same key');
  const request = lend('same key', 20);
  const first = await send(request);
  expect(await send(request, elsewhere)).toEqual({ ...first, replayed: true });
  expect(await send(lend('same key', 20, 'calls', 'PT2H', request.idempotencyKey))).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await counter('same key')).toEqual({ used: 0, reserved: 10, held: true });
});

test('what nobody has returned is spent in full: the worker tells so, once, dated when it ended', async () => {
  const { customerId } = await customerNamed('expires');
  const id = await lent('expires', 4);
  await lent('expires', 2, 'calls', 'PT20H');
  await letPass(tenant, 'expires', 2);
  await workOnce();
  await workOnce();
  expect(await counter('expires')).toEqual({ used: 4, reserved: 2, held: true });
  const expired = await told(customerId, 'quota.expired');
  expect(expired).toMatchObject([{ subjectId: id, feature: 'calls', quantity: 4, used: 4, reserved: 2 }]);
  const [first] = await listedEvents(tenant, customerId).then((events) =>
    events.filter(({ type }) => type === 'quota.expired'),
  );
  expect(first?.at).toBeLessThan(Date.now() - 3_000_000);
});

test('a spend first writes down what has ended, without a worker; a check shows it before anybody has written it', async () => {
  const { customerId } = await customerNamed('no worker');
  await lent('no worker', 7);
  await letPass(tenant, 'no worker', 2);
  const { states } = await loadStates(elsewhere, tenant.caller.tenantId, [customerId]);
  const state = states.get(customerId);
  expect(state?.kind === 'KNOWN' && [...state.account.meters.values()]).toMatchObject([
    { used: 7, reserved: 0 },
  ]);
  expect(await send(consume('no worker', 4))).toMatchObject({ decision: { code: 'LIMIT_EXCEEDED' } });
  expect(await send(consume('no worker', 3))).toMatchObject({ decision: { used: 10, reserved: 0 } });
});

test('a return after its end gives back what was not spent, up to a day later', async () => {
  const { customerId } = await customerNamed('late');
  const id = await lent('late', 6);
  await letPass(tenant, 'late', 24);
  // Written down by nobody yet.
  expect(await send(giveBack(id, 'late', 2), elsewhere)).toMatchObject({
    consumed: 0,
    decision: { code: 'DONE', used: 2, reserved: 0, remaining: 8 },
  });
  expect(await counter('late')).toEqual({ used: 2, reserved: 0, held: false });
  expect(await told(customerId, 'quota.returned')).toMatchObject([
    { subjectId: id, spent: 2, returned: 4, late: true, used: 2 },
  ]);
  expect(await send(giveBack(id, 'late', 2))).toMatchObject({ replayed: true, decision: { used: 2 } });
});

test('one that the gateway remembers as open, and a worker has spent, is corrected all the same', async () => {
  await customerNamed('remembered');
  const id = await lent('remembered', 6);
  await letPass(tenant, 'remembered', 2);
  await workOnce();
  await own(
    `update reservation set expires_at = expires_at + interval '2 hours' where tenant_id = $1 and customer_id = $2`,
    'remembered',
  );
  expect(await send(giveBack(id, 'remembered', 5))).toMatchObject({ consumed: 0, decision: { used: 5 } });
  expect(await counter('remembered')).toEqual({ used: 5, reserved: 0, held: false });
});

test('more than a day after its end it stays spent', async () => {
  await customerNamed('too late');
  const id = await lent('too late', 6);
  await letPass(tenant, 'too late', 2);
  await workOnce();
  await letPass(tenant, 'too late', 23);
  expect(await send(giveBack(id, 'too late', 0))).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'leaseId',
  });
  expect(await counter('too late')).toEqual({ used: 6, reserved: 0, held: false });
});

test('a lease ends with its window, counts in it, and is not corrected when it is closed', async () => {
  const { customerId } = await customerNamed('window');
  const made = await send(lend('window', 6, 'calls', 'P1Y'));
  if (!made.ok) throw new Error('it fits');
  const id = leaseIdOf(made.decisionId);
  expect(
    await tenantRows(
      tenant,
      `select (date_part('epoch', window_end) * 1000)::float8 as ends from meter where customer_id = 'window'`,
    ),
  ).toEqual([{ ends: made.hold?.expiresAt }]);
  for (const table of ['meter', 'reservation'])
    await own(
      `update ${table} set window_start = window_start - interval '1 month' where tenant_id = $1 and customer_id = $2`,
      'window',
    );
  await own(
    `update meter set window_end = ${PRESENT}, held_until = ${PRESENT} where tenant_id = $1 and customer_id = $2`,
    'window',
  );
  await own(
    `update reservation set reserved_at = reserved_at - interval '1 hour', expires_at = ${PRESENT} where tenant_id = $1 and customer_id = $2`,
    'window',
  );
  expect(await send(consume('window', 10))).toMatchObject({
    decision: { allowed: true, used: 10, reserved: 0 },
  });
  expect(await tenantRows(tenant, `select used::int from meter_window where customer_id = 'window'`)).toEqual(
    [{ used: 6 }],
  );
  expect(await told(customerId, 'quota.expired')).toMatchObject([
    { quantity: 6, used: null, reserved: null },
  ]);
  expect(await send(giveBack(id, 'window', 0))).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'leaseId',
  });
});

test('usage that is reset begins a window: what was lent in the one before is spent in that', async () => {
  const { customerId, subscriptionId } = await customerNamed('reset');
  const id = await lent('reset', 6);
  const plan = parsePlanKey('pro');
  if (plan === null) throw new Error('a plan');
  const changed = await executeCommand(tenant.db, tenant.caller, {
    command: {
      ...{ kind: 'changePlan', subscriptionId, plan, timing: 'NOW', at: null },
      ...{ from: null, quantities: null, addOns: null },
    },
    customerId,
    reason: null,
    idempotencyKey: nextKey(),
  });
  expect(changed).toMatchObject({ ok: true });
  expect(await counter('reset')).toEqual({ used: 0, reserved: 0, held: false });
  expect(await tenantRows(tenant, `select used::int from meter_window where customer_id = 'reset'`)).toEqual([
    { used: 6 },
  ]);
  expect(await send(giveBack(id, 'reset', 1))).toMatchObject({ ok: false, code: 'CONFLICT' });
  await letPass(tenant, 'reset', 2);
  await workOnce();
  expect(await counter('reset')).toEqual({ used: 0, reserved: 0, held: false });
});

test('of a level, which has no window, units come back a day later, never below 0', async () => {
  await customerNamed('level');
  const id = await lent('level', 5, 'projects', 'P30D');
  expect(await counter('level', 'projects')).toEqual({ used: 0, reserved: 3, held: true });
  await letPass(tenant, 'level', 30 * 24 + 1);
  await workOnce();
  expect(await counter('level', 'projects')).toEqual({ used: 3, reserved: 0, held: false });
  await send({
    kind: 'release',
    customerId: 'level',
    feature: 'projects',
    quantity: 2,
    idempotencyKey: nextKey(),
  });
  await send(giveBack(id, 'level', 0, 'projects'));
  expect(await counter('level', 'projects')).toEqual({ used: 0, reserved: 0, held: false });
});

test('a lease that ends crosses thresholds, each once in its window', async () => {
  const { customerId } = await customerNamed('notified');
  await lent('notified', 6);
  await lent('notified', 2, 'calls', 'PT3H');
  await letPass(tenant, 'notified', 2);
  await workOnce();
  const once = [{ threshold: '50%', used: 6, limit: 10 }];
  expect(await told(customerId, 'usage.threshold_reached')).toMatchObject(once);
  await letPass(tenant, 'notified', 2);
  await workOnce();
  const second = await customerNamed('notified before');
  await send(consume('notified before', 5));
  await lent('notified before', 2);
  await own(`update meter set used = 4 where tenant_id = $1 and customer_id = $2`, 'notified before');
  await letPass(tenant, 'notified before', 2);
  await workOnce();
  expect(await counter('notified before')).toMatchObject({ used: 6 });
  expect(await told(customerId, 'usage.threshold_reached')).toMatchObject(once);
  expect(await told(second.customerId, 'usage.threshold_reached')).toMatchObject([{ used: 5 }]);
});

test('a lowered limit does not recall it, and what was spent of it counts', async () => {
  await customerNamed('lowered');
  const id = await lent('lowered', 9);
  await own(`update meter set lim = 2 where tenant_id = $1 and customer_id = $2`, 'lowered');
  expect(await send(giveBack(id, 'lowered', 9))).toMatchObject({ consumed: 9, decision: { code: 'DONE' } });
  expect(await counter('lowered')).toEqual({ used: 9, reserved: 0, held: false });
});

test.each(['sso', 'support'])('a feature that is not counted cannot be leased: %s', async (feature) => {
  await createTestCustomer(tenant, 'uncounted');
  expect(await send(lend('uncounted', 1, feature))).toMatchObject({
    ok: false,
    code: 'BAD_USER_INPUT',
    field: 'feature',
  });
});

test('a return of what nobody has leased is NOT_FOUND', async () => {
  await customerNamed('nobody');
  expect(await send(giveBack(leaseIdOf('dec_1'), 'nobody', 1))).toMatchObject({
    ok: false,
    code: 'NOT_FOUND',
    field: 'leaseId',
  });
});

test('a lease of prepaid units holds their blocks, is spent from them at its end, and gives them back', async () => {
  const { customerId } = await customerNamed('prepaid');
  await addCredits(tenant, customerId, 5);
  await addCredits(tenant, customerId, 10);
  const id = await lent('prepaid', 100, 'credits');
  expect(await blocksOf(tenant, 'prepaid')).toEqual(['5/5', '10/10']);
  await letPass(tenant, 'prepaid', 2);
  await workOnce();
  expect(await blocksOf(tenant, 'prepaid')).toEqual(['0/0', '0/0']);
  expect(await send(giveBack(id, 'prepaid', 7, 'credits'))).toMatchObject({
    decision: { used: 7, limit: 15, remaining: 8 },
  });
  expect(await blocksOf(tenant, 'prepaid')).toEqual(['0/0', '8/0']);
  expect(await send(consume('prepaid', 9, 'credits'))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED' },
  });
  expect(await send(consume('prepaid', 8, 'credits'), elsewhere)).toMatchObject({ consumed: 8 });
});

test('what comes back of a block that has ended is lost', async () => {
  const { customerId } = await customerNamed('voided');
  const block = await addCredits(tenant, customerId, 10);
  const id = await lent('voided', 6, 'credits');
  await addCredits(tenant, customerId, 5);
  await letPass(tenant, 'voided', 2);
  await workOnce();
  await own(
    `update credit_block set expires_at = ${PRESENT} where tenant_id = $1 and customer_id = $2 and id = '${block}'`,
    'voided',
  );
  await own(`update customer set next_due_at = ${PRESENT} where tenant_id = $1 and id = $2`, 'voided');
  await workOnce();
  expect(await send(giveBack(id, 'voided', 2, 'credits'), elsewhere)).toMatchObject({
    decision: { code: 'DONE', used: 2 },
  });
  expect(await send(consume('voided', 6, 'credits'))).toMatchObject({
    decision: { code: 'LIMIT_EXCEEDED', limit: 7 },
  });
  expect(await send(consume('voided', 5, 'credits'))).toMatchObject({ decision: { used: 7, remaining: 0 } });
});

test('rows of leases that nobody has returned are found by no other tenant', async () => {
  const other = await createTestTenant(tenant.url);
  expect(await tenantRows(other, 'select 1 from reservation')).toEqual([]);
  await other.close();
});
