import { type Instant, instant, type TenantId } from '@licet/domain';
import type { Statement, Transaction } from '../connection/transaction.js';
import { arrayOf, numberArray } from '../mapping/array-literal.js';
import { type Block, type Entry, entriesOf, FINEST_BUCKET, type PackedLines } from './block.js';
import type { Roll } from './rolls.js';

export interface Claim {
  readonly lastRoll: number;
  /** The database's clock. */
  readonly clock: Instant;
}

/** Null where another worker holds the tenant, or has just begun with it. */
export async function claimTenant(transaction: Transaction): Promise<Claim | 'NEVER_ROLLED' | null> {
  const [row] = await transaction.query<{ last_roll: number | null; clock: Date; known: boolean }>({
    name: 'claim-roll',
    text: `with claim as materialized (select last_roll from decision_roll where tenant_id = $1 for update skip locked)
           select (select last_roll from claim) as last_roll, clock_timestamp() as clock,
             exists (select from decision_roll where tenant_id = $1) as known`,
    values: [transaction.tenantId],
  });
  if (!row) throw new Error('a statement without a row');
  if (row.last_roll !== null) return { lastRoll: row.last_roll, clock: instant(row.clock.getTime()) };
  return row.known ? null : 'NEVER_ROLLED';
}

/** In a transaction of its own: who comes at the same time does not wait for a roll-up. */
export function firstClaim(tenantId: TenantId): Statement {
  const text = 'insert into decision_roll (tenant_id) values ($1) on conflict do nothing';
  return { name: 'first-claim', text, values: [tenantId] };
}

export interface ClaimedFlush {
  readonly day: string;
  readonly gatewayId: string;
  readonly seq: number;
  readonly lastAt: Date;
  readonly records: number;
  /** As it is packed. */
  readonly bytes: number;
  /** It was rolled up before, and has come once more. */
  readonly again: boolean;
}

export interface ClaimedFlushes {
  readonly flushes: readonly ClaimedFlush[];
  /** Of the newest record of the oldest flush that is left; null: none is. */
  readonly leftAt: Instant | null;
}

interface FlushRow {
  readonly day: string;
  readonly gateway_id: string;
  readonly seq: number;
  readonly last_at: Date;
  readonly records: number;
  readonly bytes: number;
  readonly again: boolean;
  readonly next_at: Date | null;
}

/** The oldest flushes, those that come late first of all, up to so many records and bytes; in a statement after the claim, so that what was rolled up before is gone. */
export async function claimFlushes(
  transaction: Transaction,
  mostRecords: number,
  mostBytes: number,
): Promise<ClaimedFlushes> {
  const rows = await transaction.query<FlushRow>({
    name: 'claim-flushes',
    text: `select day::text, gateway_id, seq, last_at, records, octet_length(body) as bytes, next_at,
             exists (select from decision_gateway g where g.tenant_id = $1 and g.gateway_id = f.gateway_id and g.rolled @> f.seq) as again
           from (select *, sum(records) over oldest - records as records_before,
                   sum(octet_length(body)) over oldest - octet_length(body) as bytes_before,
                   lead(last_at) over oldest as next_at
                 from decision_flush where tenant_id = $1 window oldest as (order by last_at, gateway_id, seq)) f
           where records_before < $2 and bytes_before < $3
           order by last_at, gateway_id, seq`,
    values: [transaction.tenantId, mostRecords, mostBytes],
  });
  const flushes = rows.map(({ day, gateway_id: gatewayId, seq, last_at: lastAt, records, bytes, again }) => {
    return { day, gatewayId, seq, lastAt, records, bytes, again };
  });
  const nextAt = rows.at(-1)?.next_at ?? null;
  return { flushes, leftAt: nextAt && instant(nextAt.getTime()) };
}

export async function flushBodies(
  transaction: Transaction,
  flushes: readonly ClaimedFlush[],
): Promise<{ readonly gatewayId: string; readonly seq: number; readonly body: Buffer }[]> {
  const rows = await transaction.query<{ gateway_id: string; seq: number; body: Buffer }>({
    name: 'flush-bodies',
    text: `select gateway_id, seq, body
           from unnest($2::date[], $3::uuid[], $4::bigint[]) as k (day, gateway_id, seq)
           join decision_flush f using (day, gateway_id, seq) where f.tenant_id = $1
           order by last_at, gateway_id, seq`,
    values: [transaction.tenantId, ...keysOf(flushes)],
  });
  return rows.map(({ gateway_id: gatewayId, seq, body }) => ({ gatewayId, seq, body }));
}

function keysOf(flushes: readonly ClaimedFlush[]): string[] {
  return [
    arrayOf(flushes.map(({ day }) => day)),
    arrayOf(flushes.map(({ gatewayId }) => gatewayId)),
    numberArray(flushes.map(({ seq }) => seq)),
  ];
}

