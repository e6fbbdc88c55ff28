import type { Catalog, Transition } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { PlanKey } from '../ids.js';
import { badInput, notFound, type Refused } from './refusal.js';
import { otherInFamily } from './state.js';
import { addOnSoldNow, policyOf } from '../release/policy.js';
import type { AddOnQuantity, BoughtAddOn, PlanVersion, Subscription } from './subscription.js';

const ANYTHING_GOES = {
  takesEffect: 'now',
  usage: 'carry',
  seatsAbove: { kind: 'BLOCK' },
  addOnsNotOffered: 'drop',
} as const satisfies Omit<Transition, 'from' | 'to'>;
/** How one plan follows another. */
export type PlanRoute = Omit<Transition, 'from' | 'to'>;

/** The version under which a subscription to the plan is sold now, or why there can be none. */
export function sellablePlan(release: Release, key: PlanKey): PlanVersion | Refused {
  const sold = release.planVersions.get(key);
  if (sold === undefined)
    return notFound('plan', `there is no plan \`${key}\`; see \`plans\` for those that are sold`);
  if (sold.plan.model === 'PERPETUAL') {
    return badInput(
      'plan',
      `the plan \`${key}\` is perpetual and sold by licence alone; choose another plan`,
    );
  }
  return sold;
}

/** Null, or why the add-ons cannot be had with the plan. */
export function refusedAddOns(
  catalog: Catalog,
  plan: PlanKey,
  addOns: readonly AddOnQuantity[],
): Refused | null {
  const seen = new Set<string>();
  for (const { addOn, quantity } of addOns) {
    const offered = catalog.addOns.get(addOn);
    if (offered === undefined) return notFound('addOns', `there is no add-on \`${addOn}\``);
    if (!offered.with.includes(plan)) {
      return badInput(
        'addOns',
        `the add-on \`${addOn}\` is not sold with the plan \`${plan}\`; leave it out`,
      );
    }
    if (!Number.isSafeInteger(quantity) || quantity < 1) {
      return badInput(
        'addOns',
        `the quantity of the add-on \`${addOn}\` must be a whole number of at least 1`,
      );
    }
    if (seen.has(addOn))
      return badInput('addOns', `the add-on \`${addOn}\` is named twice; give its quantity instead`);
    seen.add(addOn);
  }
  return null;
}

/** For people: why there is no route. */
export function noTransition(from: PlanKey, to: PlanKey): string {
  return `no transition of the catalog leads from \`${from}\` to \`${to}\`; choose another plan, or publish a release that has one`;
}

/** The first transition of the live catalog that fits; null: the catalog has transitions and none fits. */
export function routeBetween(catalog: Catalog, from: PlanKey, to: PlanKey): PlanRoute | null {
  if (catalog.transitions === null) return ANYTHING_GOES;
  const fitting = catalog.transitions.find((one) => one.from.includes(from) && one.to.includes(to));
  if (fitting !== undefined) return fitting;
  return from === to ? ANYTHING_GOES : null;
}

/** The route of a change that nobody can refuse any more: by trial, grace, cancellation, or already scheduled. */
export function routeOfDueChange(catalog: Catalog, from: PlanKey, to: PlanKey): PlanRoute {
  return routeBetween(catalog, from, to) ?? ANYTHING_GOES;
}

/** Add-ons in the versions that are sold now. The catalog has them: see `refusedAddOns`. */
export function boughtNow(release: Release, addOns: readonly AddOnQuantity[]): readonly BoughtAddOn[] {
  return addOns.flatMap(({ addOn, quantity }) => {
    const sold = release.addOnVersions.get(addOn);
    return sold === undefined ? [] : [{ ...sold, quantity }];
  });
}

/** The add-ons that can be had with the plan; the others are dropped. */
export function offeredWith(
  catalog: Catalog,
  plan: PlanKey,
  addOns: readonly BoughtAddOn[],
): readonly BoughtAddOn[] {
  return addOns.filter(({ addOn }) => catalog.addOns.get(addOn.key)?.with.includes(plan) ?? false);
}

/**
 * What comes along to another plan: the add-ons that it is sold with, as they were bought, or, where the release moves
 * the plan's subscriptions, as they are sold now.
 */
export function takenAlong(
  release: Release,
  plan: PlanKey,
  addOns: readonly BoughtAddOn[],
): readonly BoughtAddOn[] {
  const offered = offeredWith(release.catalog, plan, addOns);
  return policyOf(release, plan) === 'stay' ? offered : offered.map((held) => addOnSoldNow(held, release));
}

/** The version of the plan that follows by itself; null: none, it is no longer sold, or its family is taken. */
export function fallbackPlan(
  account: CustomerAccount,
  release: Release,
  subscription: Subscription,
  key: PlanKey | null,
): PlanVersion | null {
  const sold = key === null ? undefined : release.planVersions.get(key);
  if (sold === undefined || sold.plan.model === 'PERPETUAL') return null;
  return otherInFamily(account, sold.plan.family, subscription.id) === undefined ? sold : null;
}
