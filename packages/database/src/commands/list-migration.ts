import { formatInstant } from '@licet/domain';
import type { Transaction, Writes } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import type { StoredMigration } from '../mapping/plan-migration.js';

/** Subscriptions that are listed by one statement. */
const MOST_LISTED = 50_000;

/** How far the list has been written. */
export interface Listing {
  readonly listed: number;
  /** The last customer that is on it. */
  readonly until: string;
}

/**
 * Whether rows may still say what is no longer so: something was due, or a publication was to be told of, when the
 * migration was asked for. It waits until the worker has written that down.
 */
export async function isBehind(transaction: Transaction, { createdAt }: StoredMigration): Promise<boolean> {
  const [row] = await transaction.query<{ behind: boolean }>({
    name: 'migration-behind',
    text: `select exists (select 1 from customer where tenant_id = $1 and next_due_at <= $2)
             or exists (select 1 from publication where tenant_id = $1 and not told_all and at <= $2) as behind`,
    values: [transaction.tenantId, formatInstant(createdAt)],
  });
  return row?.behind ?? false;
}

/**
 * Writes the next part of the list of those whom the migration moves, by customer, and how far that has come. In parts,
 * so that no statement takes long however many they are. Once all are listed, their turns begin.
 */
export async function listSubscriptions(
  transaction: Transaction,
  migration: StoredMigration,
  listing: Listing,
  most = MOST_LISTED,
): Promise<Writes<StoredMigration>> {
  const part = await writePart(transaction, migration, listing, most);
  const listed = listing.listed + part.count;
  const isWhole = part.count < most;
  const after: StoredMigration = { ...migration, ...(isWhole ? { status: 'RUNNING', total: listed } : {}) };
  return {
    value: after,
    statements: [
      {
        name: 'migration-listed',
        text: `update plan_migration set listed = $3, listed_until = $4, status = $5 where tenant_id = $1 and id = $2`,
        values: [transaction.tenantId, migration.id, listed, isWhole ? null : part.last, after.status],
      },
    ],
    events: [],
  };
}

interface Part {
  readonly count: number;
  readonly last: string | null;
}

async function writePart(
  transaction: Transaction,
  { id, from, customerIds }: StoredMigration,
  { listed, until }: Listing,
  most: number,
): Promise<Part> {
  const { tenantId } = transaction;
  const only = customerIds && textArray(customerIds);
  const [part] = await transaction.query<Part>({
    name: 'list-migration',
    text: `with next as materialized (
             select s.id, s.customer_id from subscription s
             where s.tenant_id = $1 and s.customer_id > $2 and s.ended_at is null and s.plan = $3 and s.plan_version = $4
               and ($5::text[] is null or s.customer_id = any($5))
             order by s.customer_id, s.id limit $6),
           written as (
             insert into plan_migration_item (tenant_id, migration_id, number, subscription_id, customer_id)
             select $1, $7, $8 + row_number() over (order by customer_id, id), id, customer_id from next)
           select count(*)::int as count, max(customer_id) as last from next`,
    values: [tenantId, until, from.plan, from.version, only, most, id, listed],
  });
  if (!part) throw new Error('an aggregate without a row');
  return part;
}
