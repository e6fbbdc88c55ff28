import {
  applyDue,
  type CustomerAccount,
  decide,
  execute,
  type ExistingSubscriptions,
  knownState,
  nextDue,
  type Plan,
  type Publication,
  type Release,
  type SubscriptionCommand,
} from '../index.js';
import {
  accepted,
  addOn,
  changeTo,
  duration,
  metered,
  newCustomer,
  plan,
  planKey,
  releaseOf,
  subscribeTo,
  time,
  transition,
  zoneOf,
} from '../../testing/subscriptions.js';

const UTC = zoneOf('UTC');

const BOUGHT = time('2026-01-01');
const PUBLISHED = time('2026-01-10T12:00:00Z');
const ROLLED_BACK = time('2026-01-20');
const RENEWAL = time('2026-02-01');

interface Changes {
  readonly calls?: number;
  readonly period?: string;
  readonly trial?: Plan['trial'];
  readonly refuses?: boolean;
  readonly moreCallsWith?: readonly string[];
}

const TRIAL: Plan['trial'] = { for: duration('P30D'), then: { kind: 'CONTINUE' } };

/** `pro` has a period, `base` has none; both are sold under `version`. */
function release(
  version: number,
  publication: Publication,
  existing: ExistingSubscriptions['default'],
  changes: Changes = {},
): Release {
  const { calls = 100 * version, period = 'P1M', refuses = false, moreCallsWith = ['pro'] } = changes;
  const trial = changes.trial === undefined ? TRIAL : changes.trial;
  const made = releaseOf({
    version,
    features: [metered('calls', 'P1M', 'subscription')],
    plans: [
      plan('pro', { period, trial, units: { calls } }),
      plan('base', { family: 'base', units: { calls: version } }),
    ],
    addOns: [addOn('more-calls', moreCallsWith, { calls: 5 })],
    transitions: [transition('pro base', 'pro base', { addOnsNotOffered: refuses ? 'refuse' : 'drop' })],
  });
  const catalog = { ...made.catalog, existingSubscriptions: { default: existing, byPlan: new Map() } };
  return { ...made, publication, catalog };
}

const first = release(1, { version: 1, at: time('2025-01-01'), undoesAfter: null, timeZone: UTC }, 'stay');
const second = (existing: ExistingSubscriptions['default'], changes?: Changes): Release =>
  release(2, { version: 2, at: PUBLISHED, undoesAfter: null, timeZone: UTC }, existing, changes);
/** Release 1, live again as the third publication. */
const back: Release = {
  ...first,
  publication: { version: 3, at: ROLLED_BACK, undoesAfter: 1, timeZone: UTC },
};

function bought(
  under: Release,
  command: SubscriptionCommand = subscribeTo('pro'),
  at = BOUGHT,
): CustomerAccount {
  return accepted(execute(newCustomer(), command, under, at)).account;
}
function versionOf({ subscriptions }: CustomerAccount): number | undefined {
  return subscriptions[0]?.planVersion.version;
}
function eventsOf(account: CustomerAccount, under: Release, until = RENEWAL): [string, string, number][] {
  return applyDue(account, under, until).events.flatMap((event) =>
    'after' in event ? [[event.type, new Date(event.at).toISOString(), event.after.planVersion.version]] : [],
  );
}

test('stay: the subscription keeps its version through its renewals', () => {
  const account = bought(first);
  expect(nextDue(account, second('stay'))).toBe(RENEWAL);
  expect(eventsOf(account, second('stay'))).toEqual([
    ['subscription.renewed', '2026-02-01T00:00:00.000Z', 1],
  ]);
});

test('now: the new version decides from the instant of publication, though nobody has written it', () => {
  const account = bought(first);
  const state = knownState(second('now'), account);
  const ask = (at: typeof BOUGHT) => decide(state, { feature: 'calls', quantity: 1 }, at);
  expect(ask(time('2026-01-10T11:59:59.999Z'))).toMatchObject({ limit: 100, validUntil: PUBLISHED });
  expect(ask(PUBLISHED)).toMatchObject({ limit: 200 });
  expect(nextDue(account, second('now'))).toBe(PUBLISHED);
  expect(eventsOf(account, second('now'))).toEqual([
    ['subscription.plan_changed', '2026-01-10T12:00:00.000Z', 2],
    ['subscription.renewed', '2026-02-01T00:00:00.000Z', 2],
  ]);
});

