import {
  accountAt,
  type CustomerId,
  type FeatureKey,
  instant,
  isHeld,
  type MemberId,
  type Seat,
  type SeatId,
  type SeatKind,
  type TenantId,
} from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { readTransaction, type Statement, type Transaction } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import { assignments, columnArrays, givenRows, namesOf } from '../mapping/columns.js';
import { groupBy } from '../mapping/group-by.js';
import { type OwnedSeat, SEAT_COLUMNS, SEAT_ROW, seatFromRow, type SeatRow } from '../mapping/seat.js';
import type { Result } from '../result.js';
import { loadAccounts } from './accounts.js';
import { meterId } from './meters.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type CountedPage,
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

/** Whose lease and files are over holds nothing, whoever writes it down later. */
const HELD = `s.cools_until is null and (s.kind = 'NAMED' or greatest(s.lease_expires_at, s.borrowed_until) > clock_timestamp())
  and ($3::text is null or s.feature = $3)`;

/** Seats that a due transition has ended which is not written yet: those above a limit, when the time is over. */
async function endedSeats(
  db: Database,
  transaction: Transaction,
  ids: readonly CustomerId[],
): Promise<SeatId[]> {
  const late = await transaction.query<{ id: CustomerId }>({
    name: 'late-seat-holders',
    text: `select c.id from customer c
           where c.tenant_id = $1 and c.id = any($2) and c.next_due_at <= clock_timestamp()
             and exists (select from seat s where s.tenant_id = c.tenant_id and s.customer_id = c.id)`,
    values: [transaction.tenantId, textArray(ids)],
  });
  if (late.length === 0) return [];
  const loaded = await loadAccounts(
    db,
    transaction,
    late.map(({ id }) => id),
  );
  const clock = await readClock(transaction);
  return [...loaded.accounts.values()].flatMap(({ account }) => {
    const { seats } = accountAt(account, loaded.release, clock);
    const held = new Set(seats.filter(isHeld).map(({ id }) => id));
    return account.seats.flatMap(({ id }) => (held.has(id) ? [] : [id]));
  });
}

/** A page of the seats that are held, for each customer, oldest first, in the order of the ids: three statements for all of them. */
export async function listSeats(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  request: SeatSearch,
): Promise<Result<{ readonly pages: readonly CountedPage<OwnedSeat>[] }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const search = [tenantId, textArray(ids), request.feature];
  const { rows, totals } = await readTransaction(db, tenantId, async (transaction) => {
    const ended = textArray(await endedSeats(db, transaction, ids));
    const counting = transaction.query<{ customer_id: CustomerId; total: number }>({
      name: 'count-seats',
      text: `select s.customer_id, count(*)::int as total from seat s
             where s.tenant_id = $1 and s.customer_id = any($2) and ${HELD} and s.id <> all($4)
             group by s.customer_id`,
      values: [...search, ended],
    });
    const listing = transaction.query<SeatRow>({
      name: 'list-seats',
      text: `select s.* from unnest($2::text[]) as k(customer_id)
             cross join lateral (
               select ${SEAT_COLUMNS} from seat s
               where s.tenant_id = $1 and s.customer_id = k.customer_id and ${HELD} and s.id <> all($4)
                 and ($5::timestamptz is null or (s.assigned_at, s.id) > ($5, $6))
               order by s.assigned_at, s.id limit $7) s`,
      values: [...search, ended, dateOf(after), after?.id ?? null, request.first + 1],
    });
    // Together: of two statements that fail nobody would hear of the one that is awaited last.
    const [counted, listed] = await Promise.all([counting, listing]);
    return { rows: listed, totals: new Map(counted.map((row) => [row.customer_id, row.total])) };
  });
  const owned = rows.map((row): OwnedSeat => ({ seat: seatFromRow(row), customerId: row.customer_id }));
  const byCustomer = groupBy(owned, ({ customerId }) => customerId);
  const cursorOf = ({ seat }: OwnedSeat): string => encodeTimedCursor(seat.assignedAt, seat.id);
  const pages = ids.map((id) => ({
    ...pageOf(byCustomer.get(id) ?? [], request, cursorOf),
    total: totals.get(id) ?? 0,
  }));
  return { ok: true, pages };
}

/**
 * INVARIANT (one seat for each member): the seats of these members, and those of their pools that cool down, by `meterId`. They are written under the locks of
 * the pools' counters alone: read in a statement after these they do not change before the commit.
 */
export async function readSeats(
  transaction: Transaction,
  keys: readonly SeatKey[],
): Promise<ReadonlyMap<string, readonly Seat[]>> {
  if (keys.length === 0) return new Map();
  const [row] = await transaction.query<{ readonly seats: readonly LockedSeat[] | null }>({
    name: 'read-seats',
    text: READ_SEATS,
    values: [
      transaction.tenantId,
      textArray(keys.map((key) => key.customerId)),
      textArray(keys.map((key) => key.feature)),
      textArray(keys.map((key) => key.memberId)),
    ],
  });
  const groups = groupBy(row?.seats ?? [], ([customerId, feature]) => meterId(customerId, feature));
  return new Map([...groups].map(([name, group]) => [name, group.map(lockedSeat)]));
}

/** Instants as milliseconds. */
type LockedSeat = readonly [
  customerId: CustomerId,
  feature: FeatureKey,
  id: SeatId,
  memberId: MemberId,
  kind: SeatKind,
  assignedAt: number,
  leaseExpiresAt: number | null,
  coolsUntil: number | null,
  borrowedUntil: number | null,
];

/** As one JSON list: it is read natively, in one go. */
const READ_SEATS = `
with k as materialized (
  select * from unnest($2::text[], $3::text[], $4::text[]) as k(customer_id, feature, member_id)),
read as (
  select s.* from k join seat s on s.tenant_id = $1 and s.customer_id = k.customer_id and s.feature = k.feature
    and s.member_id = k.member_id
  union all
  select s.* from (select distinct customer_id, feature from k) p
  join seat s on s.tenant_id = $1 and s.customer_id = p.customer_id and s.feature = p.feature and s.cools_until is not null)
select json_agg(json_build_array(customer_id, feature, id, member_id, kind, (date_part('epoch', assigned_at) * 1000)::bigint,
  (date_part('epoch', lease_expires_at) * 1000)::bigint, (date_part('epoch', cools_until) * 1000)::bigint,
  (date_part('epoch', borrowed_until) * 1000)::bigint)) as seats
from (select distinct on (id) * from read) s`;

function lockedSeat([
  ,
  feature,
  id,
  memberId,
  kind,
  assignedAt,
  leaseExpiresAt,
  coolsUntil,
  borrowedUntil,
]: LockedSeat): Seat {
  return {
    id,
    feature,
    memberId,
    kind,
    assignedAt: instant(assignedAt),
    leaseExpiresAt: leaseExpiresAt === null ? null : instant(leaseExpiresAt),
    coolsUntil: coolsUntil === null ? null : instant(coolsUntil),
    borrowedUntil: borrowedUntil === null ? null : instant(borrowedUntil),
  };
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

function deleteSeats(tenantId: TenantId, gone: readonly Seat[]): Statement[] {
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
  ['id', 'kind', 'lease_expires_at', 'cools_until', 'borrowed_until'].includes(name),
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
