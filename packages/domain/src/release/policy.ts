import type { MigrationPolicy } from '../catalog/catalog.js';
import type { Release } from '../customer.js';
import type { PlanKey } from '../ids.js';
import type { BoughtAddOn } from '../subscription/subscription.js';

/** What becomes of existing subscriptions to a plan. */
export function policyOf({ catalog }: Release, plan: PlanKey): MigrationPolicy {
  const { byPlan, default: policy } = catalog.existingSubscriptions;
  return byPlan.get(plan) ?? policy;
}

interface Versioned {
  readonly version: number;
}

/** Whether a release that moves subscriptions moves them from one version to another: what was bought between the two publications of a rollback stays. */
export function leadsOn(held: Versioned, sold: Versioned, { publication }: Release): boolean {
  return publication.undoesAfter === null ? held.version !== sold.version : held.version < sold.version;
}

/** An add-on as a release that moves subscriptions moves it; one that is sold no more stays as it is. */
export function addOnSoldNow(held: BoughtAddOn, release: Release): BoughtAddOn {
  const sold = release.addOnVersions.get(held.addOn.key);
  return sold !== undefined && leadsOn(held, sold, release) ? { ...held, ...sold } : held;
}
