import type { CatalogRule } from '../catalog/catalog.js';
import type { CreditBlock } from '../credits/credit-block.js';
import { type Allowance, combine } from '../decision/combine.js';
import { readRule } from '../decision/rule-reading.js';
import { sourceOf, sourcesIn } from '../decision/sources.js';
import { unreachable } from '../unreachable.js';
import type { ExplanationStep } from './explanation.js';
import type { Inquiry } from './inquiry.js';

/** What each source that passes gives, and how far the catalog's own rules hold it down; docs/rules.md, "Combination". */
export function combinationSteps(inquiry: Inquiry): ExplanationStep[] {
  const { subject, sources, adjustment } = inquiry;
  if (adjustment.credits !== null) return sources.blocks.map(blockStep);
  const bought = sources.passing.flatMap((naming) => {
    const given = combine(subject.feature, [naming], []);
    return sourcesIn(naming).map((source) => step(`together with its add-ons: ${wordsOf(given)}`, source));
  });
  const granted = sources.grants.map((grant) => {
    const source = { kind: 'GRANT', id: grant.id, key: null } as const;
    const how = grant.effect.kind === 'REPLACE' ? 'instead of what is bought' : 'besides what is bought';
    return step(`${how}: ${wordsOf(combine(subject.feature, [], [grant]))}`, source);
  });
  const rolled =
    adjustment.rolled === 0
      ? []
      : [step(`rolled over from earlier windows: ${String(adjustment.rolled)}`, null)];
  return [...bought, ...granted, ...rolled, ...capSteps(inquiry)];
}

function blockStep(block: CreditBlock): ExplanationStep {
  const held = block.held === 0 ? '' : `, ${String(block.held)} of them held by reservations`;
  return step(`${String(block.remaining)} of ${String(block.quantity)} are left${held}`, sourceOf(block));
}

function capSteps({ subject, at }: Inquiry): ExplanationStep[] {
  const rules = subject.release.catalog.rules.filter(({ feature }) => feature === subject.feature.key);
  return rules.flatMap((rule) => {
    const limit = limitOf(rule);
    if (limit === null) return [];
    if (readRule(subject, rule, null, at).kind === 'MET')
      return [step(`the rule \`${rule.name}\` holds it at ${limit}`, null)];
    const detail = `the rule \`${rule.name}\` does not hold it at ${limit}`;
    return [{ rule: 'COMBINATION' as const, outcome: 'SKIPPED' as const, detail, source: null }];
  });
}

function limitOf({ then }: CatalogRule): string | null {
  return then === 'deny' ? null : String(then.limit ?? 'unlimited');
}

function step(detail: string, source: ExplanationStep['source']): ExplanationStep {
  return { rule: 'COMBINATION', outcome: 'PASSED', detail, source };
}

function wordsOf(allowance: Allowance | null): string {
  if (allowance === null) return 'nothing';
  switch (allowance.kind) {
    case 'ON':
      return 'on';
    case 'VALUE':
      return `\`${allowance.value}\``;
    case 'UNITS': {
      const { limit, ceiling } = allowance;
      if (limit === null) return 'unlimited';
      if (ceiling === limit) return String(limit);
      return `${String(limit)}, and ${ceiling === null ? 'any number' : String(ceiling - limit)} beyond`;
    }
    default:
      return unreachable(allowance);
  }
}
