import type { CatalogRule, PlanRule } from '../catalog/catalog.js';
import type { Verdict } from '../condition/condition.js';
import { CustomerFacts, type Facts, NO_CONTEXT, SubscriptionFacts, UsageFacts } from '../condition/facts.js';
import type { FeatureKey } from '../ids.js';
import type { Holding } from '../holding.js';
import type { Instant } from '../time/instant.js';
import { counterOf, type Subject } from './subject.js';

/** UNKNOWN: it depends on a request that nobody has made yet. */
export type Reading = Verdict | { readonly kind: 'UNKNOWN' };

/** Why a rule takes a feature away, for people. */
export type RuleFailure =
  | { readonly kind: 'DENIES' | 'NOT_MET'; readonly rule: string }
  | { readonly kind: 'MISSING'; readonly rule: string; readonly fields: readonly string[] }
  | { readonly kind: 'BROKEN'; readonly rule: string; readonly detail: string };

/** What a rule says of a customer at one instant. `holding`: of whose plan it is; null: the catalog's own. */
export function readRule(
  subject: Subject,
  { when }: PlanRule | CatalogRule,
  holding: Holding | null,
  at: Instant,
): Reading {
  if (subject.context === 'ANY' && when.asksRequest) return { kind: 'UNKNOWN' };
  return when.verdict(factsOf(subject, holding, at));
}

/** The facts of a customer, as conditions see them at one instant. */
export function factsOf(
  { account, release, context }: Pick<Subject, 'account' | 'release' | 'context'>,
  holding: Holding | null,
  at: Instant,
): Facts {
  return {
    customer: new CustomerFacts(account),
    context: context === 'ANY' ? NO_CONTEXT : context,
    subscription: holding === null ? null : new SubscriptionFacts(holding),
    usage: (key: FeatureKey) => {
      const feature = release.catalog.features.get(key);
      const meter = feature === undefined ? null : counterOf(account, feature, at);
      return new UsageFacts(meter ?? { used: 0, reserved: 0 });
    },
    now: at,
  };
}

/** A rule that cannot be evaluated; null: it can. */
export function failureIn({ name }: PlanRule | CatalogRule, reading: Reading): RuleFailure | null {
  switch (reading.kind) {
    case 'MISSING':
      return { kind: 'MISSING', rule: name, fields: reading.fields };
    case 'BROKEN':
      return { kind: 'BROKEN', rule: name, detail: reading.detail };
    default:
      return null;
  }
}
