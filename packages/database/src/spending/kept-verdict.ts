import type { Decision, DecisionCode, EntitlementSource, Instant } from '@licet/domain';
import { arrayOf } from '../mapping/array-literal.js';
import type { KeptVerdict } from './request.js';

/**
 * A verdict as it is kept beside its key: what the record's own columns do not say, as a list, because millions of
 * them are kept for weeks. `by`: place of who asked among the actors of the batch's event.
 */
export type StoredVerdict = readonly [by: number, decisionId: string, ...reasons: StoredReasons];
type StoredReasons = readonly [
  release: number,
  code: DecisionCode,
  message: string,
  limit: number | null,
  unlimited: boolean,
  reserved: number | null,
  resetsAt: Instant | null,
  validUntil: Instant | null,
  ...sources: EntitlementSource[],
];

interface Stored {
  readonly verdict: KeptVerdict;
  readonly by: number;
}

/** An array parameter. */
export function verdictArray(stored: readonly Stored[]): string {
  return arrayOf(
    stored.map(
      ({ verdict, by }) => `"[${String(by)},\\"${verdict.decisionId}\\",${writtenReasons(verdict)}]"`,
    ),
  );
}

/** By the sources of a right, which are the same objects in all of its decisions: what was written of it last. */
const written = new WeakMap<readonly EntitlementSource[], { verdict: KeptVerdict; reasons: string }>();

/** Spends of one counter share all but their ids, so the rest is written once for many. */
function writtenReasons(verdict: KeptVerdict): string {
  const { sources } = verdict.decision;
  const last = written.get(sources);
  if (last !== undefined && sameReasons(last.verdict, verdict)) return last.reasons;
  const reasons = reasonsOf(verdict);
  written.set(sources, { verdict, reasons });
  return reasons;
}

function sameReasons(one: KeptVerdict, other: KeptVerdict): boolean {
  const a = one.decision;
  const b = other.decision;
  return (
    one.release === other.release &&
    a.code === b.code &&
    a.message === b.message &&
    a.limit === b.limit &&
    a.unlimited === b.unlimited &&
    a.reserved === b.reserved &&
    a.resetsAt === b.resetsAt &&
    a.validUntil === b.validUntil
  );
}

/** The elements of the list that follow the ids, as they stand between the quotes of an array's element. */
function reasonsOf({ decision, release }: KeptVerdict): string {
  const { code, message, limit, unlimited, reserved, resetsAt, validUntil, sources } = decision;
  const reasons: StoredReasons = [
    release,
    code,
    message,
    limit,
    unlimited,
    reserved,
    resetsAt,
    validUntil,
    ...sources,
  ];
  // In JSON nothing but quotes and backslashes wants escaping, and JSON's own way to do that is the array's.
  return JSON.stringify(JSON.stringify(reasons).slice(1, -1)).slice(1, -1);
}

/** The columns of an idempotency record that a verdict is read from. */
export interface VerdictColumns {
  readonly customer_id: string;
  readonly feature: string;
  readonly quantity: number;
  readonly used_after: number;
  readonly outcome: StoredVerdict;
  readonly at: Instant;
}

export function readVerdict(row: VerdictColumns): KeptVerdict {
  const [, decisionId, release, code, message, limit, unlimited, reserved, resetsAt, validUntil, ...sources] =
    row.outcome;
  const used = row.used_after;
  const decision: Decision = {
    allowed: true,
    code,
    message,
    customerId: row.customer_id,
    feature: row.feature,
    value: null,
    limit,
    unlimited,
    used,
    reserved,
    remaining: limit === null ? null : Math.max(0, limit - used - (reserved ?? 0)),
    resetsAt,
    validUntil,
    sources,
  };
  return { decisionId, decision, consumed: Math.max(0, row.quantity), release, asOf: row.at };
}
