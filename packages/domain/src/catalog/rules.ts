import type { FeatureKey } from '../ids.js';
import type { CatalogRule, Feature, LimitOutcome, PlanRule } from './catalog.js';
import type { CatalogDocument, PlanDocument } from './document.js';
import { readEnforcement } from './entitlements.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';

type PlanRuleDocument = NonNullable<PlanDocument['rules']>[number];
type CatalogRuleDocument = NonNullable<CatalogDocument['rules']>[number];
type Features = ReadonlyMap<FeatureKey, Feature>;

export function buildPlanRule(
  rule: PlanRuleDocument,
  features: Features,
  path: Path,
  report: Report,
): PlanRule {
  checkOutcome(rule, '`allow` or `deny`', features, path, report);
  if (typeof rule.then === 'string') return { ...rule, then: rule.then };
  return { ...rule, then: limitOutcome(rule.then, [...path, 'then'], report) };
}

export function buildCatalogRule(
  rule: CatalogRuleDocument,
  features: Features,
  path: Path,
  report: Report,
): CatalogRule {
  checkOutcome(rule, '`deny`', features, path, report);
  return rule;
}

/** `allow` is for what is there or not, `{ limit }` for what is counted. */
function checkOutcome(
  { feature: key, then }: PlanRuleDocument | CatalogRuleDocument,
  words: string,
  features: Features,
  path: Path,
  report: Report,
): void {
  mustExist({ kind: 'feature', known: features }, key, [...path, 'feature'], report);
  const feature = features.get(key);
  if (!feature || then === 'deny') return;
  const isCounted = feature.type !== 'BOOLEAN' && feature.type !== 'CONFIG';
  const what = `\`${key}\` is a ${feature.type.toLowerCase()} feature`;
  const place = [...path, 'then'];
  const restsOn: Path[] = [['features', key, 'type']];
  if (then === 'allow' && feature.type !== 'BOOLEAN') {
    const remedy = isCounted ? '`deny` or `{ limit }`' : '`deny`';
    report(place, `${what}, \`allow\` applies to boolean ones alone; write ${remedy}`, { restsOn });
  }
  if (typeof then === 'object' && !isCounted)
    report(
      [...place, 'limit'],
      `${what} and has no limit; write ${feature.type === 'BOOLEAN' ? words : '`deny`'}`,
      { atKey: true, restsOn },
    );
}

function limitOutcome(
  then: Exclude<PlanRuleDocument['then'], string>,
  path: Path,
  report: Report,
): LimitOutcome {
  return { limit: then.limit, enforcement: readEnforcement(then, path, report) };
}
