import { type PlanMigrationId } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import { currentRevision } from '../event-log/read.js';
import {
  MIGRATION_COLUMNS,
  migrationFromRow,
  type MigrationRow,
  type StoredMigration,
} from '../mapping/plan-migration.js';
import { refused, type Refused, type Result } from '../result.js';
import { deleteItems, type MigrationChange, migrationEvent, progressStatement } from './migration-changes.js';

type Outcome = Refused | { readonly ok: true; readonly migration: StoredMigration };

/**
 * Stops a migration before its next batch: what has moved stays moved. Again: no change. CONFLICT for one that has
 * finished.
 */
export async function cancelPlanMigration(
  db: Database,
  caller: Caller,
  id: PlanMigrationId,
): Promise<Result<MigrationChange>> {
  const { value, revision } = await writeTransaction(db, caller.tenantId, (transaction) =>
    cancel(transaction, caller, id),
  );
  if (!value.ok) return value;
  return { ...value, revision: revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function cancel(
  transaction: Transaction,
  caller: Caller,
  id: PlanMigrationId,
): Promise<Writes<Outcome>> {
  const before = await lockMigration(transaction, id);
  if (before === null)
    return unwritten(
      refused('NOT_FOUND', 'id', `there is no plan migration \`${id}\`; see \`planMigrations\``),
    );
  if (before.status === 'CANCELED') return unwritten({ ok: true, migration: before });
  if (before.finishedAt !== null) {
    const message = 'the migration has finished, and what has moved stays moved; migrate back instead';
    return unwritten(refused('CONFLICT', 'id', message));
  }
  const clock = await readClock(transaction);
  const migration: StoredMigration = { ...before, status: 'CANCELED', finishedAt: clock };
  return {
    value: { ok: true, migration },
    statements: [progressStatement(caller.tenantId, migration), deleteItems(transaction, migration, ALL)],
    events: [migrationEvent(caller, { type: 'migration.canceled', before, after: migration }, clock)],
  };
}

const ALL = 2_147_483_647;

function unwritten(value: Outcome): Writes<Outcome> {
  return { value, statements: [], events: [] };
}

/** Waits for the batch that is being moved: its counts are then final. */
async function lockMigration(transaction: Transaction, id: PlanMigrationId): Promise<StoredMigration | null> {
  const [row] = await transaction.query<MigrationRow>({
    name: 'lock-plan-migration',
    text: `select ${MIGRATION_COLUMNS} from plan_migration m where m.tenant_id = $1 and m.id = $2 for update`,
    values: [transaction.tenantId, id],
  });
  return row ? migrationFromRow(row) : null;
}
