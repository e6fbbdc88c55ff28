import type { PlanMigrationId, SubscriptionId, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import { groupBy } from '../mapping/group-by.js';
import {
  MIGRATION_COLUMNS,
  migrationFromRow,
  type MigrationRow,
  type StoredMigration,
} from '../mapping/plan-migration.js';
import type { Result } from '../result.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type Page,
  type PageRequest,
  pageOf,
} from './page.js';

/** Why a subscription was not moved. */
export interface MigrationProblem {
  readonly subscriptionId: SubscriptionId;
  readonly code: string;
  readonly message: string;
}

/** A plan migration by its id; null: there is none. */
export async function findPlanMigration(
  db: Database,
  tenantId: TenantId,
  id: PlanMigrationId,
): Promise<StoredMigration | null> {
  return readTransaction(db, tenantId, (transaction) => migrationOf(transaction, id));
}

export async function migrationOf(
  transaction: Transaction,
  id: PlanMigrationId,
): Promise<StoredMigration | null> {
  const [row] = await transaction.query<MigrationRow>({
    name: 'find-plan-migration',
    text: `select ${MIGRATION_COLUMNS} from plan_migration m where m.tenant_id = $1 and m.id = $2`,
    values: [transaction.tenantId, id],
  });
  return row ? migrationFromRow(row) : null;
}

/** Plan migrations, newest first. */
export async function listPlanMigrations(
  db: Database,
  tenantId: TenantId,
  request: PageRequest,
): Promise<Result<{ page: Page<StoredMigration> }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<MigrationRow>({
      name: 'list-plan-migrations',
      text: `select ${MIGRATION_COLUMNS} from plan_migration m
             where m.tenant_id = $1 and ($2::timestamptz is null or (m.created_at, m.id) < ($2, $3))
             order by m.created_at desc, m.id desc limit $4`,
      values: [tenantId, dateOf(after), after?.id ?? null, request.first + 1],
    }),
  );
  const cursorOf = ({ createdAt, id }: StoredMigration): string => encodeTimedCursor(createdAt, id);
  return { ok: true, page: pageOf(rows.map(migrationFromRow), request, cursorOf) };
}

export interface ProblemSearch {
  readonly first: number;
  /** Those that come after this subscription's; null: from the beginning. */
  readonly after: string | null;
}

interface ProblemRow {
  readonly migration_id: PlanMigrationId;
  readonly subscription_id: SubscriptionId;
  readonly code: string;
  readonly message: string;
}

/** The problems of each of these migrations, in the order in which they were found: one statement for all of them. */
export async function listMigrationProblems(
  db: Database,
  tenantId: TenantId,
  ids: readonly PlanMigrationId[],
  { first, after }: ProblemSearch,
): Promise<MigrationProblem[][]> {
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<ProblemRow>({
      name: 'list-migration-problems',
      text: `select p.* from unnest($2::text[]) as k(id) cross join lateral (
               select p.migration_id, p.subscription_id, p.code, p.message from plan_migration_problem p
               where p.tenant_id = $1 and p.migration_id = k.id
                 and p.number > case when $3::text is null then 0 else (
                   select l.number from plan_migration_problem l
                   where l.tenant_id = $1 and l.migration_id = k.id and l.subscription_id = $3) end
               order by p.number limit $4) p`,
      values: [tenantId, textArray(ids), after, first],
    }),
  );
  const byMigration = groupBy(rows, (row) => row.migration_id);
  return ids.map((id) => (byMigration.get(id) ?? []).map(problemFromRow));
}

function problemFromRow({ subscription_id, code, message }: ProblemRow): MigrationProblem {
  return { subscriptionId: subscription_id, code, message };
}
