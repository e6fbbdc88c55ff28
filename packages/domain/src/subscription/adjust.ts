import type { CustomerAccount, Release } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { boughtOf, refusedQuantities, sameAddOns, sameQuantities } from './bought.js';
import type { CommandOutcome, SubscriptionCommand } from './command.js';
import { boughtNow, refusedAddOns } from './plan-choice.js';
import { unchanged } from './refusal.js';
import { changeTime, schedule } from './scheduled-change.js';
import { record } from './state.js';
import type { LiveSubscription } from './subscription.js';

type Adjust = Extract<SubscriptionCommand, { kind: 'adjust' }>;

/** Other add-ons or quantities on the same plan, now or later. An adjustment now leaves a scheduled change standing. */
export function adjust(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: Adjust,
  release: Release,
  now: Instant,
): CommandOutcome {
  const { quantities } = command;
  const { plan } = subscription.planVersion;
  const refused =
    refusedAddOns(release.catalog, plan.key, command.addOns ?? []) ?? refusedQuantities(plan, quantities);
  if (refused !== null) return refused;
  const time = changeTime(account, subscription, { ...command, toOtherPlan: false }, now);
  if ('ok' in time) return time;
  const addOns = command.addOns && boughtNow(release, command.addOns);
  if (addOns === null && quantities === null) return unchanged(account);
  if (time.waits) {
    const later = { to: null, at: time.at, addOns, quantities };
    return schedule(account, subscription, later, { scheduled: 'replaced', now });
  }
  const after = {
    ...subscription,
    addOns: addOns ?? subscription.addOns,
    quantities: quantities ?? subscription.quantities,
  };
  if (isSame(subscription, after)) return unchanged(account);
  return { ok: true, ...record(account, 'subscription.adjusted', now, subscription, after) };
}

function isSame(before: LiveSubscription, after: LiveSubscription): boolean {
  return sameAddOns(before.addOns, after.addOns) && sameQuantities(boughtOf(before), boughtOf(after));
}
