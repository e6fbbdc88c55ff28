import type { MigrationEventData } from '@licet/api-types';
import { formatInstant, type Instant, type TenantId } from '@licet/domain';
import type { Statement, Transaction } from '../connection/transaction.js';
import type { Caller, NewEvent } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { migrationToJson, type StoredMigration } from '../mapping/plan-migration.js';

/** What all commands on plan migrations share, with the worker. */

export interface MigrationChange {
  readonly migration: StoredMigration;
  readonly revision: Revision;
}

export interface MigrationEvent {
  readonly type: 'migration.created' | 'migration.finished' | 'migration.canceled';
  readonly before: StoredMigration | null;
  readonly after: StoredMigration;
}

export function migrationEvent(
  by: Pick<Caller, 'actor' | 'requestId'>,
  { type, before, after }: MigrationEvent,
  clock: Instant,
): NewEvent {
  const data: MigrationEventData = {
    before: before && migrationToJson(before),
    after: migrationToJson(after),
  };
  return {
    type,
    subjectType: 'migration',
    subjectId: after.id,
    customer: null,
    actor: by.actor,
    reason: null,
    requestId: by.requestId,
    at: clock,
    recordedAt: clock,
    data: { ...data },
    listed: true,
  };
}

/** What a step has made of a migration, in the row that the step holds locked. */
export function progressStatement(tenantId: TenantId, migration: StoredMigration): Statement {
  const { id, status, done, moved, refused, finishedAt } = migration;
  return {
    name: 'migration-progress',
    text: `update plan_migration set status = $3, done = $4, moved = $5, refused = $6, finished_at = $7
           where tenant_id = $1 and id = $2`,
    values: [tenantId, id, status, done, moved, refused, finishedAt && formatInstant(finishedAt)],
  };
}

/** Those whose turn has been, or will not come any more. */
export function deleteItems({ tenantId }: Transaction, { id }: StoredMigration, upTo: number): Statement {
  return {
    name: 'delete-migration-items',
    text: 'delete from plan_migration_item where tenant_id = $1 and migration_id = $2 and number <= $3',
    values: [tenantId, id, upTo],
  };
}
