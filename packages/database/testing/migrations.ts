import {
  draftRelease,
  listMigrationProblems,
  migrateBatch,
  migratePlan,
  type MigratePlan,
  type MigrationProblem,
  publishRelease,
  type StoredMigration,
} from '@licet/database';
import { parseCatalogDocument, parsePlanKey, type PlanKey } from '@licet/domain';
import type { TestTenant } from './tenant.js';

export function planKeyOf(text: string): PlanKey {
  const key = parsePlanKey(text);
  if (key === null) throw new Error(`a test names a plan that is none: ${text}`);
  return key;
}

export interface AskedOfTest extends Partial<Omit<MigratePlan, 'from' | 'toPlan'>> {
  readonly plan?: string;
  readonly version?: number;
  readonly toPlan?: string;
}

/** From `pro` in version 1 to the one that is sold now, unless it says otherwise. */
export function migrationOf({ plan = 'pro', version = 1, toPlan, ...rest }: AskedOfTest): MigratePlan {
  return {
    from: { plan: planKeyOf(plan), version },
    toPlan: toPlan === undefined ? null : planKeyOf(toPlan),
    toVersion: null,
    timing: 'NOW',
    at: null,
    customerIds: null,
    dryRun: false,
    idempotencyKey: `migration ${String(Math.random())}`,
    ...rest,
  };
}

/** A migration that is queued; throws where it is refused. */
export async function queueMigration(
  { db, caller }: TestTenant,
  asked: AskedOfTest = {},
): Promise<StoredMigration> {
  const queued = await migratePlan(db, caller, migrationOf(asked));
  if (!queued.ok) throw new Error(queued.message);
  return queued.migration;
}

/** Carries out what is queued, as a worker does; returns the last migration as it has ended. */
export async function carryOut({ db, caller }: TestTenant, most = 100): Promise<StoredMigration> {
  for (let last: StoredMigration | null = null; ;) {
    const step = await migrateBatch(db, caller.tenantId, most);
    if (step === null && last !== null) return last;
    if (step === null || step.after === step.before) throw new Error('there is no migration to carry out');
    last = step.after;
  }
}

export async function problemsOf(
  { db, caller }: TestTenant,
  { id }: StoredMigration,
  first = 100,
  after: string | null = null,
): Promise<readonly MigrationProblem[]> {
  const [listed] = await listMigrationProblems(db, caller.tenantId, [id], { first, after });
  if (!listed?.ok) throw new Error(JSON.stringify(listed));
  return listed.problems;
}

/** Makes another catalog live. */
export async function publish({ db, caller }: TestTenant, document: object): Promise<void> {
  const parsed = parseCatalogDocument(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const drafted = await draftRelease(db, caller, { parsed, comment: null, idempotencyKey: null });
  if (!drafted.ok) throw new Error(drafted.message);
  const published = await publishRelease(db, caller, drafted.release.number);
  if (!published.ok) throw new Error(published.message);
}
