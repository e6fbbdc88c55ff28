import { parseAddOnKey, parseFeatureKey, parsePlanKey, parseSubscriptionId } from '@licet/domain';
import type { AddOnQuantity, FeatureKey, PlanKey, SubscriptionId } from '@licet/domain';
import { badInput, notFound } from '../../errors/api-error.js';
import { boundList } from '../arguments.js';
import type { AddOnInput, FeatureQuantityInput } from './subscription-inputs.js';

/** A text that can be a plan's key; anything else names no plan. */
export function readPlanKey(field: string, text: string): PlanKey {
  const key = parsePlanKey(text);
  if (key === null) throw notFound(field, `there is no plan \`${text}\`; \`plans\` lists them`);
  return key;
}

export function readSubscriptionId(field: string, text: string): SubscriptionId {
  const id = parseSubscriptionId(text);
  if (id === null) throw notFound(field, `there is no subscription \`${text}\``);
  return id;
}

/** Add-ons, each once and at least 1 of it; null where left out. */
export function readAddOns(field: string, inputs: AddOnInput[] | null | undefined): AddOnQuantity[] | null {
  const seen = new Set<string>();
  return readEach(field, inputs, ({ addOn, quantity }, path) => {
    const key = parseAddOnKey(addOn);
    if (key === null) throw notFound(`${path}.addOn`, `there is no add-on \`${addOn}\``);
    if (seen.has(key))
      throw badInput(`${path}.addOn`, `the add-on \`${addOn}\` is named twice; say its quantity`);
    if (quantity < 1) throw badInput(`${path}.quantity`, 'an add-on is bought at least once');
    seen.add(key);
    return { addOn: key, quantity };
  });
}

/** Units bought by feature, each named once; null where left out. */
export function readQuantities(
  field: string,
  inputs: FeatureQuantityInput[] | null | undefined,
): ReadonlyMap<FeatureKey, number> | null {
  const quantities = new Map<FeatureKey, number>();
  readEach(field, inputs, ({ feature, quantity }, path) => {
    const key = parseFeatureKey(feature);
    if (key === null)
      throw notFound(`${path}.feature`, `there is no feature \`${feature}\`; \`features\` lists them`);
    if (quantities.has(key)) throw badInput(`${path}.feature`, `the feature \`${feature}\` is named twice`);
    quantities.set(key, quantity);
  });
  return inputs ? quantities : null;
}

function readEach<T, U>(
  field: string,
  inputs: readonly T[] | null | undefined,
  read: (input: T, path: string) => U,
): U[] | null {
  return boundList(field, inputs)?.map((input, index) => read(input, `${field}.${String(index)}`)) ?? null;
}
