import { applyDueBatch, dueTenants, findSubscriptions, subscriptionsOf } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  openTestDatabase,
  type OwnTenant,
  PRESENT,
  spend,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

/**
 * Moves a customer's trial, as it was given today, so far into the past that it ended a minute ago. It raises the
 * customer's version as any change does, or nobody would look.
 */
async function endTrial(customer: string): Promise<void> {
  await tenant.owner.query(
    `update subscription set started_at = started_at - interval '14 days 1 minute', period_anchor = period_anchor - interval '14 days 1 minute',
    period_start = period_start - interval '14 days 1 minute', period_end = period_end - interval '14 days 1 minute',
    trial_ends_at = trial_ends_at - interval '14 days 1 minute' where customer_id = $1`,
    [customer],
  );
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = (select trial_ends_at from subscription where customer_id = $1)
     where id = $1`,
    [customer],
  );
  await tenant.owner.query(`update meter set state_version = state_version + 1 where customer_id = $1`, [
    customer,
  ]);
}

test('a customer is due when its trial is over, and only then', async () => {
  await createTestCustomer(tenant, 'later');
  await subscribeTo(tenant, 'later', 'pro', { trial: true });
  expect(await dueTenants(tenant.db, 10)).toEqual([]);
  await endTrial('later');
  expect(await dueTenants(tenant.db, 10)).toEqual([tenant.caller.tenantId]);
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(await dueTenants(tenant.db, 10)).toEqual([]);
});

test('a subscription is shown as time has made it, before anybody has written that down', async () => {
  const { db, caller } = tenant;
  const customerId = await createTestCustomer(tenant, 'unwritten');
  const { id } = await subscribeTo(tenant, 'unwritten', 'pro', { trial: true });
  await endTrial('unwritten');
  const seen = { status: 'ACTIVE', planVersion: { plan: { key: 'free' } } };
  expect((await findSubscriptions(db, caller.tenantId, [id])).get(id)).toMatchObject(seen);
  const live = await subscriptionsOf(db, caller.tenantId, [customerId], { ended: false });
  expect(live.get(customerId)).toMatchObject([{ id, ...seen }]);
  const written = await tenantRows(tenant, `select status from subscription where id = '${id}'`);
  expect(written).toEqual([{ status: 'TRIALING' }]);
  await applyDueBatch(db, caller.tenantId, 10);
});

test('a subscription whose end is due is among those that ended', async () => {
  const { db, caller } = tenant;
  const customerId = await createTestCustomer(tenant, 'ending');
  const { id } = await subscribeTo(tenant, 'ending', 'free');
  await tenant.owner.query(`update subscription set cancel_at = ${PRESENT} where id = $1`, [id]);
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = ${PRESENT} where id = 'ending'`,
  );
  const list = async (ended: boolean): Promise<string[] | undefined> =>
    (await subscriptionsOf(db, caller.tenantId, [customerId], { ended }))
      .get(customerId)
      ?.map(({ status }) => status);
  expect(await list(false)).toBeUndefined();
  expect(await list(true)).toEqual(['CANCELED']);
  await applyDueBatch(db, caller.tenantId, 10);
});

test('what was due is written once, dated when it was due, whoever comes first', async () => {
  const names = Array.from({ length: 60 }, (_, index) => `due-${String(index)}`);
  for (const name of names) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'pro', { trial: true });
    await endTrial(name);
  }
  const other = await openTestDatabase(tenant.url);
  try {
    const batches = await Promise.all(
      [tenant.db, other, tenant.db, other].map((db) => applyDueBatch(db, tenant.caller.tenantId, 20)),
    );
    expect(batches.reduce((sum, batch) => sum + batch.claimed, 0)).toBe(60);
  } finally {
    await other.close();
  }
  const counts = await tenantRows<{ type: string; count: number }>(
    tenant,
    `select type, count(*)::int as count from event where customer_id like 'due-%' and type like 'subscription.%' group by 1 order by 1`,
  );
  expect(counts).toEqual([
    { type: 'subscription.plan_changed', count: 60 },
    { type: 'subscription.started', count: 60 },
    { type: 'subscription.trial_ended', count: 60 },
  ]);
  const late = await tenantRows(
    tenant,
    `select 1 from event where type = 'subscription.trial_ended' and at > recorded_at - interval '30 seconds'`,
  );
  expect(late).toEqual([]);
});

test('the trial that a customer has had and the anchors of its windows are kept, whatever happens later', async () => {
  await createTestCustomer(tenant, 'remembered');
  const kept = `select trial_families, window_anchors from customer where id = 'remembered'`;
  expect(await tenantRows(tenant, kept)).toEqual([{ trial_families: [], window_anchors: {} }]);
  const { startedAt } = await subscribeTo(tenant, 'remembered', 'pro', { trial: true });
  const remembered = [{ trial_families: ['cloud'], window_anchors: { calls: startedAt } }];
  expect(await tenantRows(tenant, kept)).toEqual(remembered);
  await endTrial('remembered');
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(await tenantRows(tenant, kept)).toEqual(remembered);
});

