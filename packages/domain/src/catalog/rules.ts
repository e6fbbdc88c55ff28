import type { Condition } from '../condition/condition.js';
import { readCondition, type Surroundings } from '../condition/read-condition.js';
import { isPrepaid } from '../credits/credit-block.js';
import type { FeatureKey } from '../ids.js';
import type { CatalogRule, Feature, LimitOutcome, PlanRule } from './catalog.js';
import type { CatalogDocument, PlanDocument } from './document.js';
import { readEnforcement } from './entitlements.js';
import type { Path, Report } from './problem.js';
import { mustExist } from './references.js';

type PlanRuleDocument = NonNullable<PlanDocument['rules']>[number];
type CatalogRuleDocument = NonNullable<CatalogDocument['rules']>[number];
type Features = ReadonlyMap<FeatureKey, Feature>;

/** The rules of a plan, but for those whose condition is broken, and told. */
export function buildPlanRules(
  { rules = [], entitlements = {} }: PlanDocument,
  features: Features,
  path: Path,
  report: Report,
): PlanRule[] {
  return rules.flatMap((rule, index): PlanRule[] => {
    const place = [...path, 'rules', index];
    checkOutcome(rule, '`allow` or `deny`', features, place, report);
    if (isLimited(features.get(rule.feature))) checkListed(rule, entitlements, place, report);
    const { then } = rule;
    const outcome = typeof then === 'string' ? then : limitOutcome(then, [...place, 'then'], report);
    const when = conditionOf(rule, { scope: 'PLAN', features }, place, report);
    return when === null ? [] : [{ ...rule, when, then: outcome }];
  });
}

/** The rules over everything that a customer has, but for those whose condition is broken, and told. */
export function buildCatalogRules(
  rules: readonly CatalogRuleDocument[],
  features: Features,
  report: Report,
): CatalogRule[] {
  return rules.flatMap((rule, index): CatalogRule[] => {
    const place = ['rules', index];
    checkOutcome(rule, '`deny`', features, place, report);
    const when = conditionOf(rule, { scope: 'CATALOG', features }, place, report);
    return when === null ? [] : [{ ...rule, when }];
  });
}

/** Null where it is broken, and told: each fault at its place in the expression. */
function conditionOf(
  { when }: PlanRuleDocument | CatalogRuleDocument,
  surroundings: Surroundings,
  path: Path,
  report: Report,
): Condition | null {
  const reading = readCondition(when, surroundings);
  if (reading.ok) return reading.condition;
  for (const { at, message, feature } of reading.faults)
    report([...path, 'when'], message, {
      within: at,
      restsOn: feature === undefined ? [] : [['features', feature]],
    });
  return null;
}

function isLimited(feature: Feature | undefined): boolean {
  return feature !== undefined && feature.type !== 'BOOLEAN' && feature.type !== 'CONFIG';
}

/** A limit stands instead of the plan's number; without one it would stand for nothing. */
function checkListed({ feature, then }: PlanRuleDocument, listed: object, path: Path, report: Report): void {
  if (typeof then === 'string' || feature in listed) return;
  report(
    [...path, 'feature'],
    `the plan does not list \`${feature}\`, so there is no number that the rule could replace; list it under \`entitlements\``,
    { severity: 'WARNING' },
  );
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
  const isCounted = isLimited(feature);
  const what = `\`${key}\` is a ${feature.type.toLowerCase()} feature`;
  const place = [...path, 'then'];
  const restsOn: Path[] = ['type', 'window', 'prepaid'].map((part) => ['features', key, part]);
  if (then === 'allow' && feature.type !== 'BOOLEAN') {
    const remedy = isCounted ? '`deny` or `{ limit }`' : '`deny`';
    report(place, `${what}, \`allow\` applies to boolean ones alone; write ${remedy}`, { restsOn });
  }
  if (typeof then === 'object' && isPrepaid(feature))
    report(
      [...place, 'limit'],
      `\`${key}\` is prepaid, and what is left of its credits is its limit; write \`deny\``,
      {
        atKey: true,
        restsOn,
      },
    );
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
