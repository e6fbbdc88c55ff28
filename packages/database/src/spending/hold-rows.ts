import {
  type CreditHold,
  type CustomerId,
  type FeatureKey,
  formatInstant,
  type Instant,
  instant,
  type LeaseId,
  type LicenseFileId,
  type ReservationId,
  type TenantId,
} from '@licet/domain';
import type { Statement, Transaction } from '../connection/transaction.js';
import { numberArray, textArray } from '../mapping/array-literal.js';
import type { LockedLease } from './quota-leases.js';
import type { LockedReservation } from './reservations.js';

/** What holds units of a counter: each is a row of the table `reservation`, a quota lease, too. */
export type LockedHold = LockedReservation | LockedLease;
export type HoldId = LockedHold['id'];

interface HoldColumns {
  readonly customer_id: CustomerId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly status: LockedHold['status'];
  readonly window_start: Date | null;
  readonly reserved_at: Date;
  readonly expires_at: Date;
  readonly context: Readonly<Record<string, unknown>> | null;
  readonly member_id: string | null;
  readonly fingerprint: string | null;
  readonly holds: readonly CreditHold[];
}

type HoldRow = HoldColumns &
  (
    | { readonly kind: 'RESERVATION'; readonly id: ReservationId }
    | { readonly kind: 'LEASE'; readonly id: LeaseId; readonly file_id: LicenseFileId | null }
  );

/**
 * Reservations and quota leases by id, those that stand. They are written under the lock of their counter alone: read in a statement
 * after that lock they cannot change before the commit.
 */
export async function readHolds(
  transaction: Transaction,
  ids: readonly HoldId[],
): Promise<Map<HoldId, LockedHold>> {
  if (ids.length === 0) return new Map();
  const rows = await transaction.query<HoldRow>({
    name: 'read-reservations',
    text: `select ${HOLD_COLUMNS} from reservation where tenant_id = $1 and id = any($2)`,
    values: [transaction.tenantId, textArray(ids)],
  });
  return new Map(rows.map((row) => [row.id, holdFromRow(row)]));
}

/**
 * The budgets of a licence file that nobody has settled, by the names of their features. Call it under the customer's lock: it keeps all
 * away but what deletes old ones, which waits, or is waited for.
 */
export async function readBudgets(transaction: Transaction, fileId: LicenseFileId): Promise<LockedLease[]> {
  const rows = await transaction.query<HoldRow>({
    name: 'read-budgets',
    text: `select ${HOLD_COLUMNS} from reservation where tenant_id = $1 and file_id = $2 order by feature for update`,
    values: [transaction.tenantId, fileId],
  });
  return rows.map(holdFromRow).filter((hold) => hold.kind === 'LEASE');
}

const HOLD_COLUMNS =
  'kind, id, customer_id, feature, quantity, status, window_start, reserved_at, expires_at, context, member_id, fingerprint, holds, file_id';

function holdFromRow(row: HoldRow): LockedHold {
  const standing = {
    customerId: row.customer_id,
    feature: row.feature,
    quantity: row.quantity,
    expiresAt: instant(row.expires_at.getTime()),
    status: row.status,
    windowStart: row.window_start && instant(row.window_start.getTime()),
    madeAt: instant(row.reserved_at.getTime()),
    holds: row.holds,
  };
  if (row.kind === 'LEASE') return { kind: row.kind, id: row.id, fileId: row.file_id, ...standing };
  const { kind, id, context, member_id: memberId, fingerprint } = row;
  return { kind, id, context, memberId, fingerprint, ...standing };
}

/** What a batch writes of them. */
export function holdStatements(
  tenantId: TenantId,
  made: readonly LockedHold[],
  settled: readonly LockedHold[],
): Statement[] {
  return [...insertHolds(tenantId, made), ...settleHolds(tenantId, settled)];
}

function insertHolds(tenantId: TenantId, made: readonly LockedHold[]): Statement[] {
  if (made.length === 0) return [];
  // A lease that is over is never decided anew.
  const asking = made.map((one) => (one.kind === 'RESERVATION' ? one : null));
  return [
    {
      name: 'insert-reservations',
      text: `insert into reservation (tenant_id, kind, id, customer_id, feature, quantity, status, window_start, reserved_at, expires_at, context, holds, member_id, fingerprint, file_id)
             select $1, r.kind, r.id, r.customer_id, r.feature, r.quantity, 'OPEN', to_timestamp(r.window_start / 1000),
               to_timestamp(r.reserved_at / 1000), to_timestamp(r.expires_at / 1000), r.context, coalesce(r.holds, '[]'), r.member_id, r.fingerprint, r.file_id
             from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::float8[], $7::float8[], $8::float8[], $9::jsonb[], $10::jsonb[], $11::text[], $12::text[], $13::text[], $14::text[])
               as r(id, customer_id, feature, quantity, window_start, reserved_at, expires_at, context, holds, member_id, fingerprint, kind, file_id)`,
      values: [
        tenantId,
        textArray(made.map(({ id }) => id)),
        textArray(made.map(({ customerId }) => customerId)),
        textArray(made.map(({ feature }) => feature)),
        numberArray(made.map(({ quantity }) => quantity)),
        numberArray(made.map(({ windowStart }) => windowStart)),
        numberArray(made.map(({ madeAt }) => madeAt)),
        numberArray(made.map(({ expiresAt }) => expiresAt)),
        textArray(asking.map((asked) => (asked?.context ? JSON.stringify(asked.context) : null))),
        textArray(made.map(({ holds }) => (holds.length === 0 ? null : JSON.stringify(holds)))),
        textArray(asking.map((asked) => asked?.memberId ?? null)),
        textArray(asking.map((asked) => asked?.fingerprint ?? null)),
        textArray(made.map(({ kind }) => kind)),
        textArray(made.map((one) => (one.kind === 'LEASE' ? one.fileId : null))),
      ],
    },
    lowerDue(tenantId, made),
  ];
}

/**
 * INVARIANT (settled once): a reservation, or lease, that does not stand as it was decided on raises LK002, and the batch is
 * decided anew. What it was is kept with its settlement: to mark the row instead would write another, and its places
 * in both indexes. One statement for each status: by a list of ids the table's own key is used, however little the
 * server knows of the table.
 */
function settleHolds(tenantId: TenantId, settled: readonly LockedHold[]): Statement[] {
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

/** The customers are locked: the worker looks at each when the first of what it holds ends. */
export function lowerDue(
  tenantId: TenantId,
  made: readonly Pick<LockedHold, 'customerId' | 'expiresAt'>[],
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
