import fc from 'fast-check';
import { type Step, steps } from '../../testing/histories.js';
import { meridian } from '../../testing/meridian.js';
import { grantOf, releaseFrom, stateFrom } from '../../testing/states.js';
import { featureKey, newCustomer, time } from '../../testing/subscriptions.js';
import type { CreditBlock } from '../credits/credit-block.js';
import { type CustomerAccount, knownState, type Release } from '../customer.js';
import { parseCreditBlockId } from '../ids.js';
import { decide } from '../decision/decide.js';
import type { CustomerEvent } from '../subscription/command.js';
import { applyDue, nextDue } from '../subscription/due.js';
import { execute } from '../subscription/execute.js';
import type { Subscription } from '../subscription/subscription.js';
import { instant, type Instant } from '../time/instant.js';
import type { Meter } from '../usage/meter.js';
import { meterAt } from '../usage/window.js';
import type { PastEvent, Undo } from './past.js';
import { turnedBy } from './since.js';

const HOUR = 3_600_000;
const meridianRelease = meridian(1, [], true);

/** What a command, a spend or one due instant has made of an account, and what a log tells of it. */
interface Moment {
  readonly before: CustomerAccount;
  readonly after: CustomerAccount;
  readonly at: Instant;
  readonly told: readonly PastEvent[];
}

function momentsOf(sequence: readonly Step[]): { moments: Moment[]; now: Instant } {
  const moments: Moment[] = [];
  let account = newCustomer();
  let now = time('2026-01-31T12:30:00Z');
  function became(after: CustomerAccount, at: Instant, told: readonly PastEvent[]): void {
    if (told.length > 0) moments.push({ before: account, after, at, told });
    account = after;
  }
  for (const { after, command, use } of sequence) {
    now = instant(now + after * HOUR);
    for (let due = nextDue(account, meridianRelease); due !== null && due <= now;) {
      const change = applyDue(account, meridianRelease, due);
      became(change.account, due, change.events.map(toldOf));
      due = nextDue(account, meridianRelease);
    }
    const outcome = execute(account, command(now), meridianRelease, now);
    if (outcome.ok) became(outcome.account, now, outcome.events.map(toldOf));
    const feature = meridianRelease.catalog.features.get(featureKey(use > 1 ? 'minutes' : 'calls'));
    if (use === 0 || feature?.type !== 'METERED') continue;
    const meter = meterAt(account, feature, now);
    const meters = new Map(account.meters).set(feature.key, { ...meter, used: meter.used + use * 4 });
    became({ ...account, meters }, now, [{ at: now, undo: countersTo(meter, now) }]);
  }
  return { moments, now };
}

/** As little as events hold. */
function toldOf(event: CustomerEvent): PastEvent {
  return { at: event.at, undo: undoOf(event) };
}
function undoOf(event: CustomerEvent): Undo {
  if ('before' in event)
    return { kind: 'SUBSCRIPTION', before: event.before && bare(event.before), after: bare(event.after) };
  if (event.type === 'usage.rollover_expired')
    return { kind: 'ROLLED', feature: event.feature, before: event.rolledOver + event.units };
  if (event.type !== 'usage.window_closed') return { kind: 'NOTHING' };
  const { feature, window, used } = event;
  return {
    kind: 'COUNTERS',
    before: [{ feature, window, used, reserved: 0, overdrawn: 0, blocks: [], rolledIn: event.rolledIn ?? 0 }],
  };
}
function bare(subscription: Subscription): Subscription {
  return { ...subscription, moves: [], lastPaymentAt: null };
}
function countersTo({ feature, used, reserved, overdrawn }: Meter, at: Instant): Undo {
  const window = { start: instant(0), end: at };
  return {
    kind: 'COUNTERS',
    before: [{ feature, used, reserved, overdrawn, blocks: [], window, rolledIn: null }],
  };
}

function codeOf(
  account: CustomerAccount,
  request: { feature: string; quantity: number },
  at: Instant,
): string {
  return decide(knownState(meridianRelease, account), request, at).code;
}