/** An hour: from, and before. */
interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** Rolls of that hour that were too small to be divided as far as can be. */
export async function looseRolls(transaction: Transaction, { from, to }: Span): Promise<Roll[]> {
  return transaction.query<{ roll: number; records: number }>({
    name: 'loose-rolls',
    text: `select roll, sum(records)::int as records from decision_block
           where tenant_id = $1 and day = ($2::timestamptz at time zone 'UTC')::date and bucket < $4
             and last_at >= $2 and last_at < $3
           group by roll order by roll`,
    values: [transaction.tenantId, new Date(from), new Date(to), FINEST_BUCKET],
  });
}

/** Deletes rolls of that hour and gives their records, to be packed anew. */
export async function takeRolls(
  transaction: Transaction,
  { from }: Span,
  rolls: readonly Roll[],
): Promise<{ readonly blocks: number; readonly entries: readonly Entry[] }> {
  if (rolls.length === 0) return { blocks: 0, entries: [] };
  const rows = await transaction.query<PackedLines & { readonly records: number }>({
    name: 'take-rolls',
    text: `with taken as (delete from decision_block
             where tenant_id = $1 and day = ($2::timestamptz at time zone 'UTC')::date and bucket < $4 and roll = any($3::bigint[])
             returning roll, bucket, records, body, piece_ends)
           select records, body, piece_ends as ends from taken order by roll, bucket`,
    values: [transaction.tenantId, new Date(from), numberArray(rolls.map(({ roll }) => roll)), FINEST_BUCKET],
  });
  const entries: Entry[] = [];
  for (const row of rows) {
    const found = await entriesOf(row);
    // INVARIANT (nothing is lost by a merge): a block that is not read whole is not deleted.
    if (found.length !== row.records)
      throw new Error(
        `a block of ${String(row.records)} decisions was read as one of ${String(found.length)}`,
      );
    for (const entry of found) entries.push(entry);
  }
  return { blocks: rows.length, entries };
}

export async function writeBlocks(
  transaction: Transaction,
  roll: number,
  blocks: readonly Block[],
): Promise<void> {
  await transaction.query({
    name: 'write-blocks',
    text: `insert into decision_block (tenant_id, day, bucket, roll, first_at, last_at, records, customers, ids, answers, body, piece_from, piece_ends)
           select $1, (last_at at time zone 'UTC')::date, bucket, $2, first_at, last_at, records, customers::int[], ids, answers::int[], body, piece_from::int[], piece_ends::int[]
           from unnest($3::smallint[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::text[], $8::bytea[], $9::text[], $10::bytea[], $11::text[], $12::text[])
             as b (bucket, first_at, last_at, records, customers, ids, answers, body, piece_from, piece_ends)`,
    values: [
      transaction.tenantId,
      roll,
      blocks.map(({ bucket }) => bucket),
      blocks.map(({ firstAt }) => new Date(firstAt)),
      blocks.map(({ lastAt }) => new Date(lastAt)),
      blocks.map(({ records }) => records),
      blocks.map(({ customers }) => numberArray(customers)),
      blocks.map(({ ids }) => ids),
      blocks.map(({ answers }) => numberArray(answers)),
      blocks.map(({ body }) => body),
      blocks.map(({ pieces }) => pieces && numberArray(pieces.from)),
      blocks.map(({ pieces }) => pieces && numberArray(pieces.ends)),
    ],
  });
}

/** What goes with the blocks: the flushes are deleted and remembered by their numbers, and the next roll has another number. */
export function writtenStatements(
  tenantId: TenantId,
  flushes: readonly ClaimedFlush[],
  lastRoll: number,
): Statement[] {
  return [
    {
      name: 'delete-rolled',
      text: `delete from decision_flush f using unnest($2::date[], $3::uuid[], $4::bigint[]) as k (day, gateway_id, seq)
             where f.tenant_id = $1 and f.day = k.day and f.gateway_id = k.gateway_id and f.seq = k.seq`,
      values: [tenantId, ...keysOf(flushes)],
    },
    {
      name: 'remember-rolled',
      text: `insert into decision_gateway as g (tenant_id, gateway_id, rolled, last_at)
             select $1, gateway_id, range_agg(int8range(seq, seq, '[]')), max(last_at)
             from unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) as f (gateway_id, seq, last_at) group by gateway_id
             on conflict (tenant_id, gateway_id) do update
             set rolled = g.rolled + excluded.rolled, last_at = greatest(g.last_at, excluded.last_at)`,
      values: [
        tenantId,
        flushes.map(({ gatewayId }) => gatewayId),
        flushes.map(({ seq }) => seq),
        flushes.map(({ lastAt }) => lastAt),
      ],
    },
    {
      name: 'last-roll',
      text: 'update decision_roll set last_roll = $2 where tenant_id = $1',
      values: [tenantId, lastRoll],
    },
  ];
}
