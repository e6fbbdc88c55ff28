import { type Bought, Refusal, type Sold, type Subscription } from './account.js';
import { ADD_ONS, type AddOnKey } from './add-ons.js';
import type { FeatureKey } from './features.js';
import { PLANS, type PlanKey } from './plans.js';
import { TRANSITIONS, type TransitionSpec } from './transitions.js';
import { addOnsOf } from './windows.js';

export interface Lists {
  readonly addOns: Bought['addOns'] | null;
  readonly quantities: Bought['quantities'] | null;
}

export function transitionOf(from: PlanKey, to: PlanKey): TransitionSpec | undefined {
  return TRANSITIONS.find((one) => one.from.includes(from) && one.to.includes(to));
}

interface SoldByNumber {
  readonly feature: FeatureKey;
  readonly atLeast: number;
  readonly atMost: number;
  /** Where none is named. */
  readonly usual: number;
}

/** The features that a plan sells by number. */
export function soldByNumber(plan: PlanKey): SoldByNumber[] {
  return Object.entries(PLANS[plan].entitlements).flatMap(([feature, spec]) =>
    typeof spec === 'object' && 'bought' in spec
      ? [
          {
            feature: feature as FeatureKey,
            atLeast: spec.bought.atLeast,
            atMost: spec.bought.atMost,
            usual: spec.bought.default,
          },
        ]
      : [],
  );
}

/** What a customer names has to be sold with the plan, in a number that the plan sells. */
export function checkLists(plan: PlanKey, { addOns, quantities }: Lists): void {
  for (const key of Object.keys(addOns ?? {}) as AddOnKey[])
    if (!ADD_ONS[key].with.includes(plan)) throw new Refusal('BAD_USER_INPUT');
  for (const [feature, quantity] of Object.entries(quantities ?? {})) {
    const sold = soldByNumber(plan).find((one) => one.feature === feature);
    if (!sold || quantity < sold.atLeast || quantity > sold.atMost) throw new Refusal('BAD_USER_INPUT');
  }
}

/** The numbers in force: the plan's default where none is named. */
export function numbersOf({ plan, quantities }: Sold): [FeatureKey, number][] {
  return soldByNumber(plan).map(({ feature, usual }) => [feature, quantities[feature] ?? usual]);
}

/** Throws where a number that stays is not sold by the new plan, or an add-on may not be dropped. */
export function checkKept(subscription: Subscription, plan: PlanKey, lists: Lists): void {
  if (lists.addOns === null && refusesAddOns(subscription, plan)) throw new Refusal('CONFLICT');
  if (lists.quantities !== null) return;
  for (const { feature, atLeast, atMost } of soldByNumber(plan)) {
    const kept = subscription.quantities[feature];
    if (kept !== undefined && (kept < atLeast || kept > atMost)) throw new Refusal('CONFLICT');
  }
}

export function refusesAddOns(subscription: Subscription, plan: PlanKey): boolean {
  return (
    plan !== subscription.plan &&
    transitionOf(subscription.plan, plan)?.addOnsNotOffered === 'refuse' &&
    addOnsOf(subscription).some(([key]) => !ADD_ONS[key].with.includes(plan))
  );
}

/** What is bought once the plan has changed; a number that nobody can be asked about becomes the nearest that is sold. */
export function boughtWith(subscription: Subscription, plan: PlanKey, lists: Lists): Bought {
  const addOns =
    lists.addOns ??
    Object.fromEntries(addOnsOf(subscription).filter(([key]) => ADD_ONS[key].with.includes(plan)));
  if (lists.quantities !== null) return { addOns, quantities: lists.quantities };
  const kept = soldByNumber(plan).flatMap(({ feature, atLeast, atMost }) => {
    const number = subscription.quantities[feature];
    return number === undefined ? [] : [[feature, Math.min(atMost, Math.max(atLeast, number))]];
  });
  return { addOns, quantities: Object.fromEntries(kept) as Bought['quantities'] };
}
