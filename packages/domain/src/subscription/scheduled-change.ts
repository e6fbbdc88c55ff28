import type { CustomerAccount, Release } from '../customer.js';
import { endsAboveLimit } from '../seats/above-limit.js';
import { promisedVersion } from '../release/version-move.js';
import { formatInstant, type Instant } from '../time/instant.js';
import { quantitiesUnder, sameAddOns, sameQuantities } from './bought.js';
import type { AccountChange, ChangeTiming, CommandOutcome } from './command.js';
import { movePlan, onPlan, type Offer } from './move-plan.js';
import { routeOfDueChange, takenAlong } from './plan-choice.js';
import { conflict, unchanged, type Refused } from './refusal.js';
import { isStanding, otherInFamily, periodEnd, record, withSubscription } from './state.js';
import type { LiveSubscription, PlanVersion, ScheduledChange } from './subscription.js';
import { effectiveTime } from './timing.js';

/** When a change takes effect, and whether it waits for that. */
export interface ChangeTime {
  readonly at: Instant;
  readonly waits: boolean;
}

/** When what is asked takes effect; refused where the subscription is cancelled by then. */
export function changeTime(
  account: CustomerAccount,
  subscription: LiveSubscription,
  asked: { readonly timing: ChangeTiming; readonly at: Instant | null; readonly toOtherPlan: boolean },
  now: Instant,
): ChangeTime | Refused {
  const { timing } = asked;
  const at = effectiveTime(timing, asked.at, () => periodEnd(subscription, account.timeZone), now);
  if (typeof at !== 'number') return at;
  // What changes now comes before a cancellation that waits for the resume, though the end that is shown has passed.
  const isNow = timing === 'NOW' && !asked.toOtherPlan;
  if (!isNow && subscription.cancelAt !== null && at >= subscription.cancelAt) {
    const field = asked.at === null ? 'timing' : 'at';
    return conflict(field, 'the subscription is cancelled by then; take that back first');
  }
  // While the clock stands the period's end is ahead, whatever the time.
  const stands = timing === 'PERIOD_END' && isStanding(subscription) && at === subscription.period.end;
  return { at, waits: at > now || stands };
}

/** Puts the change in the place of one that is scheduled; CONFLICT where that is to be `kept`, and the customer's choice. */
export function schedule(
  account: CustomerAccount,
  subscription: LiveSubscription,
  change: ScheduledChange,
  { now, scheduled }: { readonly now: Instant; readonly scheduled: 'replaced' | 'kept' },
): CommandOutcome {
  const { scheduledChange } = subscription;
  if (scheduledChange !== null) {
    if (isSameChange(scheduledChange, change)) return unchanged(account);
    if (scheduled === 'kept' && isChosen(scheduledChange, subscription))
      return conflict(null, alreadyScheduled(scheduledChange));
  }
  const after = { ...subscription, scheduledChange: change };
  return { ok: true, ...record(account, 'subscription.change_scheduled', now, subscription, after) };
}

/** Another plan, or what is bought, is the customer's choice; another version of the plan is the vendor's. */
function isChosen({ to, addOns, quantities }: ScheduledChange, { planVersion }: LiveSubscription): boolean {
  return to?.plan.key !== planVersion.plan.key || addOns !== null || quantities !== null;
}

function alreadyScheduled({ to, at }: ScheduledChange): string {
  const what = to === null ? 'an adjustment' : `a change to \`${to.plan.key}\``;
  return `${what} is scheduled for \`${formatInstant(at)}\`; withdraw it, or change this subscription by itself`;
}

function isSameChange(one: ScheduledChange, other: ScheduledChange): boolean {
  return (
    one.at === other.at &&
    one.to?.plan.key === other.to?.plan.key &&
    one.to?.version === other.to?.version &&
    isSame(one.addOns, other.addOns, sameAddOns) &&
    isSame(one.quantities, other.quantities, sameQuantities)
  );
}

function isSame<T>(one: T | null, other: T | null, same: (one: T, other: T) => boolean): boolean {
  return one === null || other === null ? one === other : same(one, other);
}

/** Takes a scheduled change back; where there is none nothing changes. */
export function withdrawScheduledChange(
  account: CustomerAccount,
  subscription: LiveSubscription,
  now: Instant,
): CommandOutcome {
  if (subscription.scheduledChange === null) return unchanged(account);
  const after = { ...subscription, scheduledChange: null };
  return { ok: true, ...record(account, 'subscription.change_withdrawn', now, subscription, after) };
}

/** A scheduled change whose time has come: made, or refused where the catalog has changed so that it cannot be. */
export function makeScheduledChange(
  account: CustomerAccount,
  subscription: LiveSubscription,
  change: ScheduledChange,
  release: Release,
): AccountChange {
  const { at } = change;
  const to =
    change.to === null
      ? subscription.planVersion
      : promisedVersion({ to: change.to, at }, subscription, release);
  const offer = offerWhenDue(subscription, change, release, to);
  if (change.to === null) {
    const { addOns, quantities } = offer;
    const after = { ...subscription, addOns, quantities, scheduledChange: null };
    return record(account, 'subscription.adjusted', at, subscription, after);
  }
  const { key, family } = to.plan;
  const route = routeOfDueChange(release.catalog, subscription.planVersion.plan.key, key);
  const wanted = change.addOns ?? subscription.addOns;
  const losesAddOns = offer.addOns.length < wanted.length && route.addOnsNotOffered === 'refuse';
  if (losesAddOns || otherInFamily(account, family, subscription.id) !== undefined) {
    const after = { ...subscription, scheduledChange: null };
    return record(account, 'subscription.change_refused', at, subscription, after);
  }
  const after = onPlan(subscription, offer, at, account.timeZone);
  const isAbove = endsAboveLimit(account, withSubscription(account, after), release, at) !== null;
  if (isAbove && route.seatsAbove.kind === 'REFUSE') {
    const kept = { ...subscription, scheduledChange: null };
    return record(account, 'subscription.change_refused', at, subscription, kept);
  }
  return movePlan(account, release, { before: subscription, after, at });
}

/** What nobody can be asked about any more: add-ons that are not sold with the plan are left out, quantities are kept in bounds. */
function offerWhenDue(
  subscription: LiveSubscription,
  { addOns, quantities }: ScheduledChange,
  release: Release,
  to: PlanVersion,
): Offer {
  return {
    to,
    addOns: takenAlong(release, to.plan.key, addOns ?? subscription.addOns),
    quantities: quantitiesUnder(to.plan, quantities ?? subscription.quantities),
  };
}
