import { canonicalJson } from '../catalog/canonical-json.js';
import type { AddOn, Catalog, Plan } from '../catalog/catalog.js';
import type { Release } from '../customer.js';
import type { AddOnKey, PlanKey } from '../ids.js';
import type { AddOnVersion, PlanVersion } from '../subscription/subscription.js';

/**
 * The versions under which a catalog sells its plans when it follows `base`. A plan that sells the same keeps its
 * version; another gets the number after the highest that the plan ever had (`newest`).
 */
export function planVersionsAfter(
  catalog: Catalog,
  base: Release,
  newest: ReadonlyMap<string, number>,
): Map<PlanKey, PlanVersion> {
  const versions = new Map<PlanKey, PlanVersion>();
  for (const plan of catalog.plans.values()) {
    const sold = base.planVersions.get(plan.key);
    const version =
      sold !== undefined && isSameOffer(sold.plan, plan) ? sold.version : (newest.get(plan.key) ?? 0) + 1;
    versions.set(plan.key, { plan, version });
  }
  return versions;
}

/** The same for add-ons: one that gives the same keeps its version, whatever it is called and sold with. */
export function addOnVersionsAfter(
  catalog: Catalog,
  base: Release,
  newest: ReadonlyMap<string, number>,
): Map<AddOnKey, AddOnVersion> {
  const versions = new Map<AddOnKey, AddOnVersion>();
  for (const addOn of catalog.addOns.values()) {
    const sold = base.addOnVersions.get(addOn.key);
    const version =
      sold !== undefined && givesTheSame(sold.addOn, addOn) ? sold.version : (newest.get(addOn.key) ?? 0) + 1;
    versions.set(addOn.key, { addOn, version });
  }
  return versions;
}

/** Whether two plans sell the same. Their names may differ: a name is the live release's for all. */
export function isSameOffer(one: Plan, other: Plan): boolean {
  return offerText(one) === offerText(other);
}

function offerText({ name: _name, entitlements, ...rest }: Plan): string {
  return canonicalJson({ ...rest, entitlements: Object.fromEntries(entitlements) });
}

function givesTheSame(one: AddOn, other: AddOn): boolean {
  return entitlementsText(one) === entitlementsText(other);
}

function entitlementsText({ entitlements }: AddOn): string {
  return canonicalJson(Object.fromEntries(entitlements));
}
