import { type CustomerId, type Instant, instant, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { malformedCursor, type Page, type PageRequest, pageOf } from '../repositories/page.js';
import { refused, type Refused, type Result } from '../result.js';
import type { Actor } from './append.js';
import { ORIGIN, parseRevision, positionOf, type Revision, revisionOf, tagOf } from './revision.js';

export interface StoredEvent {
  readonly id: string;
  readonly cursor: Revision;
  readonly revision: Revision;
  readonly type: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly customerId: CustomerId | null;
  readonly actor: Actor;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly at: Instant;
  readonly recordedAt: Instant;
  /** `before` and `after`, and what belongs to the type, as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** False: usage batches, for caches and the audit trail. */
  readonly listed: boolean;
  /** The customers that it is about, by `subject`: a usage batch touches several. */
  readonly subjects: readonly string[];
  /** Of what is stored; in memory it takes some times as many. */
  readonly bytes: number;
}

export interface EventRow {
  readonly position: number;
  readonly entry_id: string;
  readonly customer_id: CustomerId | null;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly type: string;
  readonly listed: boolean;
  readonly body: EventBody;
  readonly bytes: number;
  readonly leaf_hash: Buffer;
  readonly at: Date;
  readonly recorded_at: Date;
}

/** The part of a body that has no column of its own. */
interface EventBody {
  readonly customer: string | null;
  readonly actor: Actor;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly data: Record<string, unknown> & { readonly meters?: readonly { readonly subject: string }[] };
}

/** `json`, which this process parses: `jsonb` refuses some of what JSON allows, and one such row would stop every reader. */
export const EVENT_COLUMNS =
  "position, entry_id, customer_id, subject_type, subject_id, type, listed, convert_from(body, 'UTF8')::json as body, octet_length(body) as bytes, leaf_hash, at, recorded_at";

export function eventFromRow(row: EventRow): StoredEvent {
  const { body } = row;
  const revision = revisionOf(row.position, row.leaf_hash);
  return {
    id: row.entry_id,
    cursor: revision,
    revision,
    type: row.type,
    subjectType: row.subject_type,
    subjectId: row.subject_id,
    customerId: row.customer_id,
    actor: body.actor,
    reason: body.reason,
    requestId: body.requestId,
    at: instant(row.at.getTime()),
    recordedAt: instant(row.recorded_at.getTime()),
    data: body.data,
    listed: row.listed,
    subjects: body.customer === null ? subjectsOfBatch(body.data) : [body.customer],
    bytes: row.bytes,
  };
}

function subjectsOfBatch(data: { readonly meters?: readonly { readonly subject: string }[] }): string[] {
  return (data.meters ?? []).map((meter) => meter.subject);
}

/** The tenant's newest entry within this transaction's snapshot, and its revision; of an empty log the origin. */
export async function newestEntry(
  transaction: Transaction,
): Promise<{ readonly entryId: string | null; readonly revision: Revision }> {
  const [row] = await transaction.query<{ entry_id: string; position: number; leaf_hash: Buffer }>({
    name: 'newest-entry',
    text: 'select entry_id, position, leaf_hash from event where tenant_id = $1 order by position desc limit 1',
    values: [transaction.tenantId],
  });
  return row
    ? { entryId: row.entry_id, revision: revisionOf(row.position, row.leaf_hash) }
    : { entryId: null, revision: ORIGIN };
}

export async function newestRevision(transaction: Transaction): Promise<Revision> {
  return (await newestEntry(transaction)).revision;
}

export async function currentRevision(db: Database, tenantId: TenantId): Promise<Revision> {
  return readTransaction(db, tenantId, newestRevision);
}

/** The revision at which an entry was appended; the newest where there is no entry, or it is no longer kept. */
export async function revisionOfEntry(transaction: Transaction, entryId: string | null): Promise<Revision> {
  if (entryId === null) return newestRevision(transaction);
  const [row] = await transaction.query<{ position: number; leaf_hash: Buffer }>({
    name: 'revision-of-entry',
    text: 'select position, leaf_hash from event where tenant_id = $1 and entry_id = $2',
    values: [transaction.tenantId, entryId],
  });
  return row ? revisionOf(row.position, row.leaf_hash) : newestRevision(transaction);
}

/**
 * Whether a position lies in this log's history: `HELD`, `AHEAD` (not reached yet), or `LOST` (another event has
 * that position, or it is no longer kept).
 */
export async function placeOf(
  transaction: Transaction,
  revision: Revision,
): Promise<'HELD' | 'AHEAD' | 'LOST'> {
  const position = positionOf(revision);
  if (position === 0) return revision === ORIGIN ? 'HELD' : 'LOST';
  const [row] = await transaction.query<{ leaf_hash: Buffer | null; newest: number }>({
    name: 'place-of-revision',
    text: `select (select leaf_hash from event where tenant_id = $1 and position = $2) as leaf_hash,
                  (select coalesce(max(position), 0) from event where tenant_id = $1) as newest`,
    values: [transaction.tenantId, position],
  });
  if (row?.leaf_hash) return tagOf(revisionOf(position, row.leaf_hash)) === tagOf(revision) ? 'HELD' : 'LOST';
  return position > (row?.newest ?? 0) ? 'AHEAD' : 'LOST';
}

/**
 * Asks whether the log has reached a revision that a caller wants to have seen. BAD_USER_INPUT where it is none,
 * CONFLICT where the log has another history, UNAVAILABLE where it lies ahead.
 */
export async function checkRevision(
  db: Database,
  tenantId: TenantId,
  text: string,
): Promise<Result<{ readonly revision: Revision }>> {
  const revision = parseRevision(text);
  if (revision === null)
    return refused(
      'BAD_USER_INPUT',
      'atLeast',
      `\`${text}\` is no revision; hand back what a mutation returned`,
    );
  const place = await readTransaction(db, tenantId, (transaction) => placeOf(transaction, revision));
  switch (place) {
    case 'HELD':
      return { ok: true, revision };
    case 'LOST':
      return refused(
        'CONFLICT',
        'atLeast',
        'this revision belongs to another history of the data; read again without it',
      );
    case 'AHEAD':
      return refused('UNAVAILABLE', 'atLeast', 'this revision has not arrived here; try again');
  }
}

/** INVARIANT (dense log): a reader that gets a later event before the next one has found a bug, and says so. */
function requireDense(rows: readonly EventRow[], after: number): void {
  rows.forEach((row, index) => {
    if (row.position !== after + index + 1)
      throw new Error(`the log has a gap before position ${String(row.position)}`);
  });
}

/** What came live after `last`; see `readBehind`. */
export function readOn(
  transaction: Transaction,
  last: Revision,
  most: number,
): Promise<StoredEvent[] | null> {
  return readBehind('read-on', transaction, last, most);
}

/** What a follower that resumes has missed, after `last`; see `readBehind`. */
export function readHistory(
  transaction: Transaction,
  last: Revision,
  most: number,
): Promise<StoredEvent[] | null> {
  return readBehind('read-history', transaction, last, most);
}

/**
 * The events after `last`, which is read again, oldest first, at most `most`: null where it is not in the log any more, or is
 * another one. INVARIANT (dense log): without a gap.
 */
async function readBehind(
  name: string,
  transaction: Transaction,
  last: Revision,
  most: number,
): Promise<StoredEvent[] | null> {
  const position = positionOf(last);
  const rows = await transaction.query<EventRow>({
    name,
    text: `select ${EVENT_COLUMNS} from event where tenant_id = $1 and position >= $2 order by position limit $3`,
    values: [transaction.tenantId, position, most + 1],
  });
  if (position === 0) {
    const first = rows.slice(0, most);
    requireDense(first, 0);
    return first.map(eventFromRow);
  }
  const [first, ...following] = rows;
  if (first?.position !== position || revisionOf(position, first.leaf_hash) !== last) return null;
  requireDense(following, position);
  return following.map(eventFromRow);
}

export interface EventFilter {
  readonly types: readonly string[] | null;
  readonly customerId: CustomerId | null;
  /** A caller that may see some customers only. */
  readonly only: readonly CustomerId[] | null;
  /** When it took effect: from `since` on, before `until`. */
  readonly since: Instant | null;
  readonly until: Instant | null;
}

/** Listed events, oldest first. CURSOR_EXPIRED where the cursor's place is no longer in the log. */
export async function listEvents(
  db: Database,
  tenantId: TenantId,
  request: PageRequest & EventFilter,
): Promise<Result<{ page: Page<StoredEvent> }>> {
  const after = request.after === null ? ORIGIN : parseRevision(request.after);
  if (after === null) return malformedCursor();
  return readTransaction(db, tenantId, async (transaction) => {
    if ((await placeOf(transaction, after)) !== 'HELD') return cursorExpired();
    const rows = await transaction.query<EventRow>({
      text: `select ${EVENT_COLUMNS} from event
             where tenant_id = $1 and position > $2 and listed
               and ($3::text[] is null or type = any($3))
               and ($4::text is null or customer_id = $4)
               and ($5::text[] is null or customer_id = any($5))
               and ($6::timestamptz is null or at >= $6)
               and ($7::timestamptz is null or at < $7)
             order by position limit $8`,
      values: [
        tenantId,
        positionOf(after),
        request.types,
        request.customerId,
        request.only,
        request.since === null ? null : new Date(request.since),
        request.until === null ? null : new Date(request.until),
        request.first + 1,
      ],
    });
    return { ok: true, page: pageOf(rows.map(eventFromRow), request, (event) => event.cursor) };
  });
}

export function cursorExpired(): Refused {
  return refused(
    'CURSOR_EXPIRED',
    'after',
    'this cursor is not in the log any more; read the present state and follow from there, without a cursor',
  );
}
