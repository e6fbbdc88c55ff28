import {
  type CreditHold,
  type CustomerId,
  type FeatureKey,
  formatInstant,
  type Instant,
  instant,
  parseReservationId,
  reservedUntil,
  type ReservationId,
  type TenantId,
} from '@licet/domain';
import type { Statement, Transaction } from '../connection/transaction.js';
import { numberArray, textArray } from '../mapping/array-literal.js';
import type { ReserveRequest, Verdict } from './request.js';

/** What never changes of a reservation. */
export interface MadeReservation {
  readonly id: ReservationId;
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly expiresAt: Instant;
}

/** A reservation that stands, under the lock of its counter. EXPIRED: by time; it may still be settled, which ends it. */
export interface LockedReservation extends MadeReservation {
  readonly status: 'OPEN' | 'EXPIRED';
  readonly windowStart: Instant | null;
  readonly reservedAt: Instant;
  readonly context: Readonly<Record<string, unknown>> | null;
  /** Who asked for it, for a commit that comes too late and is decided anew; null: none was named. */
  readonly memberId: string | null;
  readonly fingerprint: string | null;
  /** The credit blocks that it holds; none where the feature is not prepaid. */
  readonly holds: readonly CreditHold[];
}

/** Named by the decision that granted it, so that it is the same again when its request comes a second time. */
export function reservationIdOf(decisionId: string): ReservationId {
  const id = parseReservationId(`rsv_${decisionId.slice('dec_'.length).replaceAll('-', '')}`);
  if (id === null) throw new Error('a decision id has the form that a reservation id is made of');
  return id;
}

/** When units that are reserved at `at` are free again; the gateway has refused what `reservedUntil` does not take. */
export function expiryOf({ ttl }: ReserveRequest, at: Instant): Instant {
  const until = reservedUntil(at, ttl);
  if (until === null) throw new Error(`${ttl} is no time to live of a reservation`);
  return until;
}

/** The reservation that a granted request has made. */
export function reservationOf(
  request: ReserveRequest,
  names: Pick<MadeReservation, 'customerId' | 'feature'>,
  { decisionId, asOf }: Pick<Verdict, 'decisionId' | 'asOf'>,
): MadeReservation {
  const { customerId, feature } = names;
  return {
    id: reservationIdOf(decisionId),
    customerId,
    feature,
    quantity: request.quantity,
    expiresAt: expiryOf(request, asOf),
  };
}

interface ReservationRow {
  readonly id: ReservationId;
  readonly customer_id: CustomerId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly status: LockedReservation['status'];
  readonly window_start: Date | null;
  readonly reserved_at: Date;
  readonly expires_at: Date;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly member_id: string | null;
  readonly fingerprint: string | null;
  readonly holds: readonly CreditHold[];
}

/**
 * Reservations by id, those that stand. They are written under the lock of their counter alone: read in a statement
 * after that lock they cannot change before the commit.
 */
export async function readReservations(
  transaction: Transaction,
  ids: readonly ReservationId[],
): Promise<Map<ReservationId, LockedReservation>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<ReservationRow>({
    name: 'read-reservations',
    text: `select id, customer_id, feature, quantity, status, window_start, reserved_at, expires_at, context, member_id, fingerprint, holds
           from reservation where tenant_id = $1 and id = any($2)`,
    values: [transaction.tenantId, textArray(ids)],
  });
  return new Map(rows.map((row) => [row.id, reservationFromRow(row)]));
}

function reservationFromRow(row: ReservationRow): LockedReservation {
  return {
    id: row.id,
    customerId: row.customer_id,
    feature: row.feature,
    quantity: row.quantity,
    expiresAt: instant(row.expires_at.getTime()),
    status: row.status,
    windowStart: row.window_start && instant(row.window_start.getTime()),
    reservedAt: instant(row.reserved_at.getTime()),
    context: row.context,
    memberId: row.member_id,
    fingerprint: row.fingerprint,
    holds: row.holds,
  };
}

