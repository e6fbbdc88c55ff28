import type { CustomerId, FeatureKey, MemberId, Seat, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Statement, type Transaction } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import { assignments, columnArrays, givenRows, namesOf } from '../mapping/columns.js';
import { groupBy } from '../mapping/group-by.js';
import { type OwnedSeat, SEAT_COLUMNS, SEAT_ROW, seatFromRow, type SeatRow } from '../mapping/seat.js';
import type { Result } from '../result.js';
import { meterId } from './meters.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type Page,
  type PageRequest,
  pageOf,
} from './page.js';

/** Whose seat in which pool. */
export interface SeatKey {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly memberId: MemberId;
}

export interface SeatSearch extends PageRequest {
  /** Null: of all. */
  readonly feature: string | null;
}

/** A page of the seats that are held, for each customer, oldest first, in the order of the ids: one statement for all of them. */
export async function listSeats(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  request: SeatSearch,
): Promise<Result<{ readonly pages: readonly Page<OwnedSeat>[] }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<SeatRow>({
      name: 'list-seats',
      text: `select s.* from unnest($2::text[]) as k(customer_id)
             cross join lateral (
               select ${SEAT_COLUMNS} from seat s
               where s.tenant_id = $1 and s.customer_id = k.customer_id and s.cools_until is null
                 and (s.lease_expires_at is null or s.lease_expires_at > clock_timestamp())
                 and ($3::timestamptz is null or (s.assigned_at, s.id) > ($3, $4))
                 and ($5::text is null or s.feature = $5)
               order by s.assigned_at, s.id limit $6) s`,
      values: [
        ...[tenantId, textArray(ids), dateOf(after), after?.id ?? null],
        ...[request.feature, request.first + 1],
      ],
    }),
  );
  const owned = rows.map((row): OwnedSeat => ({ seat: seatFromRow(row), customerId: row.customer_id }));
  const byCustomer = groupBy(owned, ({ customerId }) => customerId);
  const cursorOf = ({ seat }: OwnedSeat): string => encodeTimedCursor(seat.assignedAt, seat.id);
  return { ok: true, pages: ids.map((id) => pageOf(byCustomer.get(id) ?? [], request, cursorOf)) };
}

/**
 * The seats of these members, and those of their pools that cool down, by `meterId`. They are written under the locks of
 * the pools' counters alone: read in a statement after these they do not change before the commit.
 */
export async function readSeats(
  transaction: Transaction,
  keys: readonly SeatKey[],
): Promise<ReadonlyMap<string, readonly Seat[]>> {
  if (keys.length === 0) return new Map();
  const rows = await transaction.query<SeatRow>({
    name: 'read-seats',
    text: `with k as materialized (
             select * from unnest($2::text[], $3::text[], $4::text[]) as k(customer_id, feature, member_id))
           select ${SEAT_COLUMNS} from k
           join seat s on s.tenant_id = $1 and s.customer_id = k.customer_id and s.feature = k.feature
             and s.member_id = k.member_id
           union
           select ${SEAT_COLUMNS} from (select distinct customer_id, feature from k) k
           join seat s on s.tenant_id = $1 and s.customer_id = k.customer_id and s.feature = k.feature
             and s.cools_until is not null`,
    values: [
      transaction.tenantId,
      textArray(keys.map((key) => key.customerId)),
      textArray(keys.map((key) => key.feature)),
      textArray(keys.map((key) => key.memberId)),
    ],
  });
  const groups = groupBy(rows, (row) => meterId(row.customer_id, row.feature));
  return new Map([...groups].map(([name, group]) => [name, group.map(seatFromRow)]));
}

/** A seat as it is written, and as it is to be; null: it is not taken. */
export interface SeatChange {
  readonly customerId: CustomerId;
  readonly before: Seat | null;
  readonly after: Seat | null;
}

/**
 * What is to be written of seats. What goes leaves room for another of the same member. A row that is not as it was read
 * raises LK002, and the batch is decided anew.
 */
export function seatStatements(tenantId: TenantId, changes: readonly SeatChange[]): Statement[] {
  const gone = changes.flatMap(({ before, after }) =>
    before !== null && before.id !== after?.id ? [before] : [],
  );
  const changed = changes.flatMap(({ customerId, before, after }): OwnedSeat[] =>
    after !== null && before?.id === after.id && before !== after ? [{ customerId, seat: after }] : [],
  );
  const made = changes.flatMap(({ customerId, before, after }): OwnedSeat[] =>
    after !== null && before?.id !== after.id ? [{ customerId, seat: after }] : [],
  );
  return [...deleteSeats(tenantId, gone), ...updateSeats(tenantId, changed), ...insertSeats(tenantId, made)];
}

/** Seats that are not taken any more. */
export function deleteSeats(tenantId: TenantId, gone: readonly Seat[]): Statement[] {
  if (gone.length === 0) return [];
  return [
    {
      name: 'delete-seats',
      text: `with gone as (delete from seat where tenant_id = $1 and id = any($2) returning 1)
             select assert_count((select count(*) from gone), $3, 'LK002')`,
      values: [tenantId, textArray(gone.map(({ id }) => id)), gone.length],
    },
  ];
}

const CHANGING_ROW = SEAT_ROW.filter(({ name }) =>
  ['id', 'kind', 'lease_expires_at', 'cools_until'].includes(name),
);

function updateSeats(tenantId: TenantId, changed: readonly OwnedSeat[]): Statement[] {
  if (changed.length === 0) return [];
  const columns = columnArrays(CHANGING_ROW, changed);
  return [
    {
      name: 'update-seats',
      text: `with changed as (
               update seat s set ${assignments(CHANGING_ROW.slice(1), 'r')}
               from ${givenRows(CHANGING_ROW)} r where s.tenant_id = $1 and s.id = r.id returning 1)
             select assert_count((select count(*) from changed), $${String(columns.length + 2)}, 'LK002')`,
      values: [tenantId, ...columns, changed.length],
    },
  ];
}

function insertSeats(tenantId: TenantId, made: readonly OwnedSeat[]): Statement[] {
  if (made.length === 0) return [];
  return [
    {
      name: 'insert-seats',
      text: `insert into seat (tenant_id, ${namesOf(SEAT_ROW)}) select $1, r.* from ${givenRows(SEAT_ROW)} r`,
      values: [tenantId, ...columnArrays(SEAT_ROW, made)],
    },
  ];
}
