import type { CustomerAccount } from '../customer.js';
import { spanFromAnchor } from '../time/calendar.js';
import { formatInstant, type Instant, instant, type IsoDuration, type TimeZone } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { AccountChange, CommandOutcome, SubscriptionCommand } from './command.js';
import { badInput, conflict, unchanged, type Refused } from './refusal.js';
import { isStanding, pastDue, record } from './state.js';
import type {
  ActiveSubscription,
  LiveSubscription,
  PastDueSubscription,
  PausedFrom,
  PausedSubscription,
  Period,
  ScheduledSubscription,
  TrialingSubscription,
} from './subscription.js';
import { refusedFuture } from './timing.js';

type Pause = Extract<SubscriptionCommand, { kind: 'pause' }>;

/** A pause, or another `resumeAt` for one that lasts. */
export function pause(
  account: CustomerAccount,
  subscription: LiveSubscription,
  { resumeAt }: Pause,
  now: Instant,
): CommandOutcome {
  const refused = refusedResume(resumeAt ?? null, now);
  if (refused !== null) return refused;
  switch (subscription.status) {
    case 'TRIALING':
    case 'ACTIVE':
      return told(account, subscription, paused(subscription, resumeAt ?? null, now), now);
    case 'PAUSED':
      return resumeAt === undefined || resumeAt === subscription.resumesAt
        ? unchanged(account)
        : told(account, subscription, { ...subscription, resumesAt: resumeAt }, now);
    case 'SCHEDULED':
    case 'PAST_DUE':
      return conflict(null, `a subscription that is ${subscription.status} cannot be paused`);
    default:
      return unreachable(subscription);
  }
}

function refusedResume(resumeAt: Instant | null, now: Instant): Refused | null {
  if (resumeAt === null) return null;
  return resumeAt <= now
    ? badInput('resumeAt', `\`${formatInstant(resumeAt)}\` is past; give a time ahead, or none`)
    : refusedFuture('resumeAt', resumeAt, now);
}

function told(
  account: CustomerAccount,
  before: LiveSubscription,
  after: PausedSubscription,
  now: Instant,
): CommandOutcome {
  return { ok: true, ...record(account, 'subscription.paused', now, before, after) };
}

function paused(
  subscription: TrialingSubscription | ActiveSubscription,
  resumesAt: Instant | null,
  at: Instant,
): PausedSubscription {
  const { clock } = subscription.planVersion.plan.onPause;
  if (subscription.status === 'ACTIVE') {
    const from: PausedFrom = { status: 'ACTIVE', failed: false };
    return { ...subscription, status: 'PAUSED', from, clock, pausedAt: at, resumesAt };
  }
  const { trialEndsAt, paid, ...rest } = subscription;
  const from: PausedFrom = { status: 'TRIALING', trialEndsAt, paid };
  return { ...rest, status: 'PAUSED', from, clock, pausedAt: at, resumesAt };
}

/** The state before a pause, again. */
export type Resumed = TrialingSubscription | ActiveSubscription | PastDueSubscription;

/** The pause ends at `at`, by a command or because its time has come. */
export function resume(
  account: CustomerAccount,
  subscription: PausedSubscription,
  at: Instant,
): AccountChange {
  const after = resumed(subscription, at, account.timeZone);
  return record(account, 'subscription.resumed', at, subscription, after);
}

/**
 * The state before, in which what stood while the clock did comes later by the length of the pause. A trial whose end
 * has passed meanwhile ends with the pause; grace after a failed payment begins with it.
 */
export function resumed(subscription: PausedSubscription, at: Instant, zone: TimeZone): Resumed {
  const { from, clock, pausedAt, resumesAt: _resumesAt, ...rest } = subscription;
  const length = clock === 'stops' ? at - pausedAt : 0;
  const { scheduledChange: change } = rest;
  const base = {
    ...rest,
    period: movedPeriod(rest.period, rest.planVersion.plan.period, length, zone),
    cancelAt: waits(subscription) ? moved(rest.cancelAt, length) : rest.cancelAt,
    scheduledChange: change && { ...change, at: later(change.at, length) },
  };
  if (from.status === 'TRIALING') {
    const end = later(from.trialEndsAt, length);
    const trialEndsAt = end < at ? at : end;
    return {
      ...base,
      status: 'TRIALING',
      period: { ...base.period, end: trialEndsAt },
      trialEndsAt,
      paid: from.paid,
    };
  }
  const active: ActiveSubscription = { ...base, status: 'ACTIVE' };
  return from.failed ? pastDue(active, at, zone) : active;
}

/** Whether the cancellation is the one at the end of a period, or trial, that stands: it then comes with that end. */
export function waits({ clock, cancelAt, period }: PausedSubscription): boolean {
  return clock === 'stops' && cancelAt !== null && cancelAt === period.end;
}

/** What a subscription's own clock shows at `at`: one that stands shows when it was paused. */
export function clockOf(subscription: LiveSubscription, at: Instant): Instant {
  return isStanding(subscription) ? subscription.pausedAt : at;
}

/** A subscription without its pause: for what a pause does not stand in the way of. */
export function awake(
  subscription: Exclude<LiveSubscription, ScheduledSubscription>,
  at: Instant,
  zone: TimeZone,
): Resumed {
  return subscription.status === 'PAUSED' ? resumed(subscription, at, zone) : subscription;
}

/**
 * Periods are counted from the anchor, so that moves, too. Where the moved end is then no end of a period any more,
 * because months are not equally long, those that follow are counted from it: none of them is cut short.
 */
function movedPeriod(
  { anchor, start, end }: Period,
  every: IsoDuration | null,
  length: number,
  zone: TimeZone,
): Period {
  if (every === null || end === null) return { anchor: later(anchor, length), start, end };
  const [movedAnchor, movedEnd] = [later(anchor, length), later(end, length)];
  const fits = spanFromAnchor(movedAnchor, every, zone, movedEnd).start === movedEnd;
  return { anchor: fits ? movedAnchor : movedEnd, start, end: movedEnd };
}

function moved(at: Instant | null, length: number): Instant | null {
  return at === null ? null : later(at, length);
}

function later(at: Instant, length: number): Instant {
  return instant(at + length);
}
