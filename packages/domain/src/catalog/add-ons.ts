import type { AddOnKey, FeatureKey, PlanKey } from '../ids.js';
import type { AddOn, Feature, Plan } from './catalog.js';
import type { AddOnDocument } from './document.js';
import { readEntitlements } from './entitlements.js';
import { checkBlocks } from './plans.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';

export function buildAddOn(
  key: AddOnKey,
  addOn: AddOnDocument,
  features: ReadonlyMap<FeatureKey, Feature>,
  plans: ReadonlyMap<PlanKey, Plan>,
  report: Report,
): AddOn {
  const path: Path = ['addOns', key];
  const entitlements = readEntitlements(addOn.entitlements, features, [...path, 'entitlements'], report);
  addOn.with.forEach((plan, index) =>
    mustExist({ kind: 'plan', known: plans }, plan, [...path, 'with', index], report),
  );
  const soldWith = addOn.with.flatMap((plan) => plans.get(plan) ?? []);
  checkBlocks({ entitlements }, [...path, 'entitlements'], soldWith, report);
  return { key, name: addOn.name ?? key, with: addOn.with, entitlements };
}
