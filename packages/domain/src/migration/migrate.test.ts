import {
  accepted,
  addOn,
  addOnKey,
  changeTo,
  duration,
  metered,
  newCustomer,
  plan,
  planKey,
  refused,
  releaseOf,
  subscribeTo,
  subscriptionId,
  time,
  transition,
} from '../../testing/subscriptions.js';
import { execute } from '../subscription/execute.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { SubscriptionCommand } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import { migrate } from './migrate.js';
import type { Migration } from './migration.js';

const START = time('2026-01-31');
const NOW = time('2026-02-10');
const ID = subscriptionId('sub_1');

const features = [metered('calls', 'P1M', 'subscription')];
const PLANS = [
  plan('free', { units: { calls: 10 } }),
  plan('pro', {
    period: 'P1M',
    trial: { for: duration('P14D'), then: { kind: 'CONTINUE' } },
    units: { calls: 100 },
  }),
  plan('team', { period: 'P1M', units: { calls: 500 } }),
];
const ADD_ONS = [addOn('more', ['pro'], { calls: 50 })];
const release = releaseOf({ plans: PLANS, features, addOns: ADD_ONS });
const refusing = releaseOf({
  plans: PLANS,
  features,
  addOns: ADD_ONS,
  transitions: [
    transition('pro', 'team', { addOnsNotOffered: 'refuse' }),
    transition('pro team', 'free', { takesEffect: 'periodEnd' }),
  ],
});
/** The next release: every plan in version 2. */
const next = releaseOf({ plans: PLANS, features, addOns: ADD_ONS, version: 2 });

function after(...commands: SubscriptionCommand[]): CustomerAccount {
  return commands.reduce<CustomerAccount>(
    (account, command) => accepted(execute(account, command, release, START)).account,
    newCustomer(),
  );
}

function migration(to: string, options: Partial<Migration> & { of?: Release } = {}): Migration {
  const sold = (options.of ?? release).planVersions.get(planKey(to));
  if (!sold) throw new Error(`the test has no plan ${to}`);
  const { timing = 'NOW', at = null } = options;
  return { from: { plan: planKey('pro'), version: 1 }, to: sold, timing, at };
}

function turn(account: CustomerAccount, wanted: Migration, by = release, now: Instant = NOW) {
  return migrate(account, ID, wanted, by, now);
}

const subscribed = after(subscribeTo('pro'));

test.each(['NOW', 'PERIOD_END'] as const)(
  'what it makes of a subscription is what a change of plan by a caller makes, %s',
  (timing) => {
    const asked = execute(subscribed, changeTo('team', { timing }), release, NOW);
    expect(turn(subscribed, migration('team', { timing }))).toEqual(asked);
    const type = timing === 'NOW' ? 'subscription.plan_changed' : 'subscription.change_scheduled';
    expect(accepted(asked).events.map((event) => event.type)).toEqual([type]);
  },
);

test('it leads to the newer version of a plan, and back to an older one', () => {
  const moved = accepted(turn(subscribed, migration('pro', { of: next }), next));
  expect(moved.account.subscriptions[0]?.planVersion.version).toBe(2);
  const home = {
    from: { plan: planKey('pro'), version: 2 },
    to: migration('pro').to,
    timing: 'NOW',
    at: null,
  } as const;
  const back = accepted(turn(moved.account, home, next));
  expect(back.account.subscriptions[0]?.planVersion.version).toBe(1);
});

test.each<[string, CustomerAccount]>([
  ['on another plan', after(subscribeTo('team'))],
  ['in another version', accepted(turn(subscribed, migration('pro', { of: next }), next)).account],
  ['cancelled', after(subscribeTo('pro'), { kind: 'cancel', subscriptionId: ID, timing: 'NOW', at: null })],
  ['gone', newCustomer()],
])('a subscription that is %s by then is left alone', (_, account) => {
  expect(turn(account, migration('team'))).toEqual({ ok: true, account, events: [] });
});

test('a trial goes on where the plan has one, else the plan begins', () => {
  const trialing = after(subscribeTo('pro', { trial: true }));
  const status = (wanted: Migration, by = release) =>
    accepted(turn(trialing, wanted, by)).account.subscriptions[0]?.status;
  expect(status(migration('pro', { of: next }), next)).toBe('TRIALING');
  expect(status(migration('team'))).toBe('ACTIVE');
});

const leaving = after(subscribeTo('pro'), changeTo('free', { timing: 'PERIOD_END' }));

test.each(['pro', 'team'])('what the customer has scheduled stays when it is moved to `%s`', (to) => {
  const before = leaving.subscriptions[0];
  const outcome = accepted(turn(leaving, migration(to, { of: next }), next));
  expect(outcome.account.subscriptions[0]).toMatchObject({
    planVersion: { version: 2, plan: { key: to } },
    scheduledChange: before && 'scheduledChange' in before ? before.scheduledChange : 'nothing',
  });
});