test('a spend first writes down what is due for its customer, and is decided by what follows', async () => {
  const customerId = await createTestCustomer(tenant, 'spender');
  await subscribeTo(tenant, 'spender', 'pro', { trial: true });
  const consume = (quantity: number, key: string) =>
    spend(tenant.db, tenant.caller, [
      { kind: 'consume', customerId: 'spender', feature: 'calls', quantity, idempotencyKey: key },
    ]);
  expect(await consume(50, 'spender-1')).toMatchObject([{ decision: { allowed: true, limit: 100 } }]);
  await endTrial('spender');
  expect(await consume(1, 'spender-2')).toMatchObject([
    { decision: { allowed: false, code: 'LIMIT_EXCEEDED', limit: 10, used: 50 } },
  ]);
  const types = (await listedEvents(tenant, customerId)).map((event) => event.type);
  expect(types).toEqual([
    'customer.created',
    'subscription.started',
    'subscription.trial_ended',
    'subscription.plan_changed',
  ]);
});

test('an unused counter whose window is over counts in the running window, and its end is due', async () => {
  await createTestCustomer(tenant, 'idle');
  await subscribeTo(tenant, 'idle', 'free');
  const consume = (key: string) =>
    spend(tenant.db, tenant.caller, [
      { kind: 'consume', customerId: 'idle', feature: 'calls', quantity: 4, idempotencyKey: key },
    ]);
  await consume('idle-1');
  await tenant.owner.query(
    `update meter set used = 0, window_start = window_start - interval '40 days', window_end = clock_timestamp() - interval '3 days' where customer_id = 'idle'`,
  );
  await tenant.owner.query(`update customer set next_due_at = null where id = 'idle'`);
  expect(await consume('idle-2')).toMatchObject([{ consumed: 4, decision: { used: 4 } }]);
  const rows = await tenantRows(
    tenant,
    `select used, window_end > clock_timestamp() as running, window_end = next_due_at as due
     from meter m join customer c on c.id = m.customer_id where m.customer_id = 'idle'`,
  );
  expect(rows).toEqual([{ used: 4, running: true, due: true }]);
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(await tenantRows(tenant, `select 1 from meter_window where customer_id = 'idle'`)).toEqual([]);
});

test('a window that is over is closed and kept, and the next one begins at nothing', async () => {
  await createTestCustomer(tenant, 'window');
  await subscribeTo(tenant, 'window', 'free');
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'window', feature: 'calls', quantity: 9, idempotencyKey: 'window-1' },
  ]);
  await tenant.owner.query(
    `update meter set window_start = window_start - interval '40 days', window_end = clock_timestamp() - interval '1 second' where customer_id = 'window'`,
  );
  await tenant.owner.query(
    `update customer set next_due_at = clock_timestamp() - interval '1 second' where id = 'window'`,
  );
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(await tenantRows(tenant, `select used from meter where customer_id = 'window'`)).toEqual([
    { used: 0 },
  ]);
  expect(await tenantRows(tenant, `select used from meter_window where customer_id = 'window'`)).toEqual([
    { used: 9 },
  ]);
});

test('a customer whose time cannot be written down is named, and does not hold up the others', async () => {
  const names = ['held-1', 'broken', 'held-2', 'held-3'];
  for (const name of names) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'pro', { trial: true });
    await endTrial(name);
  }
  await tenant.owner.query(
    `update subscription set add_ons = '[{"addOn": "ghost", "version": 7, "quantity": 1}]' where customer_id = 'broken'`,
  );
  const { db, caller } = tenant;
  const batch = await applyDueBatch(db, caller.tenantId, 10);
  expect(batch).toMatchObject({ claimed: 3, events: 6, more: false });
  expect(batch.failures).toEqual([{ customerId: 'broken', error: expect.any(Error) }]);
  const due = `select id from customer where next_due_at <= clock_timestamp()`;
  expect(await tenantRows(tenant, due)).toEqual([{ id: 'broken' }]);
  const failed = batch.failures.map(({ customerId }) => customerId);
  expect(await applyDueBatch(db, caller.tenantId, 10, failed)).toMatchObject({ claimed: 0, failures: [] });
  await tenant.owner.query(`update subscription set add_ons = '[]' where customer_id = 'broken'`);
  expect(await applyDueBatch(db, caller.tenantId, 10)).toMatchObject({ claimed: 1, failures: [] });
});

test('a batch that takes long to reckon is written as far as it goes, and the rest is left to the next', async () => {
  for (const name of ['long-1', 'long-2']) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'pro', { trial: true });
    await endTrial(name);
  }
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => (now += 60_000));
  try {
    const next = () => applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
    expect(await next()).toMatchObject({ claimed: 1, events: 2, more: true });
    expect(await next()).toMatchObject({ claimed: 1, events: 2, more: false });
  } finally {
    clock.mockRestore();
  }
});
