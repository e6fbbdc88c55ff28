import type { CustomerAccount, Release } from '../customer.js';
import type { Instant, TimeZone } from '../time/instant.js';
import type { AccountChange, CommandOutcome, SubscriptionCommand } from './command.js';
import { fallenBack, movePlan } from './move-plan.js';
import { fallbackPlan } from './plan-choice.js';
import { unchanged } from './refusal.js';
import { ended, isStanding, periodEnd, record } from './state.js';
import type { LiveSubscription } from './subscription.js';
import { effectiveTime } from './timing.js';

type Cancel = Extract<SubscriptionCommand, { kind: 'cancel' }>;

/** A cancellation, now or later. It drops a scheduled change. */
export function cancel(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: Cancel,
  release: Release,
  now: Instant,
): CommandOutcome {
  const at = effectiveTime(
    command.timing,
    command.at,
    () => lastInstant(subscription, account.timeZone),
    now,
  );
  if (typeof at !== 'number') return at;
  if (at <= now) return { ok: true, ...cancelNow(account, subscription, release, now) };
  if (subscription.cancelAt === at) return unchanged(account);
  const after = { ...subscription, cancelAt: at, scheduledChange: null };
  return { ok: true, ...record(account, 'subscription.cancel_scheduled', now, subscription, after) };
}

/** A scheduled one, or one whose clock stands, has nothing to wait for; one in grace waits no longer than that. */
function lastInstant(subscription: LiveSubscription, zone: TimeZone): Instant | null {
  if (subscription.status === 'SCHEDULED' || isStanding(subscription)) return null;
  const end = periodEnd(subscription, zone);
  if (subscription.status !== 'PAST_DUE' || end === null) return end;
  return subscription.graceEndsAt < end ? subscription.graceEndsAt : end;
}

/** A cancellation takes effect at `at`: the plan's `onCancel` follows, else the subscription is CANCELED. */
export function cancelNow(
  account: CustomerAccount,
  subscription: LiveSubscription,
  release: Release,
  at: Instant,
): AccountChange {
  if (subscription.status !== 'SCHEDULED') {
    const { onCancel } = subscription.planVersion.plan;
    const to = fallbackPlan(account, release, subscription, onCancel);
    if (to !== null) {
      const after = { ...fallenBack(account, release, subscription, to, at), cancelAt: null };
      return movePlan(account, release, { before: subscription, after, at });
    }
  }
  const after = ended(subscription, 'CANCELED', at, account.timeZone);
  return record(account, 'subscription.canceled', at, subscription, after);
}

/** Takes back a cancellation that has not happened yet; where there is none nothing changes. */
export function uncancel(
  account: CustomerAccount,
  subscription: LiveSubscription,
  now: Instant,
): CommandOutcome {
  if (subscription.cancelAt === null) return unchanged(account);
  const after = { ...subscription, cancelAt: null };
  return { ok: true, ...record(account, 'subscription.cancel_withdrawn', now, subscription, after) };
}
