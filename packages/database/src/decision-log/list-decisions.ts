import { type CustomerId, type Instant, instant, type TenantId } from '@licet/domain';
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
import { refused, type Result } from '../result.js';
import { unpackFlush } from './flush.js';
import { openPersonal } from './personal-fields.js';
import type { DecisionRecord } from './record.js';

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

/** Where a record stands: newest first by time, then gateway, flush and place in it. */
interface Place {
  readonly at: Instant;
  readonly gatewayId: string;
  readonly seq: number;
  readonly index: number;
}
type Placed = Place & { readonly record: DecisionRecord };

interface FlushRow {
  readonly gateway_id: string;
  readonly seq: number;
  readonly last_at: Date;
  readonly records: number;
  readonly body: Buffer;
}

const FLUSHES_AT_ONCE = 32;
/** Records that one page may look through. */
const MOST_SEEN = 1_000_000;

/** Recorded decisions, newest first. BAD_USER_INPUT for a cursor that is none, or where too many would be looked through. */
export async function listDecisions(
  db: Database,
  tenantId: TenantId,
  request: PageRequest & DecisionFilter,
): Promise<Result<{ page: Page<DecisionRecord> }>> {
  const after = request.after === null ? null : decodePlace(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  return readTransaction(db, tenantId, async (transaction) => {
    const found = await newest(transaction, request, after);
    if (found === null)
      return refused(
        'BAD_USER_INPUT',
        'since',
        `more than ${String(MOST_SEEN)} decisions would have to be looked through; narrow \`since\` and \`until\``,
      );
    const { items, ...ends } = pageOf(found, request, encodePlace);
    const opened = items.map(({ node, cursor }) => {
      return { node: openPersonal(db.keys.decision, tenantId, node.record), cursor };
    });
    return { ok: true, page: { ...ends, items: opened } };
  });
}

/**
 * The first that fit, one more than asked for; null where too many were looked through. Flushes come by their newest
 * record: what is newer than the next one's newest cannot be preceded by anything that has not been read.
 */
async function newest(
  transaction: Transaction,
  request: PageRequest & DecisionFilter,
  after: Place | null,
): Promise<Placed[] | null> {
  let found: Placed[] = [];
  let seen = 0;
  let last: FlushRow | null = null;
  for (;;) {
    const rows: FlushRow[] = await flushesBefore(transaction, request, after, last);
    for (const row of rows) {
      const at = row.last_at.getTime();
      if (found.length > request.first && (found[request.first]?.at ?? 0) > at) return found;
      seen += row.records;
      if (seen > MOST_SEEN) return null;
      found = merged(found, await fitting(row, request, after), request.first + 1);
    }
    last = rows.at(-1) ?? null;
    if (rows.length < FLUSHES_AT_ONCE || last === null) return found;
  }
}

async function flushesBefore(
  transaction: Transaction,
  { since, until }: DecisionFilter,
  after: Place | null,
  last: FlushRow | null,
): Promise<FlushRow[]> {
  return transaction.query<FlushRow>({
    name: 'decision-flushes',
    text: `select gateway_id, seq, last_at, records, body from decision_flush
           where tenant_id = $1
             and ($2::timestamptz is null or last_at >= $2 and day >= ($2 at time zone 'UTC')::date)
             and ($3::timestamptz is null or first_at < $3)
             and ($4::timestamptz is null or first_at <= $4)
             and ($5::timestamptz is null or (last_at, gateway_id, seq) < ($5, $6::uuid, $7::bigint))
           order by last_at desc, gateway_id desc, seq desc limit $8`,
    values: [
      transaction.tenantId,
      since === null ? null : new Date(since),
      until === null ? null : new Date(until),
      after === null ? null : new Date(after.at),
      last?.last_at ?? null,
      last?.gateway_id ?? null,
      last?.seq ?? null,
      FLUSHES_AT_ONCE,
    ],
  });
}

async function fitting(row: FlushRow, filter: DecisionFilter, after: Place | null): Promise<Placed[]> {
  const records = await unpackFlush(row.body);
  const placed = records.map((record, index) => {
    return { at: record.at, gatewayId: row.gateway_id, seq: row.seq, index, record };
  });
  return placed.filter(
    (place) => fits(place.record, filter) && (after === null || newerFirst(after, place) < 0),
  );
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
