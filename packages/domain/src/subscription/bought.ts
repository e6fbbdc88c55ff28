import type { Plan, PlanEntitlement } from '../catalog/catalog.js';
import type { FeatureKey } from '../ids.js';
import { badInput, type Refused } from './refusal.js';
import type { BoughtAddOn, Subscription } from './subscription.js';

/** Units by feature, as a sale names them. */
export type Quantities = ReadonlyMap<FeatureKey, number>;
type Bought = Extract<PlanEntitlement, { kind: 'BOUGHT' }>;

/** The number bought of each feature that the plan sells by number: the one that was chosen, else the default. */
export function boughtOf({
  planVersion,
  quantities,
}: Pick<Subscription, 'planVersion' | 'quantities'>): Quantities {
  return new Map(
    soldByNumber(planVersion.plan).map(([key, offer]) => [key, quantities.get(key) ?? offer.default]),
  );
}

/** Null, or why the plan does not sell these quantities, by their place in the list. */
export function refusedQuantities(plan: Plan, quantities: Quantities | null): Refused | null {
  for (const [index, [key, quantity]] of [...(quantities ?? [])].entries()) {
    const offer = plan.entitlements.get(key);
    if (offer?.kind !== 'BOUGHT') {
      return badInput(
        `quantities.${String(index)}.feature`,
        `the plan \`${plan.key}\` does not sell \`${key}\` by number; leave it out`,
      );
    }
    if (!Number.isSafeInteger(quantity) || quantity !== within(offer, quantity)) {
      return badInput(
        `quantities.${String(index)}.quantity`,
        `of \`${key}\` the plan \`${plan.key}\` sells ${bounds(offer)}, not ${String(quantity)}`,
      );
    }
  }
  return null;
}

/** What is kept of the quantities under a plan that nobody chose them for: each the nearest that the plan sells. */
export function quantitiesUnder(plan: Plan, quantities: Quantities): Quantities {
  return new Map(
    soldByNumber(plan).flatMap(([key, offer]) => {
      const quantity = quantities.get(key);
      return quantity === undefined ? [] : [[key, within(offer, quantity)] as const];
    }),
  );
}

/** What is sold by number, in units: the number that was chosen, else the default. */
export function inUnits(given: PlanEntitlement, chosen?: number): PlanEntitlement {
  if (given.kind !== 'BOUGHT') return given;
  return { kind: 'UNITS', limit: chosen ?? given.default, enforcement: { kind: 'HARD' } };
}

function soldByNumber({ entitlements }: Plan): (readonly [FeatureKey, Bought])[] {
  return [...entitlements].flatMap(([key, offer]) =>
    offer.kind === 'BOUGHT' ? [[key, offer] as const] : [],
  );
}

function within({ atLeast, atMost }: Bought, quantity: number): number {
  return Math.max(atLeast, atMost === null ? quantity : Math.min(atMost, quantity));
}

function bounds({ atLeast, atMost }: Bought): string {
  return atMost === null ? `at least ${String(atLeast)}` : `${String(atLeast)} to ${String(atMost)}`;
}

export function sameQuantities(one: Quantities, other: Quantities): boolean {
  return one.size === other.size && [...one].every(([key, quantity]) => other.get(key) === quantity);
}

/** In whatever order they are named. */
export function sameAddOns(one: readonly BoughtAddOn[], other: readonly BoughtAddOn[]): boolean {
  const held = new Map(other.map((bought) => [bought.addOn.key, bought]));
  const isHeld = ({ addOn, version, quantity }: BoughtAddOn): boolean => {
    const twin = held.get(addOn.key);
    return twin?.version === version && twin.quantity === quantity;
  };
  return one.length === other.length && one.every(isHeld);
}
