import type { CustomerAccount } from '../customer.js';
import type { Instant } from '../time/instant.js';
import type { AccountChange } from './command.js';
import { periodAfter, record } from './state.js';
import type { ActiveSubscription, PastDueSubscription, PausedSubscription } from './subscription.js';

/** The next period begins by itself where one ends; nothing waits for a payment report. */
export function renew(
  account: CustomerAccount,
  subscription: ActiveSubscription | PastDueSubscription | PausedSubscription,
  at: Instant,
): AccountChange {
  const every = subscription.planVersion.plan.period;
  // Only a plan without a period has none, and then nothing is due.
  const period =
    every === null
      ? { ...subscription.period, end: null }
      : periodAfter(subscription.period, every, at, account.timeZone);
  return record(account, 'subscription.renewed', at, subscription, { ...subscription, period });
}
