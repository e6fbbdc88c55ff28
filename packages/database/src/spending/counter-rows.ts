import { type Ceiling, type Instant, instant, type Span, type TenantId } from '@licet/domain';
import type { Statement, Transaction } from '../connection/transaction.js';
import type { MeterKey } from '../repositories/meters.js';
import { booleanArray, numberArray, textArray } from '../mapping/array-literal.js';

/** A counter as it stands under its lock. */
export interface LockedMeter {
  /** Where the row lies as long as it is locked, and written by nothing else in its transaction. */
  readonly rowId: string;
  readonly used: number;
  readonly reserved: number;
  /** Recorded beyond all credit blocks. */
  readonly overdrawn: number;
  readonly version: number;
  /** The version of the customer that the row's ceiling follows from. */
  readonly stateVersion: number;
  /** The publication that the row's ceiling follows from. */
  readonly rulesVersion: number;
  readonly window: Span | null;
  /** When time may free some of what is held; null: nothing is. */
  readonly freesAt: Instant | null;
  /** Until when time alone leaves ceiling and window as they are. */
  readonly validUntil: Instant | null;
}

export interface LockedMeters {
  /** By place in the list of keys; undefined: there is no such counter. */
  readonly meters: readonly (LockedMeter | undefined)[];
  /** The database's clock, read after the wait. */
  readonly clock: Instant;
}

type Placed = readonly [place: number, value: number];

interface LockRow {
  readonly places: readonly number[] | null;
  readonly row_ids: readonly string[];
  readonly used: readonly number[];
  readonly reserved: readonly number[];
  /** With their places, those that are; null: none is. */
  readonly overdrawn: readonly Placed[] | null;
  readonly versions: readonly number[];
  readonly state_versions: readonly number[];
  readonly rules_versions: readonly number[];
  readonly window_starts: readonly (number | null)[];
  readonly window_ends: readonly (number | null)[];
  readonly valid_untils: readonly (number | null)[];
  /** With their places, of those that hold something; null: none does. */
  readonly held_untils: readonly Placed[] | null;
  readonly clock: number;
}

/** Columns come as JSON lists: they are read natively, in one go. */
const LOCK_METERS = `
with l as materialized (
  select k.place, m.ctid as row_id, m.used, m.reserved, m.version, m.state_version, m.rules_version, m.window_start, m.window_end, m.valid_until, m.held_until, m.overdrawn
  from unnest($2::text[], $3::text[]) with ordinality as k(customer_id, feature, place)
  join meter m on m.tenant_id = $1 and m.customer_id = k.customer_id and m.feature = k.feature
  order by m.customer_id, m.feature for update of m)
select json_agg(place - 1) as places, json_agg(row_id) as row_ids, json_agg(used) as used, json_agg(reserved) as reserved, json_agg(version) as versions,
       json_agg(state_version) as state_versions, json_agg(rules_version) as rules_versions,
       json_agg((date_part('epoch', window_start) * 1000)::bigint) as window_starts,
       json_agg((date_part('epoch', window_end) * 1000)::bigint) as window_ends,
       json_agg((date_part('epoch', valid_until) * 1000)::bigint) as valid_untils,
       json_agg(json_build_array(place - 1, overdrawn)) filter (where overdrawn > 0) as overdrawn,
       json_agg(json_build_array(place - 1, (date_part('epoch', held_until) * 1000)::bigint)) filter (where held_until is not null) as held_untils,
       floor(date_part('epoch', clock_timestamp()) * 1000)::bigint as clock
from l`;

/** Locks counters in key order and reads the database's clock after the wait. Each key comes once. */
export async function lockMeters(transaction: Transaction, keys: readonly MeterKey[]): Promise<LockedMeters> {
  const [row] = await transaction.query<LockRow>({
    name: 'lock-meters',
    text: LOCK_METERS,
    values: [
      transaction.tenantId,
      textArray(keys.map((key) => key.customerId)),
      textArray(keys.map((key) => key.feature)),
    ],
  });
  if (!row) throw new Error('an aggregate without a row');
  const meters = new Array<LockedMeter | undefined>(keys.length);
  const overdrawn = new Map(row.overdrawn);
  const heldUntil = new Map(row.held_untils);
  row.places?.forEach((place, index) => {
    meters[place] = meterIn(row, index, {
      overdrawn: overdrawn.get(place),
      heldUntil: heldUntil.get(place),
    });
  });
  return { meters, clock: instant(row.clock) };
}

/** What few counters have, where this one has it. */
interface Seldom {
  readonly overdrawn: number | undefined;
  readonly heldUntil: number | undefined;
}

function meterIn(row: LockRow, index: number, { overdrawn = 0, heldUntil }: Seldom): LockedMeter {
  const start = row.window_starts[index] ?? null;
  const end = row.window_ends[index] ?? null;
  const validUntil = row.valid_untils[index] ?? null;
  return {
    rowId: at(row.row_ids, index),
    used: at(row.used, index),
    reserved: at(row.reserved, index),
    overdrawn,
    version: at(row.versions, index),
    stateVersion: at(row.state_versions, index),
    rulesVersion: at(row.rules_versions, index),
    window: start === null || end === null ? null : { start: instant(start), end: instant(end) },
    freesAt: heldUntil === undefined ? null : instant(heldUntil),
    validUntil: validUntil === null ? null : instant(validUntil),
  };
}

