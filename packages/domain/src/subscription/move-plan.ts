import type { UsageOnChange } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { PendingMove } from '../release/version-move.js';
import { addDuration } from '../time/calendar.js';
import { type Instant, instant, type TimeZone } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import { resetWindows } from './anchors.js';
import { type Quantities, quantitiesUnder } from './bought.js';
import type { AccountChange } from './command.js';
import { awake, clockOf, waits } from './pause.js';
import { routeOfDueChange, takenAlong } from './plan-choice.js';
import { prorationsOf } from './prorate.js';
import { baseOf, isTrial, periodFrom, periodUnder, record } from './state.js';
import type {
  ActiveSubscription,
  BoughtAddOn,
  LiveSubscription,
  PausedFrom,
  PausedSubscription,
  Period,
  PlanVersion,
  ScheduledSubscription,
  Subscription,
} from './subscription.js';

/** What a subscription is to hold. */
export interface Offer {
  readonly to: PlanVersion;
  readonly addOns: readonly BoughtAddOn[];
  readonly quantities: Quantities;
}

export interface PlanMove {
  readonly before: LiveSubscription;
  readonly after: LiveSubscription;
  readonly at: Instant;
}

/**
 * Writes a move to another plan: its event, and what the matching transition's `usage` says: new windows, or limits that
 * are prorated until the running ones are over.
 */
export function movePlan(account: CustomerAccount, release: Release, move: PlanMove): AccountChange {
  const { before, at } = move;
  const usage = usageOf(move, release);
  const prorations = usage === 'prorate' ? prorationsOf(account, release, move) : NOTHING_PRORATED;
  const after = { ...move.after, prorations, seatsReleasedAt: releaseTime(account, move, release) };
  const changed = record(account, 'subscription.plan_changed', at, before, after);
  if (usage !== 'reset') return withTrialGiven(changed, after);
  const reset = resetWindows(changed.account, release, move);
  return withTrialGiven({ account: reset.account, events: [...changed.events, ...reset.events] }, after);
}

/** When seats above the limit go: the last change alone counts. Null: they stay. */
function releaseTime(
  { timeZone }: CustomerAccount,
  { before, after, at }: PlanMove,
  { catalog }: Release,
): Instant | null {
  if (before.status === 'SCHEDULED') return null;
  const route = routeOfDueChange(catalog, before.planVersion.plan.key, after.planVersion.plan.key);
  return route.seatsAbove.kind === 'RELEASE_NEWEST_AFTER'
    ? addDuration(at, route.seatsAbove.after, timeZone)
    : null;
}

const NOTHING_PRORATED: Subscription['prorations'] = new Map();

/** Before it has begun a subscription has used nothing. */
function usageOf({ before, after }: PlanMove, { catalog }: Release): UsageOnChange {
  if (before.status === 'SCHEDULED') return 'carry';
  return routeOfDueChange(catalog, before.planVersion.plan.key, after.planVersion.plan.key).usage;
}

/** A publication moves the subscription to other versions of its plan and add-ons. What the customer has scheduled stays. */
export function moveVersion(
  account: CustomerAccount,
  before: LiveSubscription,
  { to, at, addOns, moves }: PendingMove,
  release: Release,
): AccountChange {
  const quantities = quantitiesUnder(to.plan, before.quantities);
  const moved = onPlan(before, { to, addOns, quantities }, at, account.timeZone);
  const after = { ...moved, moves, scheduledChange: before.scheduledChange };
  if (to.version === before.planVersion.version)
    return record(account, 'subscription.adjusted', at, before, after);
  return movePlan(account, release, { before, after, at });
}

/** A trial that goes on under a plan of another family is that family's trial, too. */
function withTrialGiven(change: AccountChange, after: LiveSubscription): AccountChange {
  if (!isTrial(after)) return change;
  const { family } = after.planVersion.plan;
  if (change.account.trialsGiven.has(family)) return change;
  const trialsGiven = new Set([...change.account.trialsGiven, family]);
  return { ...change, account: { ...change.account, trialsGiven } };
}

/** The subscription on another plan from `at` on; its status is kept, save for a trial where the plan has none. */
export function onPlan(
  subscription: LiveSubscription,
  { to, addOns, quantities }: Offer,
  at: Instant,
  zone: TimeZone,
): LiveSubscription {
  const { plan } = subscription.planVersion;
  const moved = { planVersion: to, addOns, quantities, scheduledChange: null, moves: [] };
  switch (subscription.status) {
    case 'SCHEDULED':
      return { ...subscription, ...moved, trial: subscription.trial && to.plan.trial !== null };
    case 'TRIALING':
      return to.plan.trial === null
        ? active({ ...subscription, ...moved }, periodFrom(to.plan, at, zone))
        : { ...subscription, ...moved };
    case 'PAUSED': {
      if (subscription.from.status === 'TRIALING' && to.plan.trial !== null)
        return { ...subscription, ...moved };
      const period = pausedPeriod(subscription, to, at, zone);
      const cancelAt = cancellationUnder(period, subscription, at);
      return { ...subscription, ...moved, from: activeIn(subscription), period, cancelAt };
    }
    case 'ACTIVE':
    case 'PAST_DUE':
      return { ...subscription, ...moved, period: periodUnder(to.plan, plan, subscription.period, at, zone) };
    default:
      return unreachable(subscription);
  }
}

/** A trial that the plan does not have is over, paused or not. */
function activeIn({ from }: PausedSubscription): PausedFrom {
  return from.status === 'ACTIVE' ? from : { status: 'ACTIVE', failed: false };
}

/** A period that begins while the clock stands begins where that stands, and so has its whole length after the resume. */
function pausedPeriod(paused: PausedSubscription, to: PlanVersion, at: Instant, zone: TimeZone): Period {
  const since = clockOf(paused, at);
  return paused.from.status === 'TRIALING'
    ? periodFrom(to.plan, since, zone)
    : periodUnder(to.plan, paused.planVersion.plan, paused.period, since, zone);
}

/** One that waited for the resume, with a period that is no more, comes as much later as the pause has lasted so far. */
function cancellationUnder(period: Period, paused: PausedSubscription, at: Instant): Instant | null {
  const { cancelAt, pausedAt } = paused;
  return waits(paused) && cancelAt !== null && cancelAt !== period.end
    ? instant(cancelAt + (at - pausedAt))
    : cancelAt;
}

/** The subscription ACTIVE on the plan that follows by trial, grace or cancellation. A scheduled change is dropped. */
export function fallenBack(
  account: CustomerAccount,
  release: Release,
  before: Exclude<LiveSubscription, ScheduledSubscription>,
  to: PlanVersion,
  at: Instant,
): ActiveSubscription {
  const zone = account.timeZone;
  const subscription = awake(before, at, zone);
  const { plan } = subscription.planVersion;
  const period =
    subscription.status === 'TRIALING'
      ? periodFrom(to.plan, at, zone)
      : periodUnder(to.plan, plan, subscription.period, at, zone);
  const addOns = takenAlong(release, to.plan.key, subscription.addOns);
  const quantities = quantitiesUnder(to.plan, subscription.quantities);
  const moved = { planVersion: to, addOns, quantities, scheduledChange: null, moves: [] };
  return active({ ...subscription, ...moved }, period);
}

/** The subscription ACTIVE in the given period, without what only trials and grace have. */
export function active(
  subscription: LiveSubscription,
  period: ActiveSubscription['period'],
): ActiveSubscription {
  const { cancelAt, scheduledChange } = subscription;
  return Object.assign(baseOf(subscription), {
    status: 'ACTIVE' as const,
    period,
    cancelAt,
    scheduledChange,
  });
}