test('over a whole history the event that is named is of the moment that turned the answer last', () => {
  let [named, asked] = [0, 0];
  fc.assert(
    fc.property(
      steps,
      fc.constantFrom('calls', 'minutes'),
      fc.integer({ min: 0, max: 60 }),
      (sequence, feature, quantity) => {
        const { moments, now } = momentsOf(sequence);
        const last = moments.at(-1);
        if (last === undefined) return;
        const request = { feature, quantity };
        const decision = decide(knownState(meridianRelease, last.after), request, now);
        const events = moments.flatMap(({ told }) => told).toReversed();
        asked += 1;
        const place = turnedBy(
          { account: last.after, release: meridianRelease, request, decision, now, withLimit: false },
          events,
        );
        const event = place === null ? undefined : events[place];
        if (event === undefined) return;
        named += 1;
        const turning = moments.findIndex(({ told }) => told.includes(event));
        for (const { after, at } of moments.slice(turning))
          expect(codeOf(after, request, at)).toBe(decision.code);
        const { before, at, told } = moments[turning] ?? last;
        // A command may tell of several events: an import, for one, of all that was due since.
        if (told.length === 1) expect(codeOf(before, request, instant(at - 1))).not.toBe(decision.code);
      },
    ),
    { numRuns: 600 },
  );
  expect(named).toBeGreaterThan(asked / 3);
});

const RELEASE = releaseFrom(`
catalog: 1
name: since
features: { sso: { type: boolean }, calls: { type: metered, window: P1M, anchor: calendar } }
plans:
  free: { family: cloud, model: subscription, entitlements: { calls: 10 } }
  pro: { family: cloud, model: subscription, entitlements: { sso: true, calls: 20 } }
transitions: [{ from: free, to: pro, usage: prorate }, { from: pro, to: free, usage: prorate }]
`);
const NOW = time('2026-01-15');
const DAY = 24 * HOUR;
const ago = (days: number): Instant => instant(NOW - days * DAY);

function answered(account: CustomerAccount, feature: string, release: Release = RELEASE) {
  const request = { feature, quantity: 1 };
  return {
    account,
    release,
    request,
    decision: decide(knownState(release, account), request, NOW),
    withLimit: false,
    now: NOW,
  };
}
function accountWith(given: Omit<Parameters<typeof stateFrom>[1], 'at'>): CustomerAccount {
  const state = stateFrom(RELEASE, { ...given, at: NOW });
  if (state.kind !== 'KNOWN') throw new Error('the customer is there');
  return state.account;
}

test('where it cannot be told what was before, nothing is named', () => {
  const account = accountWith({});
  expect(turnedBy(answered(account, 'sso'), [{ at: ago(1), undo: { kind: 'UNKNOWN' } }])).toBeNull();
  expect(turnedBy(answered(account, 'sso'), [])).toBeNull();
  expect(turnedBy(answered(account, 'sso'), [{ at: ago(1), undo: { kind: 'CUSTOMER_CREATED' } }])).toBe(0);
});

test('of what a credit block has lost unseen nothing is told', () => {
  const release = releaseFrom(`
catalog: 1
name: prepaid
features: { credits: { type: metered, prepaid: true } }
plans: { free: { model: subscription, entitlements: {} } }`);
  const credits = featureKey('credits');
  const after: CreditBlock = {
    ...{ id: parseCreditBlockId('blk_1')!, feature: credits, quantity: 9, priority: 0, source: null },
    ...{ remaining: 2, held: 2, status: 'EXPIRED', expiresAt: ago(1), createdAt: ago(3) },
  };
  const before: CreditBlock = { ...after, remaining: 9, status: 'LIVE' };
  const account = accountWith({});
  const expired = (left: number): PastEvent => ({
    at: ago(1),
    undo: { kind: 'BLOCK', before, after: { ...after, remaining: left } },
  });
  const asked = answered(account, 'credits', release);
  expect(asked.decision.code).toBe('NO_ACTIVE_PLAN');
  expect(turnedBy(asked, [expired(0)])).toBe(0);
  // What a reservation held of it is gone, and no event says so.
  expect(turnedBy(asked, [expired(2)])).toBeNull();
});

test('a prorated limit is the one that the event holds', () => {
  const account = accountWith({ subscriptions: [{ plan: 'pro' }], used: { calls: 5 } });
  const [after] = account.subscriptions;
  const [before] = accountWith({ subscriptions: [{ plan: 'free' }] }).subscriptions;
  if (!after || !before) throw new Error('there are subscriptions');
  const changed: PastEvent = { at: ago(2), undo: { kind: 'SUBSCRIPTION', before, after } };
  const created: PastEvent = { at: ago(3), undo: { kind: 'CUSTOMER_CREATED' } };
  expect(turnedBy(answered(account, 'calls'), [changed, created])).toBe(1);
  const calls = featureKey('calls');
  const prorated = { ...before, prorations: new Map([[calls, { limit: 5, until: time('2026-02-01') }]]) };
  const changedFromLess: PastEvent = { at: ago(2), undo: { kind: 'SUBSCRIPTION', before: prorated, after } };
  expect(turnedBy(answered(account, 'calls'), [changedFromLess, created])).toBe(0);
  expect(turnedBy(answered(account, 'sso'), [changed])).toBe(0);
});