test('atRenewal: it moves when its period ends, once, and a check says until when it will not', () => {
  const account = bought(first);
  const state = knownState(second('atRenewal'), account);
  const now = decide(state, { feature: 'calls', quantity: 1 }, time('2026-01-15'));
  expect(now).toMatchObject({ limit: 100, validUntil: RENEWAL });
  expect(eventsOf(account, second('atRenewal'), time('2026-03-01'))).toEqual([
    ['subscription.renewed', '2026-02-01T00:00:00.000Z', 1],
    ['subscription.plan_changed', '2026-02-01T00:00:00.000Z', 2],
    ['subscription.renewed', '2026-03-01T00:00:00.000Z', 2],
  ]);
});

test('atRenewal: a period that ended before the publication, written down late, moves nothing', () => {
  const account = bought(first, subscribeTo('pro'), time('2025-12-05'));
  expect(eventsOf(account, second('atRenewal'), time('2026-02-06'))).toEqual([
    ['subscription.renewed', '2026-01-05T00:00:00.000Z', 1],
    ['subscription.renewed', '2026-02-05T00:00:00.000Z', 1],
    ['subscription.plan_changed', '2026-02-05T00:00:00.000Z', 2],
  ]);
});

test('atRenewal: a plan without a period has its period end now', () => {
  expect(eventsOf(bought(first, subscribeTo('base')), second('atRenewal'))).toEqual([
    ['subscription.plan_changed', '2026-01-10T12:00:00.000Z', 2],
  ]);
});

test('atRenewal: a trial ends by the version that gave it, then the subscription moves', () => {
  const account = bought(first, subscribeTo('pro', { trial: true }));
  expect(eventsOf(account, second('atRenewal'), time('2026-02-15'))).toEqual([
    ['subscription.trial_ended', '2026-01-31T00:00:00.000Z', 1],
    ['subscription.plan_changed', '2026-01-31T00:00:00.000Z', 2],
  ]);
});

test('now: a trial goes on to the same end where the new version has one, else it is ACTIVE', () => {
  const account = bought(first, subscribeTo('pro', { trial: true }));
  const [kept] = applyDue(account, second('now'), PUBLISHED).account.subscriptions;
  expect(kept).toMatchObject({ status: 'TRIALING', trialEndsAt: time('2026-01-31') });
  const [active] = applyDue(account, second('now', { trial: null }), PUBLISHED).account.subscriptions;
  expect(active).toMatchObject({ status: 'ACTIVE', planVersion: { version: 2 } });
});

test('now: a scheduled subscription moves before it begins', () => {
  const account = bought(first, subscribeTo('pro', { startsAt: time('2026-01-15') }));
  expect(eventsOf(account, second('now'), time('2026-01-15'))).toEqual([
    ['subscription.plan_changed', '2026-01-10T12:00:00.000Z', 2],
    ['subscription.started', '2026-01-15T00:00:00.000Z', 2],
  ]);
});

test('a period of another length begins anew with the move; the same length goes on', () => {
  const longer = applyDue(bought(first), second('now', { period: 'P1Y' }), PUBLISHED).account;
  expect(longer.subscriptions[0]).toMatchObject({ period: { start: PUBLISHED } });
  const same = applyDue(bought(first), second('now'), PUBLISHED).account;
  expect(same.subscriptions[0]).toMatchObject({ period: { start: BOUGHT, end: RENEWAL } });
});

test('what the customer has scheduled stays, and leads to the version that is sold by then', () => {
  const account = accepted(
    execute(
      bought(first, subscribeTo('base')),
      changeTo('pro', { timing: 'AT', at: RENEWAL }),
      first,
      BOUGHT,
    ),
  ).account;
  const after = applyDue(account, second('now'), RENEWAL).account;
  expect(after.subscriptions[0]?.planVersion).toMatchObject({ plan: { key: planKey('pro') }, version: 2 });
  // Promised is promised where the release moves nobody.
  expect(versionOf(applyDue(account, second('stay'), RENEWAL).account)).toBe(1);
});

