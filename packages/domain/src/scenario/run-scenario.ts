import type { Scenario } from '../catalog/catalog.js';
import { canonicalJson } from '../catalog/canonical-json.js';
import type { Release } from '../customer.js';
import { decide } from '../decision/decide.js';
import type { Decision } from '../decision/decision.js';
import { formatInstant } from '../time/instant.js';
import { stateOf } from './state-of.js';

/** How a scenario came out. */
export interface ScenarioResult {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: Readonly<Record<string, unknown>>;
  readonly actual: Readonly<Record<string, unknown>>;
}

/** Asks what a scenario asks and compares what it names in `expect` with the decision. */
export function runScenario(release: Release, scenario: Scenario): ScenarioResult {
  const state = stateOf(release, scenario.given);
  const { feature, quantity, memberId, productVersion, fingerprint, components, context } = scenario.check;
  const request = { feature, quantity, memberId, productVersion, fingerprint, components, context };
  const decision = asWritten(decide(state, request, scenario.given.now));
  const expected = scenario.expect;
  const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, decision[key] ?? null]));
  return {
    name: scenario.name,
    passed: canonicalJson(actual) === canonicalJson(expected),
    expected,
    actual,
  };
}

/** The decision in the words of `expect`, where instants are texts. */
function asWritten(decision: Decision): Readonly<Record<string, unknown>> {
  const { resetsAt, validUntil } = decision;
  return {
    ...decision,
    resetsAt: resetsAt === null ? null : formatInstant(resetsAt),
    validUntil: validUntil === null ? null : formatInstant(validUntil),
  };
}