test('of several things at one instant the one that made the difference is named', () => {
  const grant = {
    ...grantOf('sso', { kind: 'ADD', value: { kind: 'ON' } }, '2026-01-10'),
    status: 'ACTIVE' as const,
  };
  const account = { ...accountWith({ subscriptions: [{ plan: 'free' }] }), grants: [grant] };
  const [subscription] = account.subscriptions;
  if (!subscription) throw new Error('there is a subscription');
  const at = grant.startsAt;
  const renewed: PastEvent = {
    at,
    undo: { kind: 'SUBSCRIPTION', before: subscription, after: subscription },
  };
  const started: PastEvent = {
    at,
    undo: { kind: 'GRANT', before: { ...grant, status: 'SCHEDULED' }, after: grant },
  };
  expect(turnedBy(answered(account, 'sso'), [renewed, started])).toBe(1);
  expect(turnedBy(answered(account, 'sso'), [started, renewed])).toBe(0);
});

test('a payment that billing saw before the last spend has not made what the spend has', () => {
  const account = accountWith({
    subscriptions: [{ plan: 'free', startedAt: '2026-01-01' }],
    used: { calls: 10 },
  });
  const [subscription] = account.subscriptions;
  if (!subscription) throw new Error('there is a subscription');
  const start = time('2026-01-01');
  const paid: PastEvent = {
    at: start,
    undo: { kind: 'SUBSCRIPTION', before: subscription, after: { ...subscription, lastPaymentAt: start } },
  };
  const calls = featureKey('calls');
  const before = { feature: calls, used: 0, reserved: 0, overdrawn: 0, blocks: [], rolledIn: null };
  const spent = (at: Instant): PastEvent => ({
    at,
    undo: { kind: 'COUNTERS', before: [{ ...before, window: { start, end: time('2026-02-01') } }] },
  });
  const asked = answered(account, 'calls');
  expect(asked.decision.code).toBe('LIMIT_EXCEEDED');
  expect(turnedBy(asked, [paid, spent(start)])).toBe(1);
  expect(turnedBy(asked, [paid, spent(ago(3))])).toBe(1);
});

test('a grant that is over is given back as it was, also where it is loaded no more', () => {
  const over = {
    ...grantOf('sso', { kind: 'ADD', value: { kind: 'ON' } }, '2026-01-01', '2026-01-10'),
    status: 'EXPIRED' as const,
  };
  const expired: PastEvent = {
    at: time('2026-01-10'),
    undo: { kind: 'GRANT', before: { ...over, status: 'ACTIVE' }, after: over },
  };
  expect(turnedBy(answered(accountWith({}), 'sso'), [expired])).toBe(0);
});

test('a subscription that ended too long ago to be loaded spoke when it ended: that it is silent now no event has made', () => {
  const [ended] = accountWith({
    subscriptions: [{ plan: 'pro', status: 'EXPIRED', endsAt: '2025-06-01' }],
  }).subscriptions;
  const [before] = accountWith({ subscriptions: [{ plan: 'pro' }] }).subscriptions;
  if (!ended || !before) throw new Error('there are subscriptions');
  const expired: PastEvent = {
    at: time('2025-06-01'),
    undo: { kind: 'SUBSCRIPTION', before, after: ended },
  };
  expect(turnedBy(answered(accountWith({}), 'sso'), [expired])).toBeNull();
});

test('a publication, or what is told of the customer, may have turned it', () => {
  const rules = `
rules: [{ name: frozen, feature: sso, when: customer.attributes.frozen, then: deny }]`;
  const ruled = releaseFrom(`
catalog: 1
name: since
features: { sso: { type: boolean } }
plans: { pro: { model: subscription, entitlements: { sso: true } } }${rules}`);
  const account = accountWith({ subscriptions: [{ plan: 'pro' }], attributes: { frozen: true } });
  const published: PastEvent = { at: ago(3), undo: { kind: 'RELEASE', before: RELEASE } };
  const renamed: PastEvent = {
    at: ago(2),
    undo: { kind: 'PROFILE', before: { name: 'x', attributes: { frozen: true } } },
  };
  const frozen: PastEvent = {
    at: ago(1),
    undo: { kind: 'PROFILE', before: { name: 'x', attributes: { frozen: false } } },
  };
  expect(turnedBy(answered(account, 'sso', ruled), [renamed, published])).toBe(1);
  expect(turnedBy(answered(account, 'sso', ruled), [frozen, published])).toBe(0);
});
