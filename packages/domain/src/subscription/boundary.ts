import type { Instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import { waits } from './pause.js';
import { isStanding } from './state.js';
import type { LiveSubscription, PausedSubscription, Subscription } from './subscription.js';

/**
 * The earliest instant after `after` at which time alone changes the subscription in more than a plain renewal:
 * start, trial end, grace end, resume, cancellation, scheduled change. Null: never.
 */
export function nextSubscriptionBoundary(subscription: Subscription, after: Instant): Instant | null {
  let next: Instant | null = null;
  for (const at of boundaries(subscription)) {
    if (at !== null && at > after && (next === null || at < next)) next = at;
  }
  return next;
}

function boundaries(subscription: Subscription): readonly (Instant | null)[] {
  switch (subscription.status) {
    case 'SCHEDULED':
      return [subscription.startedAt, ...pending(subscription)];
    case 'TRIALING':
      return [subscription.trialEndsAt, ...pending(subscription)];
    case 'ACTIVE':
      return pending(subscription);
    case 'PAST_DUE':
      return [subscription.graceEndsAt, ...pending(subscription)];
    case 'PAUSED':
      return [subscription.resumesAt, ...pendingInPause(subscription)];
    case 'CANCELED':
    case 'EXPIRED':
      return [];
    default:
      return unreachable(subscription);
  }
}

function pendingInPause(subscription: PausedSubscription): readonly (Instant | null)[] {
  if (!isStanding(subscription)) return pending(subscription);
  return waits(subscription) ? [] : [subscription.cancelAt];
}

function pending(subscription: LiveSubscription): readonly (Instant | null)[] {
  return [subscription.cancelAt, subscription.scheduledChange?.at ?? null];
}