test('atRenewal: a change that comes after the renewal leads to the version that is sold, not back to before itself', () => {
  const MONTHLY = [1, 2].map((version) =>
    releaseOf({
      version,
      features: [metered('calls', 'P1M', 'subscription')],
      plans: [
        ...['pro', 'team'].map((key) => plan(key, { period: 'P1M', units: { calls: 100 * version } })),
        ...['free', 'lite'].map((key) => plan(key, { units: { calls: version } })),
      ],
    }),
  );
  const [before, sold] = MONTHLY;
  if (before === undefined || sold === undefined) throw new Error('two releases');
  const atRenewal: Release = {
    ...sold,
    publication: { version: 2, at: PUBLISHED, undoesAfter: null, timeZone: UTC },
    catalog: { ...sold.catalog, existingSubscriptions: { default: 'atRenewal', byPlan: new Map() } },
  };
  const later = (at: string, from = 'pro', to = 'team') => {
    const change = changeTo(to, { timing: 'AT', at: time(at) });
    return accepted(execute(bought(before, subscribeTo(from)), change, before, BOUGHT)).account;
  };
  expect(eventsOf(later('2026-02-05'), atRenewal, time('2026-02-10'))).toEqual([
    ['subscription.renewed', '2026-02-01T00:00:00.000Z', 1],
    ['subscription.plan_changed', '2026-02-01T00:00:00.000Z', 2],
    ['subscription.plan_changed', '2026-02-05T00:00:00.000Z', 2],
  ]);
  // Without a period the publication is the renewal.
  expect(eventsOf(later('2026-02-05', 'free', 'lite'), atRenewal, time('2026-02-10'))).toEqual([
    ['subscription.plan_changed', '2026-01-10T12:00:00.000Z', 2],
    ['subscription.plan_changed', '2026-02-05T00:00:00.000Z', 2],
  ]);
  // Before the renewal promised is promised, and moves with it.
  expect(eventsOf(later('2026-01-20'), atRenewal)).toEqual([
    ['subscription.plan_changed', '2026-01-20T00:00:00.000Z', 1],
    ['subscription.renewed', '2026-02-01T00:00:00.000Z', 1],
    ['subscription.plan_changed', '2026-02-01T00:00:00.000Z', 2],
  ]);
});

test.each([
  ['dropped', false, 2, 0],
  ['refused: the subscription stays as it is', true, 1, 1],
])('an add-on that the new release does not sell with the plan is %s', (_name, refuses, version, addOns) => {
  const account = bought(first, subscribeTo('pro', { addOns: ['more-calls'] }));
  const after = applyDue(account, second('now', { refuses, moreCallsWith: ['base'] }), RENEWAL).account;
  expect(after.subscriptions[0]?.planVersion.version).toBe(version);
  expect(after.subscriptions[0]?.addOns).toHaveLength(addOns);
});

test('a plan that the release has taken out keeps its subscriptions and is sold to nobody', () => {
  const { planVersions, catalog, ...rest } = second('now');
  const without = (key: string) => new Map([...planVersions].filter(([sold]) => sold !== planKey(key)));
  const taken: Release = {
    ...rest,
    planVersions: without('pro'),
    catalog: { ...catalog, plans: new Map([...catalog.plans].filter(([key]) => key !== planKey('pro'))) },
  };
  const account = bought(first);
  expect(eventsOf(account, taken)).toEqual([['subscription.renewed', '2026-02-01T00:00:00.000Z', 1]]);
  expect(execute(newCustomer(), subscribeTo('pro'), taken, PUBLISHED)).toMatchObject({
    ok: false,
    refusal: { code: 'NOT_FOUND' },
  });
});

