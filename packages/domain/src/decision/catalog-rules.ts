import type { Limit } from '../catalog/catalog.js';
import type { Instant } from '../time/instant.js';
import type { Allowance } from './combine.js';
import type { Subject } from './subject.js';
import { failureIn, readRule, type RuleFailure } from './rule-reading.js';

/** What the catalog's own rules say of a feature, whatever gave it. */
export interface CatalogRuling {
  /** Row 5: one denies it. */
  readonly denies: RuleFailure | null;
  /** Row 14, of every source: one cannot be evaluated. */
  readonly broken: RuleFailure | null;
  /** The lowest limit that holds; null: none does. */
  readonly cap: Limit;
}

const NO_RULES: CatalogRuling = { denies: null, broken: null, cap: null };

export function readCatalogRules(subject: Subject, at: Instant): CatalogRuling {
  let ruling = NO_RULES;
  for (const rule of subject.release.catalog.rules) {
    if (rule.feature !== subject.feature.key) continue;
    const reading = readRule(subject, rule, null, at);
    ruling = { ...ruling, broken: ruling.broken ?? failureIn(rule, reading) };
    if (reading.kind !== 'MET') continue;
    if (rule.then === 'deny')
      ruling = { ...ruling, denies: ruling.denies ?? { kind: 'DENIES', rule: rule.name } };
    else ruling = { ...ruling, cap: lower(ruling.cap, rule.then.limit) };
  }
  return ruling;
}

/** Nothing is passed that a rule of the catalog names: neither by the limit nor by overage. */
export function capped<A extends Allowance | null>(allowance: A, cap: Limit): A {
  if (cap === null || allowance?.kind !== 'UNITS') return allowance;
  return { ...allowance, limit: lower(allowance.limit, cap), ceiling: lower(allowance.ceiling, cap) };
}

function lower(one: Limit, other: Limit): Limit {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}