test('a change to where the migration leads is made by it; what is bought with it still waits', () => {
  const waiting = after(subscribeTo('pro'), changeTo('team', { timing: 'PERIOD_END' }));
  expect(accepted(turn(waiting, migration('team'))).account.subscriptions[0]).toMatchObject({
    scheduledChange: null,
  });
  const buying = after(
    subscribeTo('pro'),
    changeTo('team', { timing: 'PERIOD_END', addOns: [], quantities: null }),
  );
  expect(accepted(turn(buying, migration('team'))).account.subscriptions[0]).toMatchObject({
    scheduledChange: { to: null, addOns: [] },
  });
});

test('a change to another version of the plan, which a migration may have scheduled, does not outlive the next migration', () => {
  const third = releaseOf({ plans: PLANS, features, addOns: ADD_ONS, version: 3 });
  const later = migration('pro', { of: next, timing: 'PERIOD_END' });
  const scheduled = accepted(turn(subscribed, later, next)).account;
  expect(scheduled.subscriptions[0]).toMatchObject({ scheduledChange: { to: { version: 2 } } });
  const again = accepted(turn(scheduled, migration('pro', { of: third, timing: 'PERIOD_END' }), third));
  expect(again.account.subscriptions[0]).toMatchObject({ scheduledChange: { to: { version: 3 } } });
  const now = accepted(turn(scheduled, migration('pro', { of: third }), third));
  expect(now.account.subscriptions[0]).toMatchObject({ planVersion: { version: 3 }, scheduledChange: null });
});

test('a later migration does not replace a change that is scheduled, and is not scheduled twice', () => {
  const later = migration('team', { timing: 'PERIOD_END' });
  expect(refused(turn(leaving, later))).toEqual({ code: 'CONFLICT', field: null });
  const adjusted = after(subscribeTo('pro'), {
    kind: 'adjust',
    subscriptionId: ID,
    addOns: [{ addOn: addOnKey('more'), quantity: 1 }],
    quantities: null,
    timing: 'PERIOD_END',
    at: null,
  });
  expect(refused(turn(adjusted, later))).toEqual({ code: 'CONFLICT', field: null });
  expect(
    accepted(turn(adjusted, migration('pro', { of: next }), next)).account.subscriptions[0],
  ).toMatchObject({
    scheduledChange: { to: null, addOns: [{ quantity: 1 }] },
  });
  const scheduled = accepted(turn(subscribed, later)).account;
  expect(turn(scheduled, later)).toEqual({ ok: true, account: scheduled, events: [] });
});

test('whose turn comes after `at` is moved at once', () => {
  const at = time('2026-02-09');
  const { events } = accepted(turn(subscribed, migration('team', { timing: 'AT', at })));
  expect(events).toMatchObject([{ type: 'subscription.plan_changed', at: NOW }]);
  const ahead = accepted(turn(subscribed, migration('team', { timing: 'AT', at: time('2026-02-11') })));
  expect(ahead.events).toMatchObject([{ type: 'subscription.change_scheduled' }]);
});

test('a cancellation stands, and one that comes first refuses the move', () => {
  const canceled = after(subscribeTo('pro'), {
    kind: 'cancel',
    subscriptionId: ID,
    timing: 'PERIOD_END',
    at: null,
  });
  expect(accepted(turn(canceled, migration('team'))).account.subscriptions[0]).toMatchObject({
    cancelAt: time('2026-02-28'),
  });
  expect(refused(turn(canceled, migration('team', { timing: 'PERIOD_END' })))).toEqual({
    code: 'CONFLICT',
    field: 'timing',
  });
});

test('what a change of plan would refuse is refused: an add-on that the new plan is not sold with, another plan of the family', () => {
  const bought = after(subscribeTo('pro', { addOns: ['more'] }));
  expect(refused(turn(bought, migration('team'), refusing))).toEqual({ code: 'CONFLICT', field: 'plan' });
  expect(accepted(turn(bought, migration('team'))).account.subscriptions[0]?.addOns).toEqual([]);
  const two = releaseOf({ plans: [...PLANS, plan('extra', { family: 'other' })], features });
  const other = accepted(execute(subscribed, subscribeTo('extra', { id: 'sub_2' }), two, START)).account;
  expect(refused(turn(other, migration('extra', { of: two }), two))).toEqual({
    code: 'CONFLICT',
    field: 'plan',
  });
});

test('a release that went live meanwhile decides: a plan that is sold no more, or a version that nobody stays on, is refused', () => {
  const without = releaseOf({ plans: PLANS.slice(0, 2), features });
  expect(refused(turn(subscribed, migration('team'), without))).toEqual({
    code: 'NOT_FOUND',
    field: 'toPlan',
  });
  const { existingSubscriptions } = release.catalog;
  const moving: Release = {
    ...next,
    catalog: { ...next.catalog, existingSubscriptions: { ...existingSubscriptions, default: 'atRenewal' } },
  };
  expect(refused(turn(subscribed, migration('team'), moving))).toEqual({
    code: 'CONFLICT',
    field: 'toVersion',
  });
});
