import type { CatalogRule, PlanRule } from '../catalog/catalog.js';
import { NO_CONTEXT, type Facts } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { gives, type Holding, holdingsOf } from '../holding.js';
import { instant, type Instant } from '../time/instant.js';
import { windowAt } from '../usage/window.js';
import { factsOf } from './rule-reading.js';
import type { Subject } from './subject.js';

/** A rule that speaks of a customer: of a plan, through the holding of it, or (null) of the catalog. */
interface Speaking {
  readonly rule: PlanRule | CatalogRule;
  readonly holding: Holding | null;
}

/** Time alone has turned a rule. Null: it cannot be evaluated, or asks for what a request has not sent. */
export interface RuleTurn {
  readonly rule: string;
  readonly feature: FeatureKey;
  readonly holding: Holding | null;
  readonly before: boolean | null;
  readonly after: boolean | null;
}

/** The instants after `after` at which time may turn what rules say of a feature: their own, and the ends of windows that they read. */
export function ruleBoundaries(subject: Subject, after: Instant): (Instant | null)[] {
  const { account, release, feature, context } = subject;
  const rules = speakingIn(account, release).filter(({ rule }) => rule.feature === feature.key);
  return rules.flatMap(({ rule, holding }) => {
    if (context === 'ANY' && rule.when.asksRequest) return [];
    const turn = rule.when.isTimeless ? null : rule.when.turnsAfter(factsOf(subject, holding, after), after);
    return [turn, ...[...rule.when.reads.usage].map((key) => endOfCount(account, release, key, after))];
  });
}

/** When the counter of a feature is next set to 0; null: never, or it is at 0. */
function endOfCount(
  account: CustomerAccount,
  release: Release,
  key: FeatureKey,
  after: Instant,
): Instant | null {
  const feature = release.catalog.features.get(key);
  const meter = account.meters.get(key);
  if (feature?.type !== 'METERED' || meter === undefined || meter.used + meter.reserved === 0) return null;
  return windowAt(feature, account, after)?.end ?? null;
}

/** The first instant at which time may turn a rule and it has not been told yet; null: never. */
export function nextRuleTurn(account: CustomerAccount, release: Release): Instant | null {
  let next: Instant | null = null;
  for (const { rule, holding } of speakingIn(account, release)) {
    if (rule.when.isTimeless) continue;
    const after = holding === null ? later(account.turnedUntil, release.publication.at) : account.turnedUntil;
    const at = rule.when.turnsAfter(withoutRequest(account, release, holding, after), after);
    if (at !== null && (next === null || at < next)) next = at;
  }
  return next;
}

/** The rules that say something else from `at` on, without anything else having changed. */
export function ruleTurnsAt(account: CustomerAccount, release: Release, at: Instant): RuleTurn[] {
  return speakingIn(account, release).flatMap(({ rule, holding }) => {
    if (rule.when.isTimeless) return [];
    const facts = withoutRequest(account, release, holding, at);
    const before = truthOf(rule, { ...facts, now: instant(at - 1) });
    const after = truthOf(rule, facts);
    return before === after ? [] : [{ rule: rule.name, feature: rule.feature, holding, before, after }];
  });
}

function truthOf({ when }: Speaking['rule'], facts: Facts): boolean | null {
  const { kind } = when.verdict(facts);
  return kind === 'MET' || kind === 'NOT_MET' ? kind === 'MET' : null;
}

function withoutRequest(
  account: CustomerAccount,
  release: Release,
  holding: Holding | null,
  at: Instant,
): Facts {
  return factsOf({ account, release, context: NO_CONTEXT }, holding, at);
}

function speakingIn(account: CustomerAccount, release: Release): Speaking[] {
  return [
    ...release.catalog.rules.map((rule) => ({ rule, holding: null })),
    ...holdingsOf(account)
      .filter(gives)
      .flatMap((holding) => holding.planVersion.plan.rules.map((rule) => ({ rule, holding }))),
  ];
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}
