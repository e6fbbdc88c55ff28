import type { Decision, DecisionCode, EntitlementSource, Instant } from '@licet/domain';
import type { KeptVerdict } from './request.js';
import type { MadeHold } from './reservations.js';

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

/** Of what ends a reservation or a lease, whose row goes with it, and of what makes a lease: what was held. */
type StoredHold = readonly [hold: readonly [quantity: number, expiresAt: Instant], ...StoredVerdict];

export type StoredOutcome = StoredVerdict | StoredHold;

interface Stored {
  readonly verdict: KeptVerdict;
  readonly by: number;
  readonly hold: Hold | null;
}

/** What is told of it after its end. */
type Hold = Pick<MadeHold, 'quantity' | 'expiresAt'>;

/** As it is stored. */
export function writtenVerdict({ verdict, by, hold }: Stored): string {
  return `[${hold ? writtenHold(hold) : ''}${String(by)},"${verdict.decisionId}",${writtenReasons(verdict)}]`;
}

function writtenHold({ quantity, expiresAt }: Hold): string {
  return `[${String(quantity)},${String(expiresAt)}],`;
}

/** The elements of the list that follow the ids. */
function writtenReasons({ decision, release }: KeptVerdict): string {
  const { code, message, limit, unlimited, reserved } = decision;
  const own = `${String(release)},"${code}",${quoted(message)},${String(limit)},${String(unlimited)},${String(reserved)}`;
  return `${own},${writtenGround(decision)}`;
}

/** By the sources of a right, which are the same objects in all of its decisions: their text, behind a comma. */
const written = new WeakMap<readonly EntitlementSource[], string>();

/** What the right rests on. Spends of one counter differ in quantities, and reservations in instants. */
function writtenGround({ resetsAt, validUntil, sources }: Decision): string {
  let text = written.get(sources);
  if (text === undefined) {
    text = sources.map((source) => `,${JSON.stringify(source)}`).join('');
    written.set(sources, text);
  }
  return `${String(resetsAt)},${String(validUntil)}${text}`;
}

const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string. Most have nothing in them to escape. */
function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** The columns of an idempotency record that a verdict is read from. */
export interface VerdictColumns {
  readonly kind: string;
  readonly customer_id: string;
  readonly feature: string;
  readonly quantity: number;
  readonly used_after: number;
  readonly outcome: StoredOutcome;
  readonly at: Instant;
}

function hasHold(outcome: StoredOutcome): outcome is StoredHold {
  return typeof outcome[0] !== 'number';
}

function verdictIn(outcome: StoredOutcome): StoredVerdict {
  if (!hasHold(outcome)) return outcome;
  const [, ...verdict] = outcome;
  return verdict;
}

/** What an operation has ended, or lent; null: neither. */
export function readHold(outcome: StoredOutcome): Hold | null {
  if (!hasHold(outcome)) return null;
  const [[quantity, expiresAt]] = outcome;
  return { quantity, expiresAt };
}

export function readVerdict(row: VerdictColumns): KeptVerdict {
  const [, decisionId, release, code, message, limit, unlimited, reserved, resetsAt, validUntil, ...sources] =
    verdictIn(row.outcome);
  const used = row.used_after;
  // What a settlement keeps is its reservation's.
  const hold = row.kind === 'lend' ? { hold: readHold(row.outcome) } : {};
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
  return { decisionId, decision, consumed: Math.max(0, row.quantity), release, asOf: row.at, ...hold };
}
