import { formatInstant } from '@licet/domain';
import type { DecisionType } from '../modules/check/decision-type.js';

export type Fact = boolean | number | string;

/** What a decision tells besides its code, as long as nothing changes; what it does not tell is left out. */
export function factsOf(decision: DecisionType): Record<string, Fact> {
  const { unlimited, limit, used, reserved, remaining, resetsAt, validUntil } = decision;
  return {
    unlimited,
    ...withoutNulls({ limit, used, reserved, remaining }, (units) => units),
    ...withoutNulls({ resetsAt, validUntil }, formatInstant),
  };
}

function withoutNulls<T>(
  facts: Readonly<Record<string, T | null>>,
  write: (fact: T) => Fact,
): Record<string, Fact> {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, fact]) => (fact === null ? [] : [[name, write(fact)]])),
  );
}
