import {
  applyDue,
  type CustomerAccount,
  execute,
  type ExistingSubscriptions,
  type Instant,
  passReleases,
  type Plan,
  type Release,
} from '../index.js';
import {
  accepted,
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
const TRIAL_END = time('2026-01-15');
const utc = () => zoneOf('UTC');

interface Parts {
  readonly existing?: ExistingSubscriptions['default'];
  readonly usage?: 'carry' | 'reset';
  readonly then?: string;
  readonly without?: readonly string[];
}

/** A catalog whose plans give a hundred calls more in each version. */
function release(version: number, at: string, parts: Parts = {}): Release {
  const { existing = 'stay', usage = 'carry', then = 'free', without = [] } = parts;
  const trial: Plan['trial'] = {
    for: duration('P14D'),
    then: { kind: 'PLAN', plan: planKey(then) },
  };
  const made = releaseOf({
    version,
    features: [metered('calls', 'P1M', 'subscription')],
    plans: [
      plan('free', { units: { calls: 100 * version } }),
      plan('lite', { units: { calls: 100 * version } }),
      plan('pro', { period: 'P1M', grace: 'P7D', onExpiry: 'lite', trial, units: { calls: 1000 * version } }),
    ].filter(({ key }) => !without.includes(key)),
    transitions: [transition('free lite pro', 'free lite pro', { usage })],
  });
  return {
    ...made,
    publication: { version, at: time(at), undoesAfter: null, timeZone: UTC },
    catalog: { ...made.catalog, existingSubscriptions: { default: existing, byPlan: new Map() } },
  };
}
const first = release(1, '2025-01-01');

function bought(options: { readonly trial?: boolean } = {}, key = 'pro'): CustomerAccount {
  return accepted(execute(newCustomer(), subscribeTo(key, options), first, BOUGHT)).account;
}
/** As a worker finds it that was away over all these publications. */
function late(account: CustomerAccount, releases: readonly Release[], now: Instant) {
  const passed = passReleases(account, releases, utc);
  const live = releases.at(-1);
  if (live === undefined) throw new Error('no release');
  const rest = applyDue(passed.account, live, now);
  return { account: rest.account, events: [...passed.events, ...rest.events] };
}
/** As one writes it that is never late. */
function punctual(account: CustomerAccount, releases: readonly Release[], now: Instant) {
  return releases.reduce<ReturnType<typeof late>>(
    ({ account: before, events }, live, index) => {
      const next = releases[index + 1]?.publication.at;
      let state = { account: before, events };
      const hour = 3_600_000;
      for (let at: number = live.publication.at; at <= now && (next === undefined || at < next); at += hour) {
        const change = applyDue(state.account, live, time(new Date(at).toISOString()));
        state = { account: change.account, events: [...state.events, ...change.events] };
      }
      return state;
    },
    { account, events: [] },
  );
}
function standing({ account }: { readonly account: CustomerAccount }): string[] {
  return account.subscriptions.map(
    ({ status, planVersion }) => `${status} ${planVersion.plan.key} ${String(planVersion.version)}`,
  );
}

test('a trial that ended before a publication falls to the plan that was sold then, though it is sold no more', () => {
  const gone = release(2, '2026-01-20', { without: ['free'], then: 'lite' });
  const done = late(bought({ trial: true }), [first, gone], time('2026-01-25'));
  expect(standing(done)).toEqual(['ACTIVE free 1']);
  expect(done.events.map(({ type, at }) => [type, at])).toEqual([
    ['subscription.trial_ended', TRIAL_END],
    ['subscription.plan_changed', TRIAL_END],
  ]);
  // One that is due at the very instant of the publication is the new release's.
  const justNow = release(2, '2026-01-15', { without: ['free'], then: 'lite' });
  expect(standing(late(bought({ trial: true }), [first, justNow], TRIAL_END))).toEqual(['EXPIRED pro 1']);
});

test('grace, cancellation and usage follow the transitions of their time', () => {
  const failed = accepted(
    execute(
      bought(),
      {
        kind: 'reportPayment',
        subscriptionId: bought().subscriptions[0]!.id,
        outcome: 'FAILED',
        at: null,
      },
      first,
      time('2026-01-03'),
    ),
  ).account;
  const key = metered('calls', 'P1M', 'subscription').key;
  const window = { start: BOUGHT, end: time('2026-02-01') };
  const used = {
    ...failed,
    meters: new Map([[key, { feature: key, used: 7, reserved: 0, window, rolled: [], freesAt: null }]]),
  };
  const resetting = release(2, '2026-01-20', { usage: 'reset' });
  const done = late(used, [first, resetting], time('2026-01-25'));
  expect(standing(done)).toEqual(['ACTIVE lite 1']);
  expect(done.account.meters.get(key)?.used).toBe(7);
});

test('each of several publications does its own, and what it moved stays moved', () => {
  const moving = release(2, '2026-01-10', { existing: 'now' });
  const staying = release(3, '2026-01-20');
  const releases = [first, moving, staying];
  const done = late(bought({}, 'free'), releases, time('2026-01-25'));
  expect(standing(done)).toEqual(['ACTIVE free 2']);
  expect(done.events.map(({ at }) => at)).toEqual([time('2026-01-10')]);
  expect(standing(late(bought({}, 'free'), releases.slice(1), time('2026-01-25')))).toEqual([
    'ACTIVE free 2',
  ]);
});

test('one late run equals many punctual ones, rollbacks and renewals included', () => {
  const scheduled = accepted(
    execute(
      bought({}, 'free'),
      changeTo('pro', { timing: 'AT', at: time('2026-01-12') }),
      first,
      time('2026-01-02'),
    ),
  ).account;
  const releases = [
    first,
    release(2, '2026-01-10', { existing: 'now' }),
    { ...first, publication: { version: 3, at: time('2026-01-14'), undoesAfter: 1, timeZone: UTC } },
    release(4, '2026-02-05', { existing: 'atRenewal', usage: 'reset' }),
    release(5, '2026-02-20'),
  ];
  for (const account of [scheduled, bought(), bought({ trial: true }), bought({}, 'lite')]) {
    const now = time('2026-04-01');
    const begun = [{ ...first, publication: { ...first.publication, at: BOUGHT } }, ...releases.slice(1)];
    const one = late(account, begun, now);
    const many = punctual(account, begun, now);
    expect(one.events).toEqual(many.events);
    expect(one.account).toEqual(many.account);
  }
});

test('where nothing was due the account is the same one; in another zone anchors keep their local time', () => {
  const account = bought();
  expect(passReleases(account, [first, release(2, '2026-01-10')], utc)).toEqual({ account, events: [] });
  expect(passReleases(account, [first], utc).account).toBe(account);
  const moved = passReleases(account, [first, release(2, '2026-01-10')], ({ number }) =>
    zoneOf(number === 1 ? 'UTC' : 'Europe/Berlin'),
  );
  expect(moved.account.timeZone).toBe('Europe/Berlin');
  const anchors = [...account.windowAnchors].map(([key, at]) => [key, at - 3_600_000]);
  expect(anchors).not.toEqual([]);
  expect([...moved.account.windowAnchors]).toEqual(anchors);
});
