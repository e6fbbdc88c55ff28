import { hash, randomUUID } from 'node:crypto';
import type { CustomerId, Instant, TenantId } from '@licet/domain';
import { formatInstant } from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import { arrayOf, booleanArray, numberArray, textArray } from '../mapping/array-literal.js';

export type ActorKind = 'API_KEY' | 'OPERATOR' | 'CUSTOMER' | 'LICENSE' | 'WORKER' | 'SYSTEM';
export interface Actor {
  readonly kind: ActorKind;
  readonly id: string;
  readonly name: string | null;
}

/** Who asks, for which tenant, in which request: on every event. */
export interface Caller {
  readonly tenantId: TenantId;
  readonly actor: Actor;
  readonly requestId: string | null;
}

/** Names the customer twice: by id in the row, by `subject` in the bytes that are hashed and outlive erasure. */
export interface EventCustomer {
  readonly id: CustomerId;
  readonly subject: string;
}

export interface NewEvent {
  readonly type: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly customer: EventCustomer | null;
  readonly actor: Actor;
  readonly reason: string | null;
  readonly requestId: string | null;
  /** When it took effect. */
  readonly at: Instant;
  readonly recordedAt: Instant;
  readonly data: Readonly<Record<string, unknown>>;
  /** False: for caches and the audit trail only. */
  readonly listed: boolean;
  /** Made up where left out. */
  readonly entryId?: string;
}

export interface SealedEvent {
  readonly event: NewEvent;
  readonly entryId: string;
  /** The text whose bytes are hashed: JSON, in one line. */
  readonly body: string;
  /** In hex. */
  readonly leafHash: string;
}

export interface AppendedRow {
  /** Of the last one. */
  readonly position: number;
}

/** Fixes the id of the last event, by which an idempotency record finds its revision again. */
export function withLastEntryId(events: readonly NewEvent[]): { events: NewEvent[]; entryId: string | null } {
  const last = events.at(-1);
  if (!last) return { events: [], entryId: null };
  const { entryId = randomUUID() } = last;
  return { events: [...events.slice(0, -1), { ...last, entryId }], entryId };
}

/** Leaf hash of RFC 6962, in hex: SHA-256 over 0x00 and the body. */
export function leafHashOf(body: string): string {
  return hash('sha256', `\0${body}`, 'hex');
}

/** NUL, or half of a surrogate pair, as JSON writes them: no text to PostgreSQL, nor to most who read the log. */
const ILL_FORMED = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/;

function wellFormed(json: string): string {
  if (json.includes('\\u') && ILL_FORMED.test(json))
    throw new TypeError('an event holds text with NUL or half of a surrogate pair');
  return json;
}

/** Fixes the bytes of each event and hashes them, before any lock is taken. Throws for text that is none. */
export function sealEvents(events: readonly NewEvent[]): SealedEvent[] {
  return events.map((event) => {
    const entryId = event.entryId ?? randomUUID();
    const body = wellFormed(JSON.stringify(bodyOf(event, entryId)));
    return { event, entryId, body, leafHash: leafHashOf(body) };
  });
}

function bodyOf(event: NewEvent, entryId: string): Record<string, unknown> {
  const aboutCustomer = event.subjectType === 'customer' && event.customer !== null;
  return {
    id: entryId,
    type: event.type,
    subject: { type: event.subjectType, id: aboutCustomer ? event.customer.subject : event.subjectId },
    customer: event.customer?.subject ?? null,
    actor: event.actor,
    reason: event.reason,
    requestId: event.requestId,
    at: formatInstant(event.at),
    recordedAt: formatInstant(event.recordedAt),
    data: event.data,
  };
}

const LOCK_HEAD = 'select rules_version from log_head where tenant_id = $1 for update';

/** INVARIANT (one release): what was decided by a release is committed while that release is live, or not at all. */
const LOCK_HEAD_OF_RELEASE = `
with head as materialized (select rules_version from log_head where tenant_id = $1 for update)
select assert_count(rules_version, $2, 'LK003') from head`;

const LEAF_BYTES = 32;

/**
 * INVARIANT (dense log): a statement after the lock sees every earlier commit of the tenant, so `max + 1` is
 * free, and position order is commit order. Bodies come as lines, leaf hashes as one string of bytes, instants as
 * milliseconds: the server holds the head's lock while it reads them.
 */
const INSERT_EVENTS = `
with appended as (
  insert into event (tenant_id, position, entry_id, customer_id, subject_type, subject_id, type, listed, body, leaf_hash, at, recorded_at)
  select $1, (select coalesce(max(position), 0) from event where tenant_id = $1) + e.place,
         e.entry_id, e.customer_id, e.subject_type, e.subject_id, e.type, e.listed, convert_to(e.body, 'UTF8'),
         substr($9::bytea, (e.place * ${LEAF_BYTES} - ${LEAF_BYTES - 1})::int, ${LEAF_BYTES}),
         to_timestamp(e.at / 1000), to_timestamp(e.recorded_at / 1000)
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], string_to_array($8, E'\\n'), $10::float8[], $11::float8[])
    with ordinality as e(entry_id, customer_id, subject_type, subject_id, type, listed, body, at, recorded_at, place)
  returning position)
select max(position) as position from appended`;

/** The last statements before COMMIT; none where there is nothing to append. */
export function appendStatements(
  tenantId: TenantId,
  sealed: readonly SealedEvent[],
  rulesVersion?: number,
): Statement[] {
  if (sealed.length === 0) return [];
  const lock =
    rulesVersion === undefined
      ? { name: 'lock-log-head', text: LOCK_HEAD, values: [tenantId] }
      : { name: 'lock-log-head-of-release', text: LOCK_HEAD_OF_RELEASE, values: [tenantId, rulesVersion] };
  return [lock, { name: 'append-events', text: INSERT_EVENTS, values: [tenantId, ...columnsOf(sealed)] }];
}

function columnsOf(sealed: readonly SealedEvent[]): unknown[] {
  return [
    arrayOf(sealed.map(({ entryId }) => entryId)),
    textArray(sealed.map(({ event }) => event.customer?.id ?? null)),
    textArray(sealed.map(({ event }) => event.subjectType)),
    textArray(sealed.map(({ event }) => event.subjectId)),
    textArray(sealed.map(({ event }) => event.type)),
    booleanArray(sealed.map(({ event }) => event.listed)),
    sealed.map(({ body }) => body).join('\n'),
    Buffer.from(sealed.map(({ leafHash }) => leafHash).join(''), 'hex'),
    numberArray(sealed.map(({ event }) => event.at)),
    numberArray(sealed.map(({ event }) => event.recordedAt)),
  ];
}
