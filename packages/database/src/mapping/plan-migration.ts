import type { MigrationData } from '@licet/api-types';
import {
  type ChangeTiming,
  type CustomerId,
  formatInstant,
  type Instant,
  instant,
  type NamedVersion,
  parsePlanKey,
  type PlanMigrationId,
} from '@licet/domain';
import type { Actor } from '../event-log/append.js';

/** FAILED is of jobs that cannot go on; a migration goes on, and lists what it could not move. */
export type JobStatus = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELED';

/** How far a migration has come, in subscriptions. */
export interface MigrationCounts {
  /** Whose turn has been, whatever came of it. */
  readonly done: number;
  readonly moved: number;
  readonly refused: number;
}

/** A plan migration as it was asked for, and how far it has come. */
export interface StoredMigration extends MigrationCounts {
  readonly id: PlanMigrationId;
  readonly from: NamedVersion;
  readonly to: NamedVersion;
  readonly timing: ChangeTiming;
  readonly at: Instant | null;
  /** Null: for all customers. */
  readonly customerIds: readonly CustomerId[] | null;
  readonly dryRun: boolean;
  readonly status: JobStatus;
  /** Null: not counted yet. */
  readonly total: number | null;
  readonly createdBy: Actor;
  /** The request that asked for it. */
  readonly requestId: string | null;
  readonly createdAt: Instant;
  readonly finishedAt: Instant | null;
}

export interface MigrationRow {
  readonly id: PlanMigrationId;
  readonly plan: string;
  readonly version: number;
  readonly to_plan: string;
  readonly to_version: number;
  readonly timing: ChangeTiming;
  readonly at: Date | null;
  readonly customer_ids: CustomerId[] | null;
  readonly dry_run: boolean;
  readonly status: JobStatus;
  readonly listed_until: string | null;
  readonly listed: number;
  readonly done: number;
  readonly moved: number;
  readonly refused: number;
  readonly created_by: Actor;
  readonly request_id: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

export const MIGRATION_COLUMNS = `m.id, m.plan, m.version, m.to_plan, m.to_version, m.timing, m.at, m.customer_ids, m.dry_run,
  m.status, m.listed_until, m.listed, m.done, m.moved, m.refused, m.created_by, m.request_id, m.created_at, m.finished_at`;

export function migrationFromRow(row: MigrationRow): StoredMigration {
  const { id, timing, status, done, moved, refused } = row;
  return {
    ...{ id, timing, status, done, moved, refused },
    from: named(row.plan, row.version),
    to: named(row.to_plan, row.to_version),
    at: row.at && instant(row.at.getTime()),
    customerIds: row.customer_ids,
    dryRun: row.dry_run,
    total: row.listed_until === null ? row.listed : null,
    createdBy: row.created_by,
    requestId: row.request_id,
    createdAt: instant(row.created_at.getTime()),
    finishedAt: row.finished_at && instant(row.finished_at.getTime()),
  };
}

function named(text: string, version: number): NamedVersion {
  const plan = parsePlanKey(text);
  if (plan === null) throw new Error(`the database holds a plan key that is none: ${text}`);
  return { plan, version };
}

/** As the data of events holds it: customers are counted, not named, since the log outlives their erasure. */
export function migrationToJson(migration: StoredMigration): MigrationData {
  const { id, from, to, timing, at, customerIds, dryRun, status, done, total, moved, refused } = migration;
  return {
    id,
    plan: from.plan,
    version: from.version,
    toPlan: to.plan,
    toVersion: to.version,
    timing,
    at: at === null ? null : formatInstant(at),
    customers: customerIds === null ? null : customerIds.length,
    ...{ dryRun, status, done, total, moved, refused },
  };
}
