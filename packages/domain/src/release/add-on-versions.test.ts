import {
  applyDue,
  type CustomerAccount,
  decide,
  execute,
  type ExistingSubscriptions,
  knownState,
  nextDue,
  type Publication,
  type Release,
  type SubscriptionCommand,
} from '../index.js';
import {
  accepted,
  addOn,
  addOnKey,
  changeTo,
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
const MEANWHILE = time('2026-01-15');
const ROLLED_BACK = time('2026-01-20');
const RENEWAL = time('2026-02-01');

interface Changes {
  /** What the add-on gives, under which version. */
  readonly more: number;
  readonly version: number;
  readonly existing?: ExistingSubscriptions['default'];
  readonly team?: ExistingSubscriptions['default'];
  readonly with?: readonly string[];
  readonly pro?: number;
}

/** The plans are the same in every release, unless `pro` says otherwise: what moves is the add-on. */
function release(publication: Publication, changes: Changes): Release {
  const { more, version, existing = 'stay', team = existing, pro = 1 } = changes;
  const made = releaseOf({
    features: [metered('calls', 'P1M', 'subscription')],
    plans: [
      plan('pro', { period: 'P1M', units: { calls: 100 * pro } }),
      plan('team', { period: 'P1M', units: { calls: 500 } }),
    ],
    addOns: [addOn('more', changes.with ?? ['pro', 'team'], { calls: more })],
    transitions: [transition('pro team', 'pro team', { usage: 'reset' })],
  });
  const byPlan = new Map([[planKey('team'), team]]);
  const sold = [...made.planVersions].map(([key, one]): [typeof key, typeof one] => [
    key,
    { ...one, version: one.plan.key === planKey('pro') ? pro : 1 },
  ]);
  return {
    ...made,
    publication,
    catalog: { ...made.catalog, existingSubscriptions: { default: existing, byPlan } },
    planVersions: new Map(sold),
    addOnVersions: new Map([...made.addOnVersions].map(([key, one]) => [key, { ...one, version }])),
  };
}

const FIRST: Publication = { version: 1, at: time('2025-01-01'), undoesAfter: null, timeZone: UTC };
const first = release(FIRST, { more: 50, version: 1 });
const second = (changes: Partial<Changes>): Release =>
  release(
    { version: 2, at: PUBLISHED, undoesAfter: null, timeZone: UTC },
    { more: 70, version: 2, ...changes },
  );
/** Release 1, live again as the third publication. */
const back: Release = {
  ...first,
  publication: { version: 3, at: ROLLED_BACK, undoesAfter: 1, timeZone: UTC },
};

function bought(
  under: Release,
  command: SubscriptionCommand = subscribeTo('pro', { addOns: ['more'] }),
  at = BOUGHT,
): CustomerAccount {
  return accepted(execute(newCustomer(), command, under, at)).account;
}
function limitOf(account: CustomerAccount, under: Release, at = PUBLISHED): number | null {
  return decide(knownState(under, account), { feature: 'calls', quantity: 1 }, at).limit;
}
function versionsOf({ subscriptions: [subscription] }: CustomerAccount): unknown {
  return [subscription?.planVersion.version, ...(subscription?.addOns.map(({ version }) => version) ?? [])];
}
function told(account: CustomerAccount, under: Release, until = RENEWAL): string[] {
  return applyDue(account, under, until).events.map(
    ({ type, at }) => `${new Date(at).toISOString().slice(0, 10)} ${type}`,
  );
}

test('stay: it keeps what it bought, though the live release sells something else, or nothing', () => {
  const account = bought(first);
  expect(limitOf(account, second({}))).toBe(150);
  expect(nextDue(account, second({}))).toBe(RENEWAL);
  expect(limitOf(bought(second({}), undefined, MEANWHILE), second({}), MEANWHILE)).toBe(170);
  const { catalog, ...rest } = second({ existing: 'now' });
  const without: Release = {
    ...rest,
    catalog: { ...catalog, addOns: new Map() },
    addOnVersions: new Map(),
  };
  expect(limitOf(account, without)).toBe(150);
  expect(nextDue(account, without)).toBe(RENEWAL);
});

test('now: it moves at the instant of publication, and the usage of the running window goes on', () => {
  const account = bought(first);
  const now = second({ existing: 'now' });
  expect(limitOf(account, now)).toBe(170);
  expect(decide(knownState(now, account), { feature: 'calls', quantity: 1 }, BOUGHT)).toMatchObject({
    limit: 150,
    validUntil: PUBLISHED,
  });
  const meters = new Map(account.meters).set(metered('calls', 'P1M', 'subscription').key, {
    feature: metered('calls', 'P1M', 'subscription').key,
    used: 7,
    reserved: 0,
    rolled: [],
    window: { start: BOUGHT, end: RENEWAL },
    freesAt: null,
  });
  const used = { ...account, meters };
  // The route from a plan to itself says `usage: reset`; no plan is changed here.
  expect(told(used, now, PUBLISHED)).toEqual(['2026-01-10 subscription.adjusted']);
  const moved = applyDue(used, now, PUBLISHED).account;
  expect(versionsOf(moved)).toEqual([1, 2]);
  expect(nextDue(moved, now)).toBe(RENEWAL);
});

test('atRenewal: it moves when its period ends, once', () => {
  const account = bought(first);
  const later = second({ existing: 'atRenewal' });
  expect(limitOf(account, later)).toBe(150);
  expect(told(account, later, time('2026-03-01'))).toEqual([
    '2026-02-01 subscription.renewed',
    '2026-02-01 subscription.adjusted',
    '2026-03-01 subscription.renewed',
  ]);
});

test('a plan and its add-ons move in one step', () => {
  const both = second({ existing: 'now', pro: 2 });
  expect(told(bought(first), both, PUBLISHED)).toEqual(['2026-01-10 subscription.plan_changed']);
  expect(versionsOf(applyDue(bought(first), both, PUBLISHED).account)).toEqual([2, 2]);
  // One that the new version is not sold with is dropped with that step; where the plan stays it stays.
  const dropped = second({ existing: 'now', pro: 2, with: ['team'] });
  expect(versionsOf(applyDue(bought(first), dropped, PUBLISHED).account)).toEqual([2]);
  const unsold = second({ existing: 'now', with: ['team'] });
  expect(versionsOf(applyDue(bought(first), unsold, PUBLISHED).account)).toEqual([1, 2]);
});

test.each([
  ['the add-on alone', {}],
  ['with its plan', { pro: 2 }],
  ['dropped', { pro: 2, with: ['team'] }],
] as const)('a rollback takes a move back: %s', (_name, changes) => {
  const moved = applyDue(bought(first), second({ existing: 'now', ...changes }), PUBLISHED).account;
  expect(versionsOf(moved)).not.toEqual([1, 1]);
  const home = applyDue(moved, back, ROLLED_BACK).account;
  expect(versionsOf(home)).toEqual([1, 1]);
  expect(limitOf(home, back, ROLLED_BACK)).toBe(150);
  expect(home.subscriptions[0]?.moves).toEqual([]);
});

test('a rollback over two moves leads to the version before the first', () => {
  const third = release(
    { version: 3, at: MEANWHILE, undoesAfter: null, timeZone: UTC },
    { more: 90, version: 3, existing: 'now' },
  );
  const moved = applyDue(bought(first), second({ existing: 'now' }), PUBLISHED).account;
  const twice = applyDue(moved, third, MEANWHILE).account;
  expect(versionsOf(twice)).toEqual([1, 3]);
  const home = { ...back, publication: { version: 4, at: ROLLED_BACK, undoesAfter: 1, timeZone: UTC } };
  expect(versionsOf(applyDue(twice, home, ROLLED_BACK).account)).toEqual([1, 1]);
});

test('a rollback leaves an add-on that was bought meanwhile', () => {
  const under = second({ existing: 'now' });
  expect(versionsOf(applyDue(bought(under, undefined, MEANWHILE), back, RENEWAL).account)).toEqual([1, 2]);
});

test('a change of plan that names an add-on buys what is sold now; one that names none takes it along', () => {
  const account = bought(first);
  const to = (options: Parameters<typeof changeTo>[1], under: Release) =>
    accepted(execute(account, changeTo('team', options), under, MEANWHILE)).account;
  const named = { addOns: [{ addOn: addOnKey('more'), quantity: 2 }] };
  expect(limitOf(to(named, second({})), second({}), MEANWHILE)).toBe(500 + 2 * 70);
  expect(limitOf(to({}, second({})), second({}), MEANWHILE)).toBe(550);
});

test('an add-on that is taken along to a plan whose subscriptions move is the one sold now, from the change on', () => {
  for (const team of ['now', 'atRenewal'] as const) {
    const under = second({ team });
    const change = accepted(execute(bought(first), changeTo('team'), under, MEANWHILE));
    expect(versionsOf(change.account)).toEqual([1, 2]);
    expect(change.events.map(({ at }) => at)).toEqual([MEANWHILE]);
    expect(nextDue(change.account, under)).toBe(RENEWAL);
  }
});
