import type { Decision, DecisionCode, EntitlementSource, Instant } from '@licet/domain';
import type { KeptVerdict } from './request.js';

/**
 * A verdict as it is kept beside its key: what the record's own columns do not say, as a list, because millions of
 * them are kept for weeks. `by`: place of who asked among the actors of the batch's event.
 */
export type StoredVerdict = readonly [
  by: number,
  decisionId: string,
  code: DecisionCode,
  message: string,
  limit: number | null,
  unlimited: boolean,
  reserved: number | null,
  remaining: number | null,
  resetsAt: Instant | null,
  validUntil: Instant | null,
  release: number,
  ...sources: EntitlementSource[],
];

export function storeVerdict({ decisionId, decision, release }: KeptVerdict, by: number): string {
  const { code, message, limit, unlimited, reserved, remaining, resetsAt, validUntil, sources } = decision;
  const stored: StoredVerdict = [
    by,
    decisionId,
    code,
    message,
    limit,
    unlimited,
    reserved,
    remaining,
    resetsAt,
    validUntil,
    release,
    ...sources,
  ];
  return JSON.stringify(stored);
}

/** The columns of an idempotency record that a verdict is read from. */
export interface VerdictColumns {
  readonly customer_id: string;
  readonly feature: string;
  readonly quantity: number;
  readonly used_after: number;
  readonly outcome: StoredVerdict;
  /** In milliseconds. */
  readonly at: Instant;
}

export function readVerdict(row: VerdictColumns): KeptVerdict {
  const [
    ,
    decisionId,
    code,
    message,
    limit,
    unlimited,
    reserved,
    remaining,
    resetsAt,
    validUntil,
    release,
    ...sources
  ] = row.outcome;
  const decision: Decision = {
    allowed: true,
    code,
    message,
    customerId: row.customer_id,
    feature: row.feature,
    value: null,
    limit,
    unlimited,
    used: row.used_after,
    reserved,
    remaining,
    resetsAt,
    validUntil,
    sources,
  };
  return { decisionId, decision, consumed: Math.max(0, row.quantity), release, asOf: row.at };
}