test('a rollback takes moves back from its instant on', () => {
  const moved = applyDue(bought(first), second('now'), PUBLISHED).account;
  expect(versionOf(moved)).toBe(2);
  expect(eventsOf(moved, back, ROLLED_BACK)).toEqual([
    ['subscription.plan_changed', '2026-01-20T00:00:00.000Z', 1],
  ]);
  const undone = applyDue(moved, back, ROLLED_BACK).account;
  expect(undone.subscriptions[0]?.moves).toEqual([]);
  expect(nextDue(undone, back)).toBe(RENEWAL);
});

test('a rollback before anybody wrote the move leaves nothing to take back', () => {
  expect(eventsOf(bought(first), back)).toEqual([['subscription.renewed', '2026-02-01T00:00:00.000Z', 1]]);
});

test('a rollback leaves what was bought meanwhile, and what something else has moved since', () => {
  const meanwhile = bought(second('now'), subscribeTo('pro'), time('2026-01-15'));
  expect(versionOf(applyDue(meanwhile, back, RENEWAL).account)).toBe(2);
  const moved = applyDue(bought(first, subscribeTo('base')), second('now'), PUBLISHED).account;
  const chosen = accepted(execute(moved, changeTo('pro'), second('now'), time('2026-01-15'))).account;
  expect(versionOf(applyDue(chosen, back, RENEWAL).account)).toBe(2);
});

test('a rollback over two releases takes both moves back; to the one between, only the last', () => {
  const third = release(3, { version: 3, at: time('2026-01-15'), undoesAfter: null, timeZone: UTC }, 'now');
  const moved = applyDue(
    applyDue(bought(first), second('now'), PUBLISHED).account,
    third,
    ROLLED_BACK,
  ).account;
  expect(versionOf(moved)).toBe(3);
  const toFirst = { ...first, publication: { version: 4, at: ROLLED_BACK, undoesAfter: 1, timeZone: UTC } };
  expect(versionOf(applyDue(moved, toFirst, ROLLED_BACK).account)).toBe(1);
  const toSecond = {
    ...second('now'),
    publication: { version: 4, at: ROLLED_BACK, undoesAfter: 2, timeZone: UTC },
  };
  expect(versionOf(applyDue(moved, toSecond, ROLLED_BACK).account)).toBe(2);
});

test('a release that is made live again moves again, and its moves are taken back again', () => {
  const home = applyDue(applyDue(bought(first), second('now'), PUBLISHED).account, back, ROLLED_BACK).account;
  const again = {
    ...second('now'),
    publication: { version: 4, at: time('2026-01-22'), undoesAfter: 2, timeZone: UTC },
  };
  const moved = applyDue(home, again, time('2026-01-22')).account;
  expect(versionOf(moved)).toBe(2);
  const home2 = {
    ...first,
    publication: { version: 5, at: time('2026-01-24'), undoesAfter: 3, timeZone: UTC },
  };
  expect(versionOf(applyDue(moved, home2, time('2026-01-24')).account)).toBe(1);
});

test('a request that holds a release is decided by it, though the next one has moved the row', () => {
  const moved = applyDue(bought(first), second('now'), PUBLISHED).account;
  const state = knownState(first, moved);
  expect(decide(state, { feature: 'calls', quantity: 1 }, PUBLISHED)).toMatchObject({ limit: 100 });
});

test('of a long history of moves the first and the last are kept: a rollback leads home, or near to where it was', () => {
  let account = bought(first);
  for (let version = 2; version <= 150; version += 1) {
    const next = release(version, { version, at: PUBLISHED, undoesAfter: null, timeZone: UTC }, 'now');
    account = applyDue(account, next, PUBLISHED).account;
  }
  expect(account.subscriptions[0]?.moves).toHaveLength(100);
  const backTo = (version: number) =>
    versionOf(
      applyDue(
        account,
        release(version, { version: 151, at: ROLLED_BACK, undoesAfter: version, timeZone: UTC }, 'stay'),
        ROLLED_BACK,
      ).account,
    );
  expect(backTo(1)).toBe(1);
  expect(backTo(120)).toBe(120);
  // Forgotten: the oldest that it remembers after it.
  expect(backTo(10)).toBe(51);
});
