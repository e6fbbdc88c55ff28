import { type CustomerId, formatInstant, type Instant, instant, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import {
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type Page,
  pageOf,
  type PageRequest,
} from '../repositories/page.js';
import { type Refused, refused, type Result } from '../result.js';
import { ANY_ANSWER, type AnswerSought } from './answers.js';
import { type Batch, blockBatches, type Candidate, flushBatches, type Sought, traceOf } from './batches.js';
import { customerKey, markOf } from './customer-key.js';
import { parseLine, recordOf } from './line.js';
import { openPersonal } from './personal-fields.js';
import type { DecisionRecord } from './record.js';
import type { Origin } from './record-hash.js';
import { keptSince } from './retention.js';

export interface DecisionFilter {
  readonly id: string | null;
  readonly customerId: CustomerId | null;
  /** A caller that may see some customers only. */
  readonly only: readonly CustomerId[] | null;
  readonly feature: string | null;
  readonly allowed: boolean | null;
  readonly code: string | null;
  /** When it was decided: from `since` on, before `until`. */
  readonly since: Instant | null;
  readonly until: Instant | null;
}

/** Where a record stands: newest first by time, then gateway, flush and place in it. It stands there in a flush as in a block. */
interface Place extends Origin {
  readonly at: Instant;
}
type Placed = Place & { readonly record: DecisionRecord };

/** Records that one page may look through: those of rows that may hold what is wanted. */
const MOST_SEEN = 1_000_000;
/** A caller that may see more customers than these looks through everybody's. */
const MOST_CUSTOMERS = 16;

/** Recorded decisions, newest first. BAD_USER_INPUT for a cursor that is none, or where more than `mostSeen` would be looked through. */
export async function listDecisions(
  db: Database,
  tenantId: TenantId,
  request: PageRequest & DecisionFilter,
  mostSeen = MOST_SEEN,
): Promise<Result<{ page: Page<DecisionRecord> }>> {
  const after = request.after === null ? null : decodePlace(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const { id, since, until } = request;
  const customers = customersOf(db.keys.decision, tenantId, request);
  const sought: Sought = { customers, id, answer: request, since, until, notAfter: after?.at ?? null };
  return readTransaction(db, tenantId, async (transaction) => {
    const isWanted = (record: DecisionRecord): boolean => fits(record, request);
    const found = await newest(transaction, sought, { first: request.first, after, mostSeen, isWanted });
    if (found === null) return tooMany('since', mostSeen, 'name `customerId`, or narrow `since` and `until`');
    const { items, ...ends } = pageOf(found, request, encodePlace);
    const opened = items.map(({ node, cursor }) => {
      return { node: openPersonal(db.keys.decision, tenantId, node.record), cursor };
    });
    return { ok: true, page: { ...ends, items: opened } };
  });
}

export interface SoughtDecision {
  readonly customerId: CustomerId;
  readonly feature: string;
  /** It was decided at or before `at`. */
  readonly at: Instant;
  /** Asked of a record with what is personal in it opened. */
  readonly isWanted: (record: DecisionRecord) => boolean;
}

/**
 * The customer's newest decision about the feature that is wanted, among those that the tenant keeps; null: there is none. BAD_USER_INPUT for a time before these, or where
 * more than `mostSeen` would be looked through.
 */
export async function lastDecision(
  db: Database,
  tenantId: TenantId,
  { customerId, feature, at, isWanted }: SoughtDecision,
  mostSeen = MOST_SEEN,
): Promise<Result<{ record: DecisionRecord | null }>> {
  const key = db.keys.decision;
  const customers = new Map([[customerId, markOf(customerKey(key, tenantId, customerId))]]);
  const until = instant(at + 1);
  return readTransaction(db, tenantId, async (transaction) => {
    const { since, retention } = await keptSince(transaction);
    if (at < since)
      return refused(
        'BAD_USER_INPUT',
        'at',
        `decisions are kept for \`${retention}\`; give a time since ${formatInstant(since)}, and keep coming ones for longer by \`updateTenant\``,
      );
    const answer = { ...ANY_ANSWER, feature };
    const sought: Sought = { customers, id: null, answer, since, until, notAfter: null };
    const isKept = (record: DecisionRecord): boolean =>
      record.decision.customerId === customerId &&
      record.decision.feature === feature &&
      record.at >= since &&
      record.at < until &&
      isWanted(openPersonal(key, tenantId, record));
    const looked = { first: 0, after: null, mostSeen, isWanted: isKept };
    const found = await newest(transaction, sought, looked);
    if (found === null)
      return tooMany('at', mostSeen, 'give a time at which, or soon after which, it was asked');
    const [last] = found;
    return { ok: true, record: last ? openPersonal(key, tenantId, last.record) : null };
  });
}

function tooMany(field: string, mostSeen: number, remedy: string): Refused {
  const message = `more than ${String(mostSeen)} decisions would have to be looked through; ${remedy}`;
  return refused('BAD_USER_INPUT', field, message);
}

/** Whose records alone are looked at; null: everybody's. */
function customersOf(
  key: Buffer,
  tenantId: TenantId,
  { customerId, only }: DecisionFilter,
): Sought['customers'] {
  const wanted = customerId === null ? only : [customerId];
  if (wanted === null || wanted.length > MOST_CUSTOMERS) return null;
  return new Map(wanted.map((one) => [one, markOf(customerKey(key, tenantId, one))]));
}

interface Looked {
  readonly first: number;
  readonly after: Place | null;
  readonly mostSeen: number;
  readonly isWanted: (record: DecisionRecord) => boolean;
}

/**
 * The first that fit, one more than asked for; null where too many were looked through. Batches come by their newest
 * record: what is newer than the next one's newest cannot be preceded by anything that has not been read.
 */
async function newest(
  transaction: Transaction,
  sought: Sought,
  { first, after, mostSeen, isWanted }: Looked,
): Promise<Placed[] | null> {
  const mayAnswer = answersAs(sought.answer);
  let found: Placed[] = [];
  let seen = 0;
  for await (const batch of newestFirst([
    flushBatches(transaction, sought),
    blockBatches(transaction, sought),
  ])) {
    if (found.length > first && (found[first]?.at ?? 0) > batch.lastAt) return found;
    const candidates = await batch.candidates();
    seen += candidates.length;
    if (seen > mostSeen) return null;
    const fit = fitting(candidates.filter(mayAnswer), isWanted, after);
    if (fit.length > 0) found = merged(found, fit, first + 1);
  }
  return found;
}

/** Of several lists, each newest first, the batches of all. */
async function* newestFirst(lists: readonly AsyncGenerator<Batch, undefined>[]): AsyncGenerator<Batch> {
  const heads: { list: AsyncGenerator<Batch, undefined>; head: Batch }[] = [];
  const advance = async (list: AsyncGenerator<Batch, undefined>): Promise<void> => {
    const next = await list.next();
    if (next.done !== true) heads.push({ list, head: next.value });
  };
  await Promise.all(lists.map(advance));
  while (heads.length > 0) {
    heads.sort((one, other) => other.head.lastAt - one.head.lastAt);
    const first = heads.shift();
    if (!first) return;
    yield first.head;
    await advance(first.list);
  }
}

/** By what a line has to have in it, so that others need not be parsed. */
function answersAs({ feature, code }: AnswerSought): (candidate: Candidate) => boolean {
  const traces = [feature, code].filter((text) => text !== null).map(traceOf);
  return ({ text }) => traces.every((trace) => text.includes(trace));
}

function fitting(
  candidates: readonly Candidate[],
  isWanted: Looked['isWanted'],
  after: Place | null,
): readonly Placed[] {
  const placed = candidates.map(({ gatewayId, seq, index, text }) => {
    const record = recordOf(parseLine(text));
    return { at: record.at, gatewayId, seq, index, record };
  });
  return placed.filter((place) => isWanted(place.record) && (after === null || newerFirst(after, place) < 0));
}

function fits(
  { at, decision }: DecisionRecord,
  { id, customerId, only, feature, allowed, code, since, until }: DecisionFilter,
): boolean {
  return (
    (id === null || decision.id === id) &&
    (customerId === null || decision.customerId === customerId) &&
    (only === null || only.some((one) => one === decision.customerId)) &&
    (feature === null || decision.feature === feature) &&
    (allowed === null || decision.allowed === allowed) &&
    (code === null || decision.code === code) &&
    (since === null || at >= since) &&
    (until === null || at < until)
  );
}

function merged(found: readonly Placed[], more: readonly Placed[], most: number): Placed[] {
  return [...found, ...more].sort(newerFirst).slice(0, most);
}

function newerFirst(one: Place, other: Place): number {
  if (one.at !== other.at) return other.at - one.at;
  if (one.gatewayId !== other.gatewayId) return one.gatewayId < other.gatewayId ? 1 : -1;
  return other.seq - one.seq || other.index - one.index;
}

function encodePlace({ at, gatewayId, seq, index }: Place): string {
  return encodeTimedCursor(at, `${gatewayId}.${String(seq)}.${String(index)}`);
}

const NAMED_PLACE = /^([\da-f-]{36})\.(\d{1,15})\.(\d{1,9})$/;

function decodePlace(cursor: string): Place | null {
  const timed = decodeTimedCursor(cursor);
  const match = timed && NAMED_PLACE.exec(timed.id);
  if (!timed || match?.[1] === undefined) return null;
  return { at: instant(timed.at), gatewayId: match[1], seq: Number(match[2]), index: Number(match[3]) };
}
