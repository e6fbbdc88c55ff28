import { applyDue, type CustomerId, type Instant, instant } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError } from '../connection/errors.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { TenantId } from '@licet/domain';
import type { Revision } from '../event-log/revision.js';
import { textArray } from '../mapping/array-literal.js';
import { loadAccounts, lockCustomers } from '../repositories/accounts.js';
import {
  accountEvents,
  accountStatements,
  type AccountUpdate,
  lockMetersOf,
  TIME,
} from '../repositories/write-accounts.js';
import { isolate } from '../spending/isolate.js';

export interface DueBatch {
  /** Customers that were locked because their time had come, and whose time was written down. */
  readonly claimed: number;
  readonly events: number;
  readonly revision: Revision | null;
  /** Whether there may be others whose time has come. */
  readonly more: boolean;
  /** Those whose time cannot be written down, and why: they stay due. */
  readonly failures: readonly DueFailure[];
}

export interface DueFailure {
  readonly customerId: CustomerId;
  readonly error: unknown;
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
 * Locks up to `most` customers whose time has come, skipping `except` and those that another worker holds, and writes
 * down all that is due for them, dated when it was due. Claim and effect are one transaction, so each
 * transition happens exactly once wherever the process is killed. Where that fails it is tried with fewer of them, down
 * to one, so that nobody holds up the others; an outage is thrown.
 */
export async function applyDueBatch(
  db: Database,
  tenantId: TenantId,
  most: number,
  except: readonly CustomerId[] = [],
): Promise<DueBatch> {
  let claimed: readonly CustomerId[] = [];
  try {
    const { value, revision } = await writeTransaction(db, tenantId, async (transaction) => {
      const { ids, clock } = await claimDue(transaction, most, except);
      claimed = ids;
      if (ids.length === 0)
        return { value: { claimed: 0, events: 0, more: false }, statements: [], events: [] };
      const { value: passed, ...writes } = await passTime(db, transaction, ids, clock, MOST_RECKONING_MS);
      return { ...writes, value: { ...passed, more: ids.length === most || passed.claimed < ids.length } };
    });
    return { ...value, revision, failures: [] };
  } catch (error) {
    if (claimed.length === 0 || error instanceof DatabaseUnavailableError) throw error;
    return { ...(await applyApart(db, tenantId, claimed)), more: claimed.length === most };
  }
}

/** The server ends a transaction in which it waits for longer than some seconds, and would again each time: what is left over is for the next batch. */
const MOST_RECKONING_MS = 1000;

async function claimDue(
  transaction: Transaction,
  most: number,
  except: readonly CustomerId[],
): Promise<{ readonly ids: readonly CustomerId[]; readonly clock: Instant }> {
  const [row] = await transaction.query<ClaimRow>({
    name: 'claim-due',
    text: `with due as materialized (
             select id from customer where tenant_id = $1 and next_due_at <= clock_timestamp() and id <> all($3)
             order by next_due_at limit $2 for update skip locked)
           select coalesce(json_agg(id), '[]') as ids, clock_timestamp() as clock from due`,
    values: [transaction.tenantId, most, textArray(except)],
  });
  if (!row) throw new Error('an aggregate without a row');
  return { ids: row.ids, clock: instant(row.clock.getTime()) };
}

async function applyApart(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
): Promise<Omit<DueBatch, 'more'>> {
  const failures: DueFailure[] = [];
  let events = 0;
  let revision: Revision | null = null;
  await isolate(
    ids,
    async (some) => {
      const applied = await applyDueFor(db, tenantId, some);
      events += applied.events;
      revision = applied.revision ?? revision;
      return [];
    },
    (customerId, error) => failures.push({ customerId, error }),
  );
  const outage = failures.find(({ error }) => error instanceof DatabaseUnavailableError);
  if (outage !== undefined) throw outage.error;
  return { claimed: ids.length - failures.length, events, revision, failures };
}

/** Writes down what is due for these customers; a command or a spend does so before it decides. */
export async function applyDueFor(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
): Promise<{ readonly events: number; readonly revision: Revision | null }> {
  const { value, revision } = await writeTransaction(db, tenantId, async (transaction) => {
    const { locked, clock } = await lockCustomers(transaction, ids);
    return passTime(db, transaction, locked, clock);
  });
  return { events: value.events, revision };
}

/** Leaves out those that are not begun with within `most` milliseconds, but for the first. */
async function passTime(
  db: Database,
  transaction: Transaction,
  ids: readonly CustomerId[],
  clock: Instant,
  most = Infinity,
): Promise<Writes<{ claimed: number; events: number }>> {
  // The claim's own snapshot is from before its locks: what is due is read in the next statements.
  await transaction.query(lockMetersOf(transaction.tenantId, ids));
  const { release, accounts } = await loadAccounts(db, transaction, ids);
  const begun = performance.now();
  const updates: AccountUpdate[] = [];
  for (const before of accounts.values()) {
    if (updates.length > 0 && performance.now() - begun > most) break;
    const { account, events } = applyDue(before.account, release, clock);
    updates.push({ before, after: account, events: [...before.overdue, ...events] });
  }
  const by = { actor: TIME, reason: null, requestId: null };
  const events = updates
    .flatMap((update) => accountEvents(update, by, clock))
    .sort((one, other) => one.at - other.at);
  return {
    value: { claimed: updates.length, events: events.length },
    statements: accountStatements(transaction.tenantId, updates, release, clock),
    events,
  };
}
