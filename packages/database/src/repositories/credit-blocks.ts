import { type CreditBlock, type CreditBlockId, type CustomerId, givenTo, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Statement, type Transaction } from '../connection/transaction.js';
import { numberArray, textArray } from '../mapping/array-literal.js';
import {
  blockFromRow,
  CREDIT_BLOCK_COLUMNS,
  type CreditBlockRow,
  type OwnedBlock,
} from '../mapping/credit-block.js';
import { groupBy } from '../mapping/group-by.js';
import type { Result } from '../result.js';
import { type MeterKey, meterId } from './meters.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type Page,
  type PageRequest,
  pageOf,
} from './page.js';

export interface CreditBlockSearch extends PageRequest {
  /** Null: of all. */
  readonly feature: string | null;
  /** Also those of which nothing is left, or that have ended. */
  readonly spent: boolean;
}

/** A page of blocks for each customer, oldest first, in the order of the ids: one statement for all of them. */
export async function listCreditBlocks(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
  request: CreditBlockSearch,
): Promise<Result<{ readonly pages: readonly Page<OwnedBlock>[] }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<CreditBlockRow>({
      name: 'list-credit-blocks',
      text: `select b.* from unnest($2::text[]) as k(customer_id)
             cross join lateral (
               select b.id, b.customer_id, b.feature, b.quantity, b.held, b.priority, b.expires_at, b.source, b.created_at, e.ended,
                 case when e.ended then 'EXPIRED' else b.status end as status,
                 case when e.ended then b.held else b.remaining end as remaining
               from credit_block b
               cross join lateral (select b.status = 'LIVE' and b.expires_at <= clock_timestamp() as ended) e
               where b.tenant_id = $1 and b.customer_id = k.customer_id
                 and ($3::timestamptz is null or (b.created_at, b.id) > ($3, $4))
                 and ($5::text is null or b.feature = $5)
                 and ($6 or b.remaining > 0 and b.status = 'LIVE' and e.ended is not true)
               order by b.created_at, b.id limit $7) b`,
      values: [
        ...[tenantId, textArray(ids), dateOf(after), after?.id ?? null],
        ...[request.feature, request.spent, request.first + 1],
      ],
    }),
  );
  const owned = rows.map((row): OwnedBlock => ({ block: blockFromRow(row), customerId: row.customer_id }));
  const byCustomer = groupBy(owned, ({ customerId }) => customerId);
  const cursorOf = ({ block }: OwnedBlock): string => encodeTimedCursor(block.createdAt, block.id);
  return { ok: true, pages: ids.map((id) => pageOf(byCustomer.get(id) ?? [], request, cursorOf)) };
}

/** Whose these blocks are; those that are not there are left out. One that time has given, and nobody has written down yet, is its subscription's, or licence's. */
export async function creditBlockOwners(
  db: Database,
  tenantId: TenantId,
  ids: readonly CreditBlockId[],
): Promise<Map<CreditBlockId, CustomerId>> {
  return readTransaction(db, tenantId, (transaction) => blockOwnersOf(transaction, ids));
}

export async function blockOwnersOf(
  transaction: Transaction,
  ids: readonly CreditBlockId[],
): Promise<Map<CreditBlockId, CustomerId>> {
  const rows = await transaction.query<{ id: CreditBlockId; customer_id: CustomerId }>({
    name: 'credit-block-owners',
    text: `select k.id, coalesce(b.customer_id, s.customer_id, l.customer_id) as customer_id
           from unnest($2::text[], $3::text[], $4::text[]) as k(id, subscription_id, license_id)
           left join credit_block b on b.tenant_id = $1 and b.id = k.id
           left join subscription s on s.tenant_id = $1 and s.id = k.subscription_id
           left join license l on l.tenant_id = $1 and l.id = k.license_id
           where coalesce(b.id, s.id, l.id) is not null`,
    values: [
      transaction.tenantId,
      textArray(ids),
      textArray(ids.map((id) => givenTo(id)?.subscription ?? null)),
      textArray(ids.map((id) => givenTo(id)?.license ?? null)),
    ],
  });
  return new Map(rows.map((row) => [row.id, row.customer_id]));
}

/**
 * The blocks of these counters that can be spent or are held, by `meterId`. They are written under the counters' locks
 * alone: read in a statement after these they do not change before the commit.
 */
export async function readBlocks(
  transaction: Transaction,
  keys: readonly MeterKey[],
): Promise<ReadonlyMap<string, readonly CreditBlock[]>> {
  if (keys.length === 0) return new Map();
  const rows = await transaction.query<CreditBlockRow>({
    name: 'read-credit-blocks',
    text: `select ${CREDIT_BLOCK_COLUMNS} from unnest($2::text[], $3::text[]) as k(customer_id, feature)
           join credit_block b on b.tenant_id = $1 and b.customer_id = k.customer_id and b.feature = k.feature
             and (b.status = 'LIVE' or b.held > 0)`,
    values: [
      transaction.tenantId,
      textArray(keys.map((key) => key.customerId)),
      textArray(keys.map((key) => key.feature)),
    ],
  });
  const groups = groupBy(rows, (row) => meterId(row.customer_id, row.feature));
  return new Map([...groups].map(([name, group]) => [name, group.map(blockFromRow)]));
}

/** What spends have made of blocks. */
export function blockStatements(tenantId: TenantId, blocks: readonly CreditBlock[]): Statement[] {
  if (blocks.length === 0) return [];
  return [
    {
      name: 'write-credit-blocks',
      text: `update credit_block b set remaining = r.remaining, held = r.held
             from unnest($2::text[], $3::bigint[], $4::bigint[]) as r(id, remaining, held)
             where b.tenant_id = $1 and b.id = r.id`,
      values: [
        tenantId,
        textArray(blocks.map(({ id }) => id)),
        numberArray(blocks.map(({ remaining }) => remaining)),
        numberArray(blocks.map(({ held }) => held)),
      ],
    },
  ];
}
