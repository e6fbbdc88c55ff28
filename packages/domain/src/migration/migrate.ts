import type { CustomerAccount, Release } from '../customer.js';
import type { SubscriptionId } from '../ids.js';
import { changeTo } from '../subscription/change-plan.js';
import type { CommandOutcome } from '../subscription/command.js';
import { settled } from '../subscription/execute.js';
import { unchanged } from '../subscription/refusal.js';
import { isLive } from '../subscription/state.js';
import type { Instant } from '../time/instant.js';
import type { Migration } from './migration.js';
import { refusedTarget } from './target.js';

/**
 * What a migration makes of one subscription at `now`: the change that a caller could ask for, but for what the customer
 * has scheduled, which stays. One that has ended, or is on another version by now, is left alone. Everything due until
 * `now` must have been applied. docs/rules.md, "Plan migrations".
 */
export function migrate(
  account: CustomerAccount,
  id: SubscriptionId,
  migration: Migration,
  release: Release,
  now: Instant,
): CommandOutcome {
  const subscription = account.subscriptions.find((one) => one.id === id);
  if (subscription === undefined || !isLive(subscription)) return unchanged(account);
  const { plan, version } = subscription.planVersion;
  const { from, to, timing, at } = migration;
  if (plan.key !== from.plan || version !== from.version) return unchanged(account);
  // A release may have gone live since the migration was asked for.
  const refusal = refusedTarget(to, release);
  if (refusal !== null) return refusal;
  // Whose turn comes after `at` is late, not wrong.
  const when = at !== null && at <= now ? ({ timing: 'NOW', at: null } as const) : { timing, at };
  const change = { to, addOns: null, quantities: null, scheduled: 'kept', ...when } as const;
  return settled(changeTo(account, subscription, change, release, now), release, now, now);
}
