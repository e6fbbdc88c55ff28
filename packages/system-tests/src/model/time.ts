import { type Account, hasEnded, meet, type Subscription, tell } from './account.js';
import { checkKept } from './bought.js';
import { lastFrom, nextFrom, plus } from './calendar.js';
import { PLANS } from './plans.js';
import { endBlock, giveCredits } from './credits.js';
import { correctableUntil, leaseDues } from './leases.js';
import { licenseDues } from './licenses.js';
import { placeDues } from './machines.js';
import { beginPeriod, end, follow, movePlan } from './plan-move.js';
import { expire } from './reservations.js';
import { ownLimit } from './entitlements.js';
import { endLots, nextEnd } from './rollover.js';
import { refusesSeats, seatDues } from './seats.js';
import { beginWindows, featureKeys, isAtRest, turnWindow } from './windows.js';

export interface Due {
  readonly at: number;
  /** Due at one instant, in this order. */
  readonly kind: number;
  readonly id: string;
  happen(): void;
}

const [
  CANCEL,
  CHANGE,
  TRIAL,
  GRACE,
  RESUME,
  PERIOD,
  WINDOW,
  LOT,
  LICENSE,
  GRANT,
  BLOCK,
  SEAT,
  RESERVATION,
  LEASE,
  PLACE,
  START,
  ARCHIVE,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

const LICENSE_KINDS = { start: START, end: LICENSE, period: PERIOD, archive: ARCHIVE, place: PLACE };

/** Lets time pass up to `now`: all that is due, in order, each at its own instant. */
export function passTime(account: Account, now: number): void {
  let at = account.commandAt ?? account.now;
  account.commandAt = null;
  account.now = now;
  noteOwn(account);
  // What a command gives is told before the end of leases whose windows it has cut.
  if (account.leases.some(({ takenAlong }) => takenAlong === at)) giveCredits(account, at);
  for (;;) {
    const [first] = dues(account).sort(inOrder);
    // After all else that happens at an instant.
    if ((!first || first.at > at) && giveCredits(account, at)) continue;
    if (!first || first.at > now) return;
    if (first.at !== at) noteOwn(account);
    at = first.at;
    first.happen();
  }
}

/** What changes at the very end of a window did not count in it. */
function noteOwn(account: Account): void {
  account.own = new Map(featureKeys().map((feature) => [feature, ownLimit(account, feature)]));
}

/** The instants ahead at which time changes something, or what may still be done. */
export function boundaries(account: Account): number[] {
  const correctable = account.leases.filter(({ status, inWindow }) => status === 'SPENT' && inWindow);
  const all = [...dues(account).map(({ at }) => at), ...correctable.map(correctableUntil)].filter(
    (at) => at > account.now,
  );
  return [...new Set(all)].sort((one, other) => one - other);
}

function inOrder(one: Due, other: Due): number {
  return one.at - other.at || one.kind - other.kind || (one.id < other.id ? -1 : 1);
}

function dues(account: Account): Due[] {
  const subscriptions = account.subscriptions
    .filter((subscription) => !hasEnded(subscription))
    .flatMap((subscription) => duesOf(account, subscription));
  const windows = [...account.meters].flatMap(([feature, meter]) =>
    meter.window === null || isAtRest(account, feature)
      ? []
      : [
          {
            at: meter.window.end,
            kind: WINDOW,
            id: feature,
            happen: () => turnWindow(account, feature, meter),
          },
        ],
  );
  const lots = [...account.meters].flatMap(([feature, meter]): Due[] => {
    const at = nextEnd(meter);
    return at === null
      ? []
      : [{ at, kind: LOT, id: feature, happen: () => endLots(account, feature, meter, at) }];
  });
  const licenses = account.licenses.flatMap((license) =>
    [...licenseDues(account, license), ...placeDues(account, license)].map(({ kind, ...due }) => ({
      ...due,
      kind: LICENSE_KINDS[kind],
    })),
  );
  const grants = account.grants.flatMap((grant): Due[] => {
    const { id, startsAt, expiresAt } = grant;
    if (grant.status === 'SCHEDULED')
      return [{ at: startsAt, kind: START, id, happen: () => become('ACTIVE', 'started', startsAt) }];
    if (grant.status === 'ACTIVE' && expiresAt !== null)
      return [{ at: expiresAt, kind: GRANT, id, happen: () => become('EXPIRED', 'expired', expiresAt) }];
    return [];
    function become(status: 'ACTIVE' | 'EXPIRED', event: string, at: number): void {
      grant.status = status;
      beginWindows(account, at);
      tell(account, `grant.${event}`, id, at);
    }
  });
  const blocks = account.blocks.flatMap((block): Due[] => {
    const { id, status, expiresAt: at } = block;
    if (status !== 'LIVE' || at === null) return [];
    return [{ at, kind: BLOCK, id, happen: () => endBlock(account, block, 'EXPIRED', at) }];
  });
  const reservations = account.reservations
    .filter(({ status }) => status === 'OPEN')
    .map((one): Due => {
      const { id, expiresAt: at } = one;
      return { at, kind: RESERVATION, id, happen: () => expire(account, one) };
    });
  const archives = account.subscriptions.flatMap((one): Due[] => {
    if (one.endedAt === null || one.archived) return [];
    const at = plus(one.endedAt, 'P90D', account.zone);
    return [{ at, kind: ARCHIVE, id: one.id, happen: () => archive(account, one, at) }];
  });
  return [
    ...subscriptions,
    ...windows,
    ...lots,
    ...licenses,
    ...grants,
    ...blocks,
    ...seatDues(account).map((due) => ({ ...due, kind: SEAT })),
    ...reservations,
    ...leaseDues(account).map((due) => ({ ...due, kind: LEASE })),
    ...archives,
  ];
}

function archive(account: Account, subscription: Subscription, at: number): void {
  subscription.archived = true;
  if (at > account.announcedUntil) tell(account, 'subscription.archived', subscription.id, at);
}

function duesOf(account: Account, subscription: Subscription): Due[] {
  const { id, status, cancel, change, pause, trialEndsAt, graceEndsAt, periodEnd } = subscription;
  const stands = pause?.stands ?? false;
  const found: Due[] = [];
  const due = (at: number | null, kind: number, happen: (at: number) => void): void => {
    if (at !== null) found.push({ at, kind, id, happen: () => happen(at) });
  };
  if (cancel && !(stands && cancel.withEnd))
    due(cancel.at, CANCEL, (at) => cancelNow(account, subscription, at));
  if (change && !stands) due(change.at, CHANGE, (at) => changeNow(account, subscription, at));
  if (status === 'TRIALING') due(trialEndsAt, TRIAL, (at) => endTrial(account, subscription, at));
  if (status === 'PAST_DUE') due(graceEndsAt, GRACE, (at) => endGrace(account, subscription, at));
  if (pause) due(pause.resumesAt, RESUME, (at) => resume(account, subscription, at));
  const renews = status === 'ACTIVE' || status === 'PAST_DUE' || (status === 'PAUSED' && !stands);
  if (renews && trialEndsAt === null) due(periodEnd, PERIOD, (at) => renew(account, subscription, at));
  if (status === 'SCHEDULED') due(subscription.startedAt, START, (at) => start(account, subscription, at));
  return found;
}

/** Begins, with a trial where one is wanted and the customer had none in this family. */
export function start(account: Account, subscription: Subscription, at: number): void {
  const { trial, family } = PLANS[subscription.plan];
  const trialing = subscription.wantsTrial && trial !== undefined && !account.trialFamilies.has(family);
  beginPeriod(account, subscription, at);
  subscription.status = trialing ? 'TRIALING' : 'ACTIVE';
  subscription.before = subscription.status;
  if (trialing) {
    account.trialFamilies.add(family);
    subscription.trialEndsAt = plus(at, trial.for, account.zone);
    subscription.periodEnd = subscription.trialEndsAt;
  } else if (subscription.failed) {
    fallDue(account, subscription, at);
  }
  beginWindows(account, at);
  tell(account, 'subscription.started', subscription.id, at);
}

/** Grace counts from here; without any it is over at once. */
export function fallDue(account: Account, subscription: Subscription, from: number): void {
  const { grace } = PLANS[subscription.plan];
  subscription.status = 'PAST_DUE';
  subscription.failed = false;
  subscription.graceEndsAt = grace === undefined ? from : plus(from, grace, account.zone);
}

export function cancelNow(account: Account, subscription: Subscription, at: number): void {
  const next = subscription.status === 'SCHEDULED' ? undefined : PLANS[subscription.plan].onCancel;
  subscription.cancel = null;
  subscription.change = null;
  if (next === undefined) end(account, subscription, 'CANCELED', at);
  else follow(account, subscription, next, at);
}

function changeNow(account: Account, subscription: Subscription, at: number): void {
  const { change } = subscription;
  if (!change) return;
  subscription.change = null;
  if (change.adjusts) {
    movePlan(account, subscription, { plan: subscription.plan, lists: change }, at);
    tell(account, 'subscription.adjusted', subscription.id, at);
    return;
  }
  try {
    if (change.addOns === null) checkKept(subscription, change.plan, { addOns: null, quantities: {} });
    if (refusesSeats(account, subscription, change.plan, change)) {
      meet(account, 'seats above are refused when due');
      throw new Error('seats above');
    }
  } catch {
    tell(account, 'subscription.change_refused', subscription.id, at);
    return;
  }
  tell(account, 'subscription.plan_changed', subscription.id, at);
  movePlan(account, subscription, { plan: change.plan, lists: change }, at);
}

function endTrial(account: Account, subscription: Subscription, at: number): void {
  const { trial } = PLANS[subscription.plan];
  subscription.trialEndsAt = null;
  subscription.before = 'ACTIVE';
  tell(account, 'subscription.trial_ended', subscription.id, at);
  if (subscription.paid || trial?.then === 'continue') {
    subscription.status = 'ACTIVE';
    subscription.failed = false;
    beginPeriod(account, subscription, at);
    return;
  }
  const then = Object.entries(PLANS).find(([key]) => key === trial?.then)?.[0];
  if (then === undefined) {
    end(account, subscription, 'EXPIRED', at);
    return;
  }
  follow(account, subscription, then as keyof typeof PLANS, at);
  beginPeriod(account, subscription, at);
}

function endGrace(account: Account, subscription: Subscription, at: number): void {
  const next = PLANS[subscription.plan].onExpiry;
  if (next === undefined) end(account, subscription, 'EXPIRED', at);
  else follow(account, subscription, next, at);
}

function renew(account: Account, subscription: Subscription, at: number): void {
  const { period } = PLANS[subscription.plan];
  if (period === undefined) return;
  subscription.periodStart = at;
  subscription.periodEnd = nextFrom(subscription.anchor, period, account.zone, at);
  tell(account, 'subscription.renewed', subscription.id, at);
}

/** Back to the state before the pause; where the clock stood, what was to come moves by as long as it stood. */
export function resume(account: Account, subscription: Subscription, at: number): void {
  const { pause } = subscription;
  if (!pause) return;
  subscription.pause = null;
  subscription.status = subscription.before;
  if (pause.stands) moveEnds(subscription, account.zone, pause.since, at);
  else if (subscription.trialEndsAt !== null)
    subscription.trialEndsAt = Math.max(subscription.trialEndsAt, at);
  tell(account, 'subscription.resumed', subscription.id, at);
  if (subscription.failed && subscription.status === 'ACTIVE') fallDue(account, subscription, at);
}

function moveEnds(subscription: Subscription, zone: string, since: number, at: number): void {
  const length = at - since;
  // A period that began during the pause has its whole length after it.
  const period = at - Math.max(since, subscription.anchor);
  const every = PLANS[subscription.plan].period;
  if (subscription.periodEnd !== null && every !== undefined) {
    const anchor = subscription.anchor + period;
    const end = (subscription.periodEnd += period);
    subscription.anchor = lastFrom(anchor, every, zone, end) === end ? anchor : end;
  }
  if (subscription.trialEndsAt !== null) {
    subscription.trialEndsAt += length;
    subscription.periodEnd = subscription.trialEndsAt;
  }
  if (subscription.change) subscription.change.at += length;
  if (subscription.cancel?.withEnd) subscription.cancel.at += length;
}
