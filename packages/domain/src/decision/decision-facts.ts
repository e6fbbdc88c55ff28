import { formatInstant } from '../time/instant.js';
import type { Decision } from './decision.js';

/** What of a decision is told by itself. */
type Counted = Pick<
  Decision,
  'unlimited' | 'limit' | 'used' | 'reserved' | 'remaining' | 'resetsAt' | 'validUntil'
>;

export type Fact = boolean | number | string;

/** What a decision tells besides its code, as long as nothing changes; what it does not tell is left out. */
export function factsOf(decision: Counted): Record<string, Fact> {
  return addFacts({}, decision);
}

/** The same, behind what `facts` holds already; returns `facts`. One by one: a list of them costs more than the decision. */
export function addFacts(facts: Record<string, Fact>, decision: Counted): Record<string, Fact> {
  const { unlimited, limit, used, reserved, remaining, resetsAt, validUntil } = decision;
  facts['unlimited'] = unlimited;
  if (limit !== null) facts['limit'] = limit;
  if (used !== null) facts['used'] = used;
  if (reserved !== null) facts['reserved'] = reserved;
  if (remaining !== null) facts['remaining'] = remaining;
  if (resetsAt !== null) facts['resetsAt'] = formatInstant(resetsAt);
  if (validUntil !== null) facts['validUntil'] = formatInstant(validUntil);
  return facts;
}
