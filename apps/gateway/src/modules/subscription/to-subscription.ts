import type { Instant, ScheduledChange, Subscription } from '@licet/domain';
import type { PlanSubscriptionType, ScheduledChangeType } from './subscription-types.js';

/** One that has not started has no period yet: it will begin when the subscription does. */
export function toSubscription(subscription: Subscription): PlanSubscriptionType {
  const { id, customerId, planVersion, addOns, quantities, status, startedAt } = subscription;
  const period = 'period' in subscription ? subscription.period : { start: startedAt, end: null };
  return {
    id,
    customerId,
    sold: planVersion,
    addOns: addOns.map(({ addOn, version, quantity }) => ({ addOn: addOn.key, version, quantity })),
    quantities: [...quantities].map(([feature, quantity]) => ({ feature, quantity })),
    status,
    startedAt,
    currentPeriodStart: period.start,
    currentPeriodEnd: period.end,
    trialEndsAt: trialEndOf(subscription),
    graceEndsAt: 'graceEndsAt' in subscription ? subscription.graceEndsAt : null,
    cancelAt: 'cancelAt' in subscription ? subscription.cancelAt : null,
    pausedAt: subscription.status === 'PAUSED' ? subscription.pausedAt : null,
    resumesAt: subscription.status === 'PAUSED' ? subscription.resumesAt : null,
    endedAt: 'endedAt' in subscription ? subscription.endedAt : null,
    scheduledChange:
      'scheduledChange' in subscription ? toScheduledChange(subscription.scheduledChange) : null,
  };
}

function trialEndOf(subscription: Subscription): Instant | null {
  const running = subscription.status === 'PAUSED' ? subscription.from : subscription;
  return running.status === 'TRIALING' ? running.trialEndsAt : null;
}

function toScheduledChange(change: ScheduledChange | null): ScheduledChangeType | null {
  return change && { plan: change.to.plan.key, at: change.at };
}
