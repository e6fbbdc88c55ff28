import type { Plan } from '../catalog/catalog.js';
import type { CustomerAccount } from '../customer.js';
import type { PlanFamily, SubscriptionId } from '../ids.js';
import { addDuration, sameLength, spanFromAnchor } from '../time/calendar.js';
import type { Instant, IsoDuration, TimeZone } from '../time/instant.js';
import type { AccountChange, SubscriptionEventType } from './command.js';
import type {
  ActiveSubscription,
  EndedSubscription,
  LiveSubscription,
  PastDueSubscription,
  PausedSubscription,
  Period,
  ScheduledSubscription,
  Subscription,
  SubscriptionBase,
} from './subscription.js';

/** Neither CANCELED nor EXPIRED; a SCHEDULED one counts. */
export function isLive(subscription: Subscription): subscription is LiveSubscription {
  return subscription.status !== 'CANCELED' && subscription.status !== 'EXPIRED';
}

/** Whether a trial runs, or will go on after a pause. */
export function isTrial(subscription: LiveSubscription): boolean {
  return (subscription.status === 'PAUSED' ? subscription.from : subscription).status === 'TRIALING';
}

/** Whether its clock stands: no period or trial ends, and no scheduled change is made, before it is resumed. */
export function isStanding(subscription: LiveSubscription): subscription is PausedSubscription {
  return subscription.status === 'PAUSED' && subscription.clock === 'stops';
}

/** Whether it gives what its plan lists. */
export function isGiving({ status }: Subscription): boolean {
  return status === 'TRIALING' || status === 'ACTIVE' || status === 'PAST_DUE';
}

/** Another live subscription of the family, which a customer has one of. */
export function otherInFamily(
  account: CustomerAccount,
  family: PlanFamily,
  except: SubscriptionId,
): LiveSubscription | undefined {
  return account.subscriptions
    .filter(isLive)
    .find((other) => other.id !== except && other.planVersion.plan.family === family);
}

/** The account with `after` in the place of `before` (null: new), and the event that says so. */
export function record(
  account: CustomerAccount,
  type: SubscriptionEventType,
  at: Instant,
  before: Subscription | null,
  after: Subscription,
): AccountChange {
  return { account: withSubscription(account, after), events: [{ type, at, before, after }] };
}

/** The account with the subscription in its place. */
export function withSubscription(account: CustomerAccount, after: Subscription): CustomerAccount {
  const known = account.subscriptions.some((one) => one.id === after.id);
  const subscriptions = known
    ? account.subscriptions.map((one) => (one.id === after.id ? after : one))
    : [...account.subscriptions, after];
  return { ...account, subscriptions };
}

/** The first period of a plan, anchored at `at`. */
/** In grace from `at` on, after a failed payment; where the plan has none it is over at once. */
export function pastDue(subscription: ActiveSubscription, at: Instant, zone: TimeZone): PastDueSubscription {
  const { grace } = subscription.planVersion.plan;
  return {
    ...subscription,
    status: 'PAST_DUE',
    graceEndsAt: grace === null ? at : addDuration(at, grace, zone),
  };
}

export function periodFrom(plan: Plan, at: Instant, zone: TimeZone): Period {
  const end = plan.period === null ? null : spanFromAnchor(at, plan.period, zone, at).end;
  return { anchor: at, start: at, end };
}

/** The period under another plan: kept where its length is the same, else begun anew at `at`. */
export function periodUnder(next: Plan, current: Plan, period: Period, at: Instant, zone: TimeZone): Period {
  return samePeriod(next.period, current.period) ? period : periodFrom(next, at, zone);
}

function samePeriod(one: IsoDuration | null, other: IsoDuration | null): boolean {
  return one === null || other === null ? one === other : sameLength(one, other);
}

/** The period that follows one that ends at `end`, counted from the same anchor. */
export function periodAfter(period: Period, every: IsoDuration, end: Instant, zone: TimeZone): Period {
  const span = spanFromAnchor(period.anchor, every, zone, end);
  // After a move to another zone an old end may lie just before a boundary: that rest is no period of its own.
  const belongsToNext = span.end - end < end - span.start;
  const next = belongsToNext ? spanFromAnchor(period.anchor, every, zone, span.end) : span;
  return { anchor: period.anchor, start: end, end: next.end };
}

/** Where the running period ends: a scheduled subscription's first one; null: it has none. */
export function periodEnd(subscription: LiveSubscription, zone: TimeZone): Instant | null {
  return subscription.status === 'SCHEDULED' ? firstPeriod(subscription, zone).end : subscription.period.end;
}

/** The period, or trial, with which a scheduled subscription will begin. */
export function firstPeriod(subscription: ScheduledSubscription, zone: TimeZone): Period {
  const { plan } = subscription.planVersion;
  const { startedAt } = subscription;
  if (!subscription.trial || plan.trial === null) return periodFrom(plan, startedAt, zone);
  return {
    anchor: startedAt,
    start: startedAt,
    end: spanFromAnchor(startedAt, plan.trial.for, zone, startedAt).end,
  };
}

/** What a subscription has in whatever status, and nothing else. */
export function baseOf(subscription: Subscription): SubscriptionBase {
  const { id, customerId, planVersion, addOns, quantities, prorations, creditsGiven } = subscription;
  const { startedAt, lastPaymentAt, moves, seatsReleasedAt } = subscription;
  return {
    ...{ id, customerId, planVersion, addOns, quantities, prorations, creditsGiven },
    ...{ startedAt, lastPaymentAt, moves, seatsReleasedAt },
  };
}

/** The subscription, ended for good at `at`. */
export function ended(
  subscription: LiveSubscription,
  status: EndedSubscription['status'],
  at: Instant,
  zone: TimeZone,
): EndedSubscription {
  const period = subscription.status === 'SCHEDULED' ? firstPeriod(subscription, zone) : subscription.period;
  return { ...baseOf(subscription), status, period, endedAt: at };
}
