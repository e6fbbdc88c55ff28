import type { CustomerAccount, Release } from '../customer.js';
import { holdingsOf, isLicense } from '../holding.js';
import type { AddOnKey, PlanKey } from '../ids.js';
import type { BoughtAddOn, PlanVersion, Subscription } from '../subscription/subscription.js';

/** What of the catalog a customer has, or comes to by the passing of time alone: what else is sold is not its matter. */
export interface Reached {
  readonly plans: ReadonlySet<PlanKey>;
  readonly addOns: ReadonlySet<AddOnKey>;
}

export function reachedBy(account: CustomerAccount, release: Release): Reached {
  const plans = new Set<PlanKey>();
  const ahead = [...holdingsOf(account).flatMap(versionsOf)];
  for (let version = ahead.pop(); version !== undefined; version = ahead.pop()) {
    const { key } = version.plan;
    const sold = plans.has(key) ? undefined : release.planVersions.get(key);
    plans.add(key);
    if (sold !== undefined) ahead.push(sold);
    ahead.push(...followersOf(version).flatMap((next) => unseen(next, plans, release)));
  }
  const addOns = account.subscriptions.flatMap(addOnsOf).map(({ addOn }) => addOn.key);
  return { plans, addOns: new Set(addOns) };
}

function unseen(key: PlanKey, seen: ReadonlySet<PlanKey>, { planVersions }: Release): PlanVersion[] {
  const sold = seen.has(key) ? undefined : planVersions.get(key);
  return sold === undefined ? [] : [sold];
}

function versionsOf(holding: ReturnType<typeof holdingsOf>[number]): PlanVersion[] {
  if (isLicense(holding)) return [holding.planVersion];
  const change = changeOf(holding)?.to ?? null;
  return [
    holding.planVersion,
    ...holding.moves.map(({ from }) => from),
    ...(change === null ? [] : [change]),
  ];
}

function followersOf({ plan: { trial, onExpiry, onCancel } }: PlanVersion): PlanKey[] {
  const afterTrial = trial?.then.kind === 'PLAN' ? trial.then.plan : null;
  return [afterTrial, onExpiry, onCancel].flatMap((key) => (key === null ? [] : [key]));
}

function addOnsOf(subscription: Subscription): BoughtAddOn[] {
  return [
    ...subscription.addOns,
    ...(changeOf(subscription)?.addOns ?? []),
    ...subscription.moves.flatMap(({ addOns }) => addOns.map(({ from }) => from)),
  ];
}

function changeOf(subscription: Subscription) {
  return 'scheduledChange' in subscription ? subscription.scheduledChange : null;
}
