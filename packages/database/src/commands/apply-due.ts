import { applyDue, type CustomerId, type Instant, instant } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { TenantId } from '@licet/domain';
import type { Revision } from '../event-log/revision.js';
import { loadAccounts, lockCustomers } from '../repositories/accounts.js';
import {
  accountEvents,
  accountStatements,
  type AccountUpdate,
  lockMetersOf,
  TIME,
} from '../repositories/write-accounts.js';

export interface DueBatch {
  /** Customers that were locked because their time had come. */
  readonly claimed: number;
  readonly events: number;
  readonly revision: Revision | null;
}

/** Tenants that have due work, at most `most`. */
export async function dueTenants(db: Database, most: number): Promise<TenantId[]> {
  const { rows } = await db.pool.query<{ tenant_id: TenantId }>({
    name: 'due-tenants',
    text: 'select due_tenants as tenant_id from due_tenants($1)',
    values: [most],
  });
  return rows.map((row) => row.tenant_id);
}

interface ClaimRow {
  readonly ids: CustomerId[];
  readonly clock: Date;
}

/**
 * Locks up to `most` customers whose time has come, skipping those that another worker holds, and writes
 * down all that is due for them, dated when it was due. Claim and effect are one transaction, so each
 * transition happens exactly once wherever the process is killed.
 */
export async function applyDueBatch(db: Database, tenantId: TenantId, most: number): Promise<DueBatch> {
  const { value, revision } = await writeTransaction(db, tenantId, async (transaction) => {
    const [claim] = await transaction.query<ClaimRow>({
      name: 'claim-due',
      text: `with due as materialized (
               select id from customer where tenant_id = $1 and next_due_at <= clock_timestamp()
               order by next_due_at limit $2 for update skip locked)
             select coalesce(json_agg(id), '[]') as ids, clock_timestamp() as clock from due`,
      values: [tenantId, most],
    });
    if (!claim || claim.ids.length === 0)
      return { value: { claimed: 0, events: 0 }, statements: [], events: [] };
    return passTime(db, transaction, claim.ids, instant(claim.clock.getTime()));
  });
  return { ...value, revision };
}

/** Writes down what is due for these customers; a command or a spend does so before it decides. */
export async function applyDueFor(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
): Promise<void> {
  await writeTransaction(db, tenantId, async (transaction) => {
    const { locked, clock } = await lockCustomers(transaction, ids);
    return passTime(db, transaction, locked, clock);
  });
}

async function passTime(
  db: Database,
  transaction: Transaction,
  ids: readonly CustomerId[],
  clock: Instant,
): Promise<Writes<{ claimed: number; events: number }>> {
  // The claim's own snapshot is from before its locks: what is due is read in the next statements.
  await transaction.query(lockMetersOf(transaction.tenantId, ids));
  const { release, accounts } = await loadAccounts(db, transaction, ids);
  const updates: AccountUpdate[] = [...accounts.values()].map((before) => {
    const { account, events } = applyDue(before.account, release, clock);
    return { before, after: account, events: [...before.overdue, ...events] };
  });
  const by = { actor: TIME, reason: null, requestId: null };
  const events = updates
    .flatMap((update) => accountEvents(update, by, clock))
    .sort((one, other) => one.at - other.at);
  return {
    value: { claimed: ids.length, events: events.length },
    statements: accountStatements(transaction.tenantId, updates, release, clock),
    events,
  };
}
