import {
  type BoughtAddOn,
  boughtOf,
  type Instant,
  type PlanVersion,
  type ScheduledChange,
  type Subscription,
} from '@licet/domain';
import type {
  FeatureQuantityType,
  PlanSubscriptionType,
  ScheduledChangeType,
  SubscriptionAddOnType,
} from './subscription-types.js';

/** One that has not started has no period yet: it will begin when the subscription does. */
export function toSubscription(subscription: Subscription): PlanSubscriptionType {
  const { id, customerId, planVersion, addOns, status, startedAt } = subscription;
  const period = 'period' in subscription ? subscription.period : { start: startedAt, end: null };
  return {
    id,
    customerId,
    sold: planVersion,
    addOns: toAddOns(addOns),
    quantities: toQuantities(boughtOf(subscription)),
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
      'scheduledChange' in subscription ? toScheduledChange(subscription.scheduledChange, planVersion) : null,
  };
}

function trialEndOf(subscription: Subscription): Instant | null {
  const running = subscription.status === 'PAUSED' ? subscription.from : subscription;
  return running.status === 'TRIALING' ? running.trialEndsAt : null;
}

function toScheduledChange(change: ScheduledChange | null, sold: PlanVersion): ScheduledChangeType | null {
  if (change === null) return null;
  const { to, at, addOns, quantities } = change;
  return {
    plan: (to ?? sold).plan.key,
    at,
    addOns: addOns && toAddOns(addOns),
    quantities: quantities && toQuantities(quantities),
  };
}

function toAddOns(addOns: readonly BoughtAddOn[]): SubscriptionAddOnType[] {
  return addOns.map(({ addOn, version, quantity }) => ({ addOn: addOn.key, version, quantity }));
}

function toQuantities(quantities: ReadonlyMap<string, number>): FeatureQuantityType[] {
  return [...quantities].map(([feature, quantity]) => ({ feature, quantity }));
}
