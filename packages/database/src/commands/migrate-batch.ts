import type { TenantId } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError } from '../connection/errors.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { Actor } from '../event-log/append.js';
import {
  MIGRATION_COLUMNS,
  migrationFromRow,
  type MigrationRow,
  type StoredMigration,
} from '../mapping/plan-migration.js';
import { isBehind, type Listing, listSubscriptions } from './list-migration.js';
import { migrationEvent, progressStatement } from './migration-changes.js';
import { afterTurns, moveSubscriptions, nextItems, turnStatements } from './move-subscriptions.js';

/** What one step has made of the tenant's oldest migration. */
export interface MigrationStep {
  readonly before: StoredMigration;
  readonly after: StoredMigration;
  /** What went wrong with the one subscription that was set aside; null: nothing. */
  readonly failure: unknown;
}

/** Tenants that have a migration to carry out, at most `most`. */
export async function migratingTenants(db: Database, most: number): Promise<TenantId[]> {
  const { rows } = await db.pool.query<{ tenant_id: TenantId }>({
    name: 'migrating-tenants',
    text: 'select migrating_tenants as tenant_id from migrating_tenants($1)',
    values: [most],
  });
  return rows.map((row) => row.tenant_id);
}

/**
 * The next step of the tenant's oldest migration: lists whom it moves, moves up to `most` of them, or finishes it. Null:
 * there is none, or another worker is at it. `after` is `before`: it waits for what was due earlier. A subscription
 * that cannot even be decided on is set aside as a problem, and does not stop the rest.
 */
export async function migrateBatch(
  db: Database,
  tenantId: TenantId,
  most: number,
): Promise<MigrationStep | null> {
  try {
    return await takeStep(db, tenantId, most);
  } catch (error) {
    if (!(error instanceof StepFailedError)) throw error;
    return most > 1 ? migrateBatch(db, tenantId, 1) : setNextAside(db, tenantId, error);
  }
}

/** A step that has failed, and would again; `migration`: as it was then. */
class StepFailedError extends Error {
  constructor(
    readonly migration: StoredMigration,
    cause: unknown,
  ) {
    super('a step of a migration failed', { cause });
  }
}

interface Claimed extends Listing {
  readonly migration: StoredMigration;
}

async function takeStep(db: Database, tenantId: TenantId, most: number): Promise<MigrationStep | null> {
  const held: { migration?: StoredMigration } = {};
  try {
    const { value } = await writeTransaction<MigrationStep | null>(db, tenantId, async (transaction) => {
      const claimed = await claim(transaction);
      if (claimed === null) return NOTHING;
      const before = (held.migration = claimed.migration);
      const { value: after, ...writes } = await stepOf(db, transaction, claimed, most);
      return { ...writes, value: { before, after, failure: null } };
    });
    return value;
  } catch (error) {
    if (held.migration === undefined || error instanceof DatabaseUnavailableError) throw error;
    throw new StepFailedError(held.migration, error);
  }
}

const NOTHING: Writes<null> = { value: null, statements: [], events: [] };

/**
 * INVARIANT (one turn for each): whoever holds the row of a migration carries it out; where its process ends, so does
 * the transaction with all that it has moved since the last step. Tenants' migrations run one after another, since a
 * later one may begin where an earlier one leads.
 */
async function claim(transaction: Transaction): Promise<Claimed | null> {
  const [row] = await transaction.query<MigrationRow>({
    name: 'claim-migration',
    text: `select ${MIGRATION_COLUMNS} from plan_migration m
           where m.tenant_id = $1 and m.finished_at is null and m.id = (
             select o.id from plan_migration o where o.tenant_id = $1 and o.finished_at is null
             order by o.created_at, o.id limit 1)
           for update skip locked`,
    values: [transaction.tenantId],
  });
  if (!row) return null;
  return { migration: migrationFromRow(row), listed: row.listed, until: row.listed_until ?? '' };
}

async function stepOf(
  db: Database,
  transaction: Transaction,
  claimed: Claimed,
  most: number,
): Promise<Writes<StoredMigration>> {
  const { migration } = claimed;
  if (migration.total === null) return list(transaction, claimed);
  const items = await nextItems(transaction, migration, most);
  if (items.length > 0) return moveSubscriptions(db, transaction, migration, items);
  return finish(transaction, migration);
}

async function list(transaction: Transaction, claimed: Claimed): Promise<Writes<StoredMigration>> {
  const { migration } = claimed;
  if (await isBehind(transaction, migration)) return { value: migration, statements: [], events: [] };
  return listSubscriptions(transaction, migration, claimed);
}

const BY_WORKER: Actor = { kind: 'WORKER', id: 'migrations', name: null };

async function finish(
  transaction: Transaction,
  migration: StoredMigration,
): Promise<Writes<StoredMigration>> {
  const clock = await readClock(transaction);
  const after: StoredMigration = { ...migration, status: 'SUCCEEDED', finishedAt: clock };
  const by = { actor: BY_WORKER, requestId: migration.requestId };
  return {
    value: after,
    statements: [progressStatement(transaction.tenantId, after)],
    events: [migrationEvent(by, { type: 'migration.finished', before: migration, after }, clock)],
  };
}

/** Notes the one whose turn failed as a problem, unless another worker has taken it meanwhile. */
async function setNextAside(
  db: Database,
  tenantId: TenantId,
  { migration: failed, cause: failure }: StepFailedError,
): Promise<MigrationStep | null> {
  const { value } = await writeTransaction<MigrationStep | null>(db, tenantId, async (transaction) => {
    const claimed = await claim(transaction);
    const before = claimed?.migration;
    if (before?.id !== failed.id || before.done !== failed.done) return NOTHING;
    const [item] = before.total === null ? [] : await nextItems(transaction, before, 1);
    if (item === undefined) throw failure;
    const after = afterTurns(before, { turns: 1, moved: 0, refused: 1 });
    const problem = { item, code: 'INTERNAL', message: SET_ASIDE } as const;
    return {
      value: { before, after, failure },
      statements: turnStatements(transaction, after, [problem]),
      events: [],
    };
  });
  return value;
}

const SET_ASIDE = 'the subscription could not be decided on; the log of the worker says why';
