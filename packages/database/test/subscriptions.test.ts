import { applyDueBatch, executeCommand, findSubscriptions } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import {
  type CustomerId,
  type Instant,
  parseAddOnKey,
  parseFeatureKey,
  parsePlanKey,
  type Subscription,
  type SubscriptionCommand,
  type SubscriptionId,
} from '@licet/domain';

/** With a plan that sells seats by number, and an add-on. */
const CATALOG = {
  ...TEST_CATALOG,
  features: { ...TEST_CATALOG.features, editors: { type: 'seats', kind: 'named' } },
  plans: {
    ...TEST_CATALOG.plans,
    team: {
      name: 'Team',
      family: 'cloud',
      model: 'seats',
      period: 'P1M',
      entitlements: { calls: 200, editors: { bought: { atLeast: 5, atMost: 500, default: 20 } } },
    },
  },
  transitions: [
    { from: ['free', 'pro'], to: 'team', usage: 'prorate' },
    { from: ['free', 'team'], to: 'pro' },
  ],
  addOns: { 'more-calls': { name: 'More calls', with: ['pro', 'team'], entitlements: { calls: 50 } } },
};

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant(CATALOG);
});
afterAll(() => tenant.close());

let keys = 0;
async function run(command: SubscriptionCommand): Promise<Subscription> {
  const idempotencyKey = `subscriptions ${String((keys += 1))}`;
  const request = { command, customerId: null, idempotencyKey, reason: null };
  const done = await executeCommand(tenant.db, tenant.caller, request);
  if (!done.ok) throw new Error(done.message);
  // The record under the key answers with what was answered first.
  expect(await executeCommand(tenant.db, tenant.caller, request)).toEqual({ ...done, replayed: true });
  return done.subscription;
}

async function stored(id: SubscriptionId): Promise<Subscription | undefined> {
  return (await findSubscriptions(tenant.db, tenant.caller.tenantId, [id])).get(id);
}

async function newSubscription(name: string, trial = false): Promise<[CustomerId, SubscriptionId]> {
  const customerId = await createTestCustomer(tenant, name);
  return [customerId, (await subscribeTo(tenant, name, 'pro', { trial })).id];
}

function hence(days: number): Instant {
  return (Date.now() + days * 86_400_000) as Instant;
}

const EDITORS = parseFeatureKey('editors')!;
const more = [{ addOn: parseAddOnKey('more-calls')!, quantity: 2 }];
const NOW = { timing: 'NOW', at: null } as const;

function changeTo(
  plan: string,
  subscriptionId: SubscriptionId,
): SubscriptionCommand & { kind: 'changePlan' } {
  const key = parsePlanKey(plan)!;
  return {
    kind: 'changePlan',
    subscriptionId,
    plan: key,
    from: null,
    addOns: null,
    quantities: null,
    ...NOW,
  };
}

const failed = (subscriptionId: SubscriptionId): SubscriptionCommand => ({
  kind: 'reportPayment',
  subscriptionId,
  outcome: 'FAILED',
  at: null,
});

test.each<[string, boolean, (id: SubscriptionId) => SubscriptionCommand[]]>([
  ['a pause', false, (subscriptionId) => [{ kind: 'pause', subscriptionId }]],
  [
    'a pause with an end, and a failure noted',
    false,
    (subscriptionId) => [{ kind: 'pause', subscriptionId, resumeAt: hence(3) }, failed(subscriptionId)],
  ],
  ['a pause of a trial', true, (subscriptionId) => [{ kind: 'pause', subscriptionId }]],
  [
    'a pause of a trial that is paid for',
    true,
    (subscriptionId) => [
      { kind: 'reportPayment', subscriptionId, outcome: 'SUCCEEDED', at: null },
      { kind: 'pause', subscriptionId },
    ],
  ],
  [
    'a resume',
    true,
    (subscriptionId) => [
      { kind: 'pause', subscriptionId },
      { kind: 'resume', subscriptionId },
    ],
  ],
  [
    'an adjustment',
    false,
    (subscriptionId) => [{ kind: 'adjust', subscriptionId, addOns: more, quantities: null, ...NOW }],
  ],
  [
    'an adjustment that waits',
    false,
    (subscriptionId) => [
      { kind: 'adjust', subscriptionId, addOns: more, quantities: null, timing: 'PERIOD_END', at: null },
    ],
  ],
  [
    'a change that waits, with what is bought with it',
    false,
    (subscriptionId) => [
      {
        ...changeTo('team', subscriptionId),
        addOns: [],
        quantities: new Map([[EDITORS, 8]]),
        timing: 'PERIOD_END',
      },
    ],
  ],
  ['a change that prorates', false, (subscriptionId) => [changeTo('team', subscriptionId)]],
  [
    'numbers bought',
    false,
    (subscriptionId) => [
      { ...changeTo('team', subscriptionId), quantities: new Map([[EDITORS, 8]]) },
      { kind: 'adjust', subscriptionId, addOns: null, quantities: new Map([[EDITORS, 9]]), ...NOW },
    ],
  ],
])('a subscription is read as it was written: %s', async (name, trial, commands) => {
  const [, id] = await newSubscription(name, trial);
  let written: Subscription | undefined;
  for (const command of commands(id)) written = await run(command);
  expect(await stored(id)).toEqual(written);
});