/** What a batch writes of reservations. */
export function reservationStatements(
  tenantId: TenantId,
  made: readonly LockedReservation[],
  settled: readonly LockedReservation[],
): Statement[] {
  return [...insertReservations(tenantId, made), ...settleReservations(tenantId, settled)];
}

function insertReservations(tenantId: TenantId, made: readonly LockedReservation[]): Statement[] {
  if (made.length === 0) return [];
  return [
    {
      name: 'insert-reservations',
      text: `insert into reservation (tenant_id, id, customer_id, feature, quantity, status, window_start, reserved_at, expires_at, context, holds, member_id, fingerprint)
             select $1, r.id, r.customer_id, r.feature, r.quantity, 'OPEN', to_timestamp(r.window_start / 1000),
               to_timestamp(r.reserved_at / 1000), to_timestamp(r.expires_at / 1000), r.context, coalesce(r.holds, '[]'), r.member_id, r.fingerprint
             from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::float8[], $7::float8[], $8::float8[], $9::jsonb[], $10::jsonb[], $11::text[], $12::text[])
               as r(id, customer_id, feature, quantity, window_start, reserved_at, expires_at, context, holds, member_id, fingerprint)`,
      values: [
        tenantId,
        textArray(made.map(({ id }) => id)),
        textArray(made.map(({ customerId }) => customerId)),
        textArray(made.map(({ feature }) => feature)),
        numberArray(made.map(({ quantity }) => quantity)),
        numberArray(made.map(({ windowStart }) => windowStart)),
        numberArray(made.map(({ reservedAt }) => reservedAt)),
        numberArray(made.map(({ expiresAt }) => expiresAt)),
        textArray(made.map(({ context }) => (context === null ? null : JSON.stringify(context)))),
        textArray(made.map(({ holds }) => (holds.length === 0 ? null : JSON.stringify(holds)))),
        textArray(made.map(({ memberId }) => memberId)),
        textArray(made.map(({ fingerprint }) => fingerprint)),
      ],
    },
    lowerDue(tenantId, made),
  ];
}

/**
 * INVARIANT (settled once): a reservation that does not stand as it was decided on raises LK002, and the batch is
 * decided anew. What it was is kept with its settlement: to mark the row instead would write another, and its places
 * in both indexes. One statement for each status: by a list of ids the table's own key is used, however little the
 * server knows of the table.
 */
function settleReservations(tenantId: TenantId, settled: readonly LockedReservation[]): Statement[] {
  return (['OPEN', 'EXPIRED'] as const).flatMap((status) => {
    const ids = settled.filter((one) => one.status === status).map(({ id }) => id);
    if (ids.length === 0) return [];
    return [
      {
        name: 'settle-reservations',
        text: `with settled as (
                 delete from reservation where tenant_id = $1 and id = any($3) and status = $2 returning 1)
               select assert_count((select count(*) from settled), $4, 'LK002')`,
        values: [tenantId, status, textArray(ids), ids.length],
      },
    ];
  });
}

/** The customers are locked: the worker looks at each when its first reservation expires. */
export function lowerDue(
  tenantId: TenantId,
  made: readonly Pick<LockedReservation, 'customerId' | 'expiresAt'>[],
): Statement {
  const first = new Map<CustomerId, Instant>();
  for (const { customerId, expiresAt } of made) {
    const known = first.get(customerId);
    if (known === undefined || expiresAt < known) first.set(customerId, expiresAt);
  }
  return {
    name: 'lower-due-of-reservations',
    text: `update customer c set next_due_at = r.at
           from unnest($2::text[], $3::timestamptz[]) as r(id, at)
           where c.tenant_id = $1 and c.id = r.id and (c.next_due_at is null or c.next_due_at > r.at)`,
    values: [tenantId, textArray([...first.keys()]), textArray([...first.values()].map(formatInstant))],
  };
}
