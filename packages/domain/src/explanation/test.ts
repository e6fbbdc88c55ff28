import type { DenyingCode, EntitlementSource } from '../decision/decision.js';
import { explainDenial } from '../decision/message.js';
import type { RuleFailure } from '../decision/rule-reading.js';
import type { ExplanationStep } from './explanation.js';

/** A test that was asked, with the rule that made it fail. */
export interface Test extends ExplanationStep {
  readonly rule: DenyingCode;
  readonly failure: RuleFailure | null;
}

type Source = EntitlementSource | null;

export function passed(rule: DenyingCode, detail: string, source: Source = null): Test {
  return { rule, outcome: 'PASSED', detail, source, failure: null };
}

export function skipped(rule: DenyingCode, detail: string, source: Source = null): Test {
  return { rule, outcome: 'SKIPPED', detail, source, failure: null };
}

/** In the words of a decision. */
export function failed(
  rule: DenyingCode,
  feature: string,
  source: Source = null,
  failure: RuleFailure | null = null,
): Test {
  const detail = explainDenial(rule, feature, { rule: failure });
  return { rule, outcome: 'FAILED', detail, source, failure };
}

/** Of no source, in words of its own. */
export function failedBy(rule: DenyingCode, detail: string): Test {
  return { rule, outcome: 'FAILED', detail, source: null, failure: null };
}

export function hasFailed({ outcome }: ExplanationStep): boolean {
  return outcome === 'FAILED';
}
