import type { LimitOutcome, PlanRule } from '../catalog/catalog.js';
import type { Instant } from '../time/instant.js';
import { unitsOf } from './combine.js';
import type { Subject } from './subject.js';
import { failureIn, readRule, type Reading, type RuleFailure } from './rule-reading.js';
import type { NamingSource } from './sources.js';

/** A rule that stands in the way of a holding; `row`: 13 or 14 of the decision codes. */
export interface RuledOut {
  readonly passes: false;
  readonly row: 13 | 14;
  readonly failure: RuleFailure;
}
/** What a plan's rules make of a holding that gives a feature: what it gives then, or what stands in its way. */
export type PlanRuling = { readonly passes: true; readonly naming: NamingSource } | RuledOut;

type Read = (rule: PlanRule) => Reading;

/** Rows 13 and 14 of the decision codes, and the limit that stands instead of the plan's number. */
export function readPlanRules(subject: Subject, naming: NamingSource, at: Instant): PlanRuling {
  const rules = rulesFor(subject, naming);
  if (rules.length === 0) return { passes: true, naming };
  const read: Read = (rule) => readRule(subject, rule, naming.holding, at);
  return denied(rules, read) ?? given(rules, read, naming);
}

/** The same, with all that stands in the way: where that is anything, `readPlanRules` names one of it. */
export function readEveryPlanRule(
  subject: Subject,
  naming: NamingSource,
  at: Instant,
): { readonly rules: readonly PlanRule[]; readonly obstacles: readonly RuledOut[] } {
  const rules = rulesFor(subject, naming);
  const read: Read = (rule) => readRule(subject, rule, naming.holding, at);
  const denials = rules.flatMap((rule) => denialBy(rule, read) ?? []);
  const ruling = given(rules, read, naming);
  return { rules, obstacles: ruling.passes ? denials : [...denials, ruling] };
}

/** Those of the holding's plan that speak of the feature. */
function rulesFor({ feature: { key } }: Subject, { holding }: NamingSource): readonly PlanRule[] {
  return holding.planVersion.plan.rules.filter(({ feature }) => feature === key);
}

/** Deny rules are read before the others: one that is true counts before one that cannot be evaluated. */
function denied(rules: readonly PlanRule[], read: Read): RuledOut | null {
  let broken: RuledOut | null = null;
  for (const rule of rules) {
    const denial = denialBy(rule, read);
    if (denial?.row === 13) return denial;
    broken ??= denial;
  }
  return broken;
}

function denialBy(rule: PlanRule, read: Read): RuledOut | null {
  if (rule.then !== 'deny') return null;
  const reading = read(rule);
  if (reading.kind === 'MET') return { passes: false, row: 13, failure: { kind: 'DENIES', rule: rule.name } };
  const failure = failureIn(rule, reading);
  return failure === null ? null : { passes: false, row: 14, failure };
}

/** What the rules that do not deny make of it: those that allow, or where there are none those that set a limit. */
function given(rules: readonly PlanRule[], read: Read, naming: NamingSource): PlanRuling {
  const [first, ...others] = rules.filter(({ then }) => then === 'allow');
  return first === undefined ? limited(rules, read, naming) : allowed([first, ...others], read, naming);
}

/**
 * In order of writing; the first that fits counts, and what stands behind it is not read. An add-on that brings the
 * feature gives it by itself.
 */
function allowed(rules: readonly [PlanRule, ...PlanRule[]], read: Read, naming: NamingSource): PlanRuling {
  for (const rule of rules) {
    const reading = read(rule);
    if (reading.kind === 'MET' || reading.kind === 'UNKNOWN') return { passes: true, naming };
    const failure = failureIn(rule, reading);
    if (failure !== null) return { passes: false, row: 14, failure };
  }
  if (naming.addOns.length > 0) return { passes: true, naming: { ...naming, plan: null } };
  return { passes: false, row: 14, failure: { kind: 'NOT_MET', rule: rules[0].name } };
}

/** The first that fits stands instead of the plan's number. Where a request decides which: the one that gives most. */
function limited(rules: readonly PlanRule[], read: Read, naming: NamingSource): PlanRuling {
  const possible: NamingSource[] = [];
  for (const rule of rules) {
    if (typeof rule.then === 'string') continue;
    const reading = read(rule);
    const failure = failureIn(rule, reading);
    if (failure !== null && possible.length === 0) return { passes: false, row: 14, failure };
    if (reading.kind === 'MET' || reading.kind === 'UNKNOWN') possible.push(withLimit(naming, rule.then));
    if (reading.kind === 'MET' || failure !== null) return { passes: true, naming: most(possible, naming) };
  }
  return { passes: true, naming: most([...possible, naming], naming) };
}

/** Without a number in the plan there is none that a rule could replace. */
function withLimit(naming: NamingSource, { limit, enforcement }: LimitOutcome): NamingSource {
  if (naming.plan === null) return naming;
  return { ...naming, plan: { ...naming.plan, entitlement: { kind: 'UNITS', limit, enforcement } } };
}

function most(possible: readonly NamingSource[], otherwise: NamingSource): NamingSource {
  const [first = otherwise, ...others] = possible;
  return others.reduce((best, next) => (ceilingIn(next) > ceilingIn(best) ? next : best), first);
}

function ceilingIn(naming: NamingSource): number {
  return naming.plan?.entitlement.kind === 'UNITS' ? (unitsOf(naming).ceiling ?? Infinity) : 0;
}