test('a paused subscription is resumed when that is due, by the worker, and its counters say so', async () => {
  const [customerId, id] = await newSubscription('resuming');
  const consume = (key: string) =>
    spend(tenant.db, tenant.caller, [
      { kind: 'consume', customerId, feature: 'calls', quantity: 1, idempotencyKey: key },
    ]);
  await consume('resuming-1');
  await run({ kind: 'pause', subscriptionId: id, resumeAt: hence(1) });
  expect(await consume('resuming-2')).toMatchObject([{ decision: { code: 'SUBSCRIPTION_PAUSED' } }]);
  const lim = `select lim from meter where customer_id = 'resuming'`;
  expect(await tenantRows(tenant, lim)).toEqual([{ lim: 0 }]);
  await tenant.owner.query(
    `update subscription set paused_at = paused_at - interval '2 days', resumes_at = clock_timestamp() - interval '1 second' where id = $1`,
    [id],
  );
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = clock_timestamp() - interval '1 second' where id = $1`,
    [customerId],
  );
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  expect(await tenantRows(tenant, lim)).toEqual([{ lim: 100 }]);
  expect(await stored(id)).toMatchObject({ status: 'ACTIVE' });
  const types = (await listedEvents(tenant, customerId)).map(({ type }) => type);
  expect(types.slice(-2)).toEqual(['subscription.paused', 'subscription.resumed']);
});

test('a prorated limit stands in the counter until its window is over, and the whole one after it', async () => {
  const [customerId, id] = await newSubscription('prorated');
  const consume = (quantity: number, key: string) =>
    spend(tenant.db, tenant.caller, [
      { kind: 'consume', customerId, feature: 'calls', quantity, idempotencyKey: `prorated ${key}` },
    ]);
  await consume(1, 'first');
  await tenant.owner.query(
    `update meter set window_start = window_start - interval '30 days', window_end = window_start + interval '30 days'
     where customer_id = $1`,
    [customerId],
  );
  const { prorations } = await run(changeTo('team', id));
  const prorated = prorations.get(parseFeatureKey('calls')!)!;
  expect(prorated.limit).toBeGreaterThanOrEqual(100);
  expect(prorated.limit).toBeLessThan(200);
  const limits = () => tenantRows(tenant, `select lim, used from meter where customer_id = 'prorated'`);
  expect(await limits()).toEqual([{ lim: prorated.limit, used: 1 }]);
  expect(await consume(prorated.limit, 'too much')).toMatchObject([{ decision: { allowed: false } }]);
  expect(await consume(prorated.limit - 1, 'the rest')).toMatchObject([{ decision: { allowed: true } }]);
});

test('nothing was used in a prorated window: the next one has its whole limit all the same', async () => {
  const [customerId, id] = await newSubscription('unused');
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId, feature: 'calls', quantity: 1, idempotencyKey: 'unused first' },
  ]);
  await tenant.owner.query(
    `update meter set used = 0, window_start = window_start - interval '20 days' where customer_id = $1`,
    [customerId],
  );
  await run(changeTo('team', id));
  await tenant.owner.query(
    `update subscription set prorations = jsonb_set(prorations, '{calls,until}', to_jsonb((extract(epoch from clock_timestamp()) * 1000)::bigint - 1))
     where id = $1`,
    [id],
  );
  await tenant.owner.query(
    `update meter set window_end = clock_timestamp() - interval '1 millisecond', valid_until = clock_timestamp() - interval '1 millisecond'
     where customer_id = $1`,
    [customerId],
  );
  await tenant.owner.query(`update customer set version = version + 1, next_due_at = null where id = $1`, [
    customerId,
  ]);
  const spent = await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId, feature: 'calls', quantity: 200, idempotencyKey: 'unused all' },
  ]);
  expect(spent).toMatchObject([{ decision: { allowed: true, used: 200, limit: 200 } }]);
});
