import { applyDueBatch, executeCommand, executeGrantCommand, loadStates, newGrantId } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  issueLicenseTo,
  listedEvents,
  type OwnTenant,
  planKeyOf,
  spend,
  subscribeTo,
  TEST_CATALOG,
} from '@licet/database/testing';
import {
  applyDue,
  type CustomerAccount,
  type CustomerEvent,
  type Instant,
  instant,
  type Release,
} from '@licet/domain';

/** With plans that go on from one to the next, and a daily window that closes every day. */
const CATALOG = {
  ...TEST_CATALOG,
  features: {
    ...TEST_CATALOG.features,
    steps: { type: 'metered', window: 'P1D', anchor: 'calendar' },
    tokens: { type: 'metered', prepaid: true },
  },
  plans: {
    ...TEST_CATALOG.plans,
    pro: {
      ...TEST_CATALOG.plans.pro,
      trial: { for: 'P14D', then: 'pro' },
      entitlements: { calls: 100, steps: 50 },
    },
    basic: {
      name: 'Basic',
      family: 'cloud',
      model: 'subscription',
      period: 'P1M',
      entitlements: { calls: 20 },
    },
    rented: { model: 'subscription', period: 'P1M', grace: 'P7D', entitlements: { calls: 7 } },
    pool: {
      model: 'usage',
      period: 'P1M',
      entitlements: { tokens: { blocks: [{ quantity: 50, expiresAfter: 'P45D', given: 'everyPeriod' }] } },
    },
  },
  transitions: [{ from: 'pro', to: 'basic', usage: 'reset' }],
};
const DAY = 86_400_000;
const DAYS_OFF = 90;

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

const hence = (days: number): Instant => instant(Date.now() + days * DAY);

/** On trial, a change to come in 50 days, an end in 80, a grant for a while, licences that end, and something used. */
async function sell(name: string): Promise<void> {
  const customerId = await createTestCustomer(tenant, name);
  const { id: subscriptionId } = await subscribeTo(tenant, name, 'pro', { trial: true });
  const later = { timing: 'AT', subscriptionId } as const;
  const change = {
    kind: 'changePlan',
    plan: planKeyOf('basic'),
    from: null,
    addOns: null,
    quantities: null,
  } as const;
  for (const command of [
    { ...change, ...later, at: hence(50) },
    { kind: 'cancel', ...later, at: hence(80) } as const,
  ]) {
    const request = { command, customerId: null, idempotencyKey: `${name} ${command.kind}`, reason: null };
    const done = await executeCommand(tenant.db, tenant.caller, request);
    if (!done.ok) throw new Error(done.message);
  }
  const granted = await executeGrantCommand(tenant.db, tenant.caller, {
    command: {
      kind: 'grantEntitlement',
      grantId: newGrantId(),
      feature: 'sso',
      effect: 'ADD',
      value: null,
      reason: 'a promise',
      startsAt: hence(20),
      expiresAt: hence(60),
    },
    customerId,
    idempotencyKey: `${name} grant`,
  });
  if (!granted.ok) throw new Error(granted.message);
  await issueLicenseTo(tenant, name, 'rented', { idempotencyKey: `${name} rented` });
  await issueLicenseTo(tenant, name, 'pool', { idempotencyKey: `${name} pool`, expiresAt: hence(70) });
  const use = (feature: string) =>
    ({
      kind: 'consume',
      customerId: name,
      feature,
      quantity: 3,
      idempotencyKey: `${name} ${feature}`,
    }) as const;
  await spend(tenant.db, tenant.caller, [use('calls'), use('steps')]);
}

/** As if all of it had been done so many days earlier, and no worker had run since. */
async function shift(name: string, days: number): Promise<void> {
  const earlier = (columns: string): string =>
    columns
      .split(' ')
      .map((column) => `${column} = ${column} - interval '${String(days)} days'`)
      .join(', ');
  const statements = [
    `update subscription set ${earlier('started_at period_anchor period_start period_end trial_ends_at cancel_at change_at')} where customer_id = $1`,
    `update entitlement_grant set ${earlier('starts_at expires_at created_at')} where customer_id = $1`,
    `update license set ${earlier('starts_at expires_at created_at')}, credits_given = (
       select coalesce(jsonb_object_agg(key, value::bigint - ${String(days * DAY)}), '{}') from jsonb_each_text(credits_given)) where customer_id = $1`,
    `update credit_block set ${earlier('expires_at created_at')} where customer_id = $1`,
    `update meter set state_version = state_version + 1, ${earlier('window_start window_end valid_until')} where customer_id = $1`,
    `update customer set version = version + 1, ${earlier('next_due_at created_at turned_until')}, window_anchors = (
       select coalesce(jsonb_object_agg(key, value::bigint - ${String(days * DAY)}), '{}') from jsonb_each_text(window_anchors)) where id = $1`,
  ];
  for (const statement of statements) await tenant.owner.query(statement, [name]);
}

async function read(name: string): Promise<{ account: CustomerAccount; release: Release; now: Instant }> {
  const customer = await createTestCustomer(tenant, name);
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [customer]);
  const state = states.get(customer);
  if (state?.kind !== 'KNOWN') throw new Error('a customer that was made');
  return { account: state.account, release: state.release, now: asOf };
}

test(`after ${String(DAYS_OFF)} days without a worker all that was due is written once, in order, as if it had never been off`, async () => {
  await sell('late');
  await shift('late', DAYS_OFF);
  const { account, release, now } = await read('late');
  // A worker that looks in every six hours.
  const expected: CustomerEvent[] = [];
  let daily = account;
  for (let at = now - DAYS_OFF * DAY; at < now; at += DAY / 4) {
    const change = applyDue(daily, release, instant(at));
    expected.push(...change.events);
    daily = change.account;
  }
  const last = applyDue(daily, release, now);
  expected.push(...last.events);

  const before = (await listedEvents(tenant, account.id)).length;
  while ((await applyDueBatch(tenant.db, tenant.caller.tenantId, 10)).claimed > 0);
  expect((await applyDueBatch(tenant.db, tenant.caller.tenantId, 10)).claimed).toBe(0);

  const written = (await listedEvents(tenant, account.id)).slice(before);
  expect(written.map(({ type, at }) => [type, at])).toEqual(expected.map(({ type, at }) => [type, at]));
  expect(written.map(({ type }) => type)).toEqual(
    expect.arrayContaining([
      'subscription.trial_ended',
      'subscription.renewed',
      'subscription.plan_changed',
      'subscription.canceled',
      'grant.started',
      'grant.expired',
      'usage.window_closed',
      'license.grace_started',
      'license.expired',
      'credits.added',
      'credits.expired',
    ]),
  );
  const after = await read('late');
  expect(after.account.subscriptions).toEqual(last.account.subscriptions);
  expect(after.account.licenses).toEqual(last.account.licenses);
  expect(after.account.blocks).toEqual(last.account.blocks.filter(({ status }) => status === 'LIVE'));
  expect(after.account.windowAnchors).toEqual(last.account.windowAnchors);
  expect(after.account.meters).toEqual(last.account.meters);
});