function at<T>(column: readonly T[], index: number): T {
  const value = column[index];
  if (value === undefined) throw new Error('columns of one aggregate are equally long');
  return value;
}

export interface CounterUpdate {
  readonly rowId: string;
  readonly used: number;
  readonly reserved: number;
  readonly overdrawn: number;
  readonly freesAt: Instant | null;
  /** The most that was used and held when units were granted; 0: none were. */
  readonly granted: number;
  /** Whether anything but `used` is another than in the locked row. */
  readonly holdsChanged: boolean;
  /** The ceiling by the release that decided, where the row still has another's. */
  readonly ceiling: Ceiling | null;
}

/**
 * INVARIANT (never above the limit): the row's own ceiling has the last word on what was granted. What was decided on
 * anything older than the locked row ends in LK002, and the batch is decided anew. What is recorded after the fact may
 * stand above it. Rows are found where the lock has found them, which spares a second search of the key for each; each
 * is written once, because a second statement would not find it there any more.
 */
const WRITE_COUNTERS = `
with written as (
  update meter m set used = r.used, version = m.version + 1
  from unnest($2::tid[], $3::bigint[], $4::bigint[]) as r(row_id, used, granted)
  where m.tenant_id = $1 and m.ctid = r.row_id and (m.lim is null or r.granted = 0 or r.granted <= m.lim)
  returning 1)
select assert_count((select count(*) from written), $5, 'LK002')`;

/**
 * The same where more has moved than what was used, which is so in few batches: what is held, or the ceiling. A
 * publication writes no counters: the first spend by the new release writes its ceiling, which then has the last word.
 */
const WRITE_WHOLE_COUNTERS = `
with written as (
  update meter m set used = r.used, reserved = r.reserved, overdrawn = r.overdrawn, held_until = to_timestamp(r.held_until / 1000), version = m.version + 1,
    lim = case when r.is_ceiling_new then r.lim else m.lim end,
    valid_until = case when r.is_ceiling_new then to_timestamp(r.valid_until / 1000) else m.valid_until end,
    rules_version = case when r.is_ceiling_new then $11 else m.rules_version end
  from unnest($2::tid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[], $7::bigint[], $8::boolean[], $9::bigint[], $10::float8[])
    as r(row_id, used, reserved, granted, held_until, overdrawn, is_ceiling_new, lim, valid_until)
  where m.tenant_id = $1 and m.ctid = r.row_id
    and (r.granted = 0 or r.granted <= coalesce(case when r.is_ceiling_new then r.lim else m.lim end, r.granted))
  returning 1)
select assert_count((select count(*) from written), $12, 'LK002')`;

export function counterStatements(
  tenantId: TenantId,
  updates: readonly CounterUpdate[],
  rulesVersion: number,
): Statement[] {
  const isPlain = ({ holdsChanged, ceiling }: CounterUpdate): boolean => !holdsChanged && ceiling === null;
  const plain = updates.filter(isPlain);
  return [
    ...plainStatement(tenantId, plain),
    ...wholeStatement(
      tenantId,
      plain.length === updates.length ? [] : updates.filter((update) => !isPlain(update)),
      rulesVersion,
    ),
  ];
}

function plainStatement(tenantId: TenantId, updates: readonly CounterUpdate[]): Statement[] {
  if (updates.length === 0) return [];
  const values = [
    tenantId,
    textArray(updates.map(({ rowId }) => rowId)),
    numberArray(updates.map(({ used }) => used)),
    numberArray(updates.map(({ granted }) => granted)),
    updates.length,
  ];
  return [{ name: 'write-counters', text: WRITE_COUNTERS, values }];
}

function wholeStatement(
  tenantId: TenantId,
  updates: readonly CounterUpdate[],
  rulesVersion: number,
): Statement[] {
  if (updates.length === 0) return [];
  const values = [
    tenantId,
    textArray(updates.map(({ rowId }) => rowId)),
    numberArray(updates.map(({ used }) => used)),
    numberArray(updates.map(({ reserved }) => reserved)),
    numberArray(updates.map(({ granted }) => granted)),
    numberArray(updates.map(({ freesAt }) => freesAt)),
    numberArray(updates.map(({ overdrawn }) => overdrawn)),
    booleanArray(updates.map(({ ceiling }) => ceiling !== null)),
    numberArray(updates.map(({ ceiling }) => ceiling?.ceiling ?? null)),
    numberArray(updates.map(({ ceiling }) => ceiling?.validUntil ?? null)),
    rulesVersion,
    updates.length,
  ];
  return [{ name: 'write-whole-counters', text: WRITE_WHOLE_COUNTERS, values }];
}
