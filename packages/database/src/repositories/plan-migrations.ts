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

type ProblemRow = { readonly migration_id: PlanMigrationId; readonly follows: boolean } & (
  | {
      readonly subscription_id: SubscriptionId;
      readonly code: string;
      readonly message: string;
    }
  | { readonly subscription_id: null }
);

/**
 * The problems of each of these migrations, in the order in which they were found: one statement for all of them.
 * BAD_USER_INPUT for each that has none of the subscription `after`.
 */
export async function listMigrationProblems(
  db: Database,
  tenantId: TenantId,
  ids: readonly PlanMigrationId[],
  { first, after }: ProblemSearch,
): Promise<Result<{ readonly problems: readonly MigrationProblem[] }>[]> {
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<ProblemRow>({
      name: 'list-migration-problems',
      text: `select k.id as migration_id, $3::text is null or l.number is not null as follows, p.subscription_id, p.code, p.message
             from unnest($2::text[]) as k(id)
             left join plan_migration_problem l
               on l.tenant_id = $1 and l.migration_id = k.id and l.subscription_id = $3
             left join lateral (
               select p.number, p.subscription_id, p.code, p.message from plan_migration_problem p
               where p.tenant_id = $1 and p.migration_id = k.id and p.number > coalesce(l.number, 0)
               order by p.number limit $4) p on true
             order by p.number`,
      values: [tenantId, textArray(ids), after, first],
    }),
  );
  const byMigration = groupBy(rows, (row) => row.migration_id);
  return ids.map((id) => {
    const found = byMigration.get(id) ?? [];
    const follows = found.every((row) => row.follows);
    return follows ? { ok: true, problems: found.flatMap(problemsIn) } : malformedCursor();
  });
}

/** A row without one says only whether the cursor is of the list. */
function problemsIn(row: ProblemRow): MigrationProblem[] {
  if (row.subscription_id === null) return [];
  return [{ subscriptionId: row.subscription_id, code: row.code, message: row.message }];
}
