import {
  type AskedMigration,
  type CustomerId,
  formatInstant,
  type Migration,
  type PlanMigrationId,
  readMigration,
} from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction, Writes } from '../connection/transaction.js';
import { type Caller, withLastEntryId } from '../event-log/append.js';
import { currentRevision, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { newPlanMigrationId } from '../ids.js';
import { textArray } from '../mapping/array-literal.js';
import type { StoredMigration } from '../mapping/plan-migration.js';
import {
  keptOperations,
  keyConflict,
  operationKey,
  operationStatements,
  requestHash,
} from '../repositories/operations.js';
import { migrationOf } from '../repositories/plan-migrations.js';
import { everSold } from '../repositories/plan-versions.js';
import { publishedRelease, rulesVersion } from '../repositories/releases.js';
import { refused, type Refused, type Result } from '../result.js';
import { keyedTransaction } from './keyed-transaction.js';
import { type MigrationChange, migrationEvent } from './migration-changes.js';

export interface MigratePlan extends AskedMigration {
  /** Null: for all customers. */
  readonly customerIds: readonly CustomerId[] | null;
  readonly dryRun: boolean;
  readonly idempotencyKey: string;
}

type Outcome =
  Refused | { readonly ok: true; readonly migration: StoredMigration; readonly replayedAt: Revision | null };

/**
 * Queues the move of all subscriptions of one plan version: the worker carries it out. What could be right for no
 * subscription is refused at once. docs/rules.md, "Plan migrations".
 */
export async function migratePlan(
  db: Database,
  caller: Caller,
  input: MigratePlan,
): Promise<Result<MigrationChange>> {
  const { value, revision } = await keyedTransaction(db, caller.tenantId, (transaction) =>
    queue(db, transaction, caller, input),
  );
  if (!value.ok) return value;
  const { migration, replayedAt } = value;
  return {
    ok: true,
    migration,
    revision: replayedAt ?? revision ?? (await currentRevision(db, caller.tenantId)),
  };
}

async function queue(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  input: MigratePlan,
): Promise<Writes<Outcome>> {
  const key = operationKey(db, caller.tenantId, input.idempotencyKey);
  const kept = await answerKept(transaction, key, input);
  if (kept) return unwritten(kept);
  const release = await publishedRelease(db, transaction, await rulesVersion(transaction));
  const sold = await everSold(db, transaction, { ...input, toPlan: input.toPlan ?? input.from.plan });
  const clock = await readClock(transaction);
  const read = readMigration(input, sold, release, clock);
  if ('ok' in read) return unwritten({ ok: false, ...read.refusal });
  const missing = await refusedCustomers(transaction, input.customerIds);
  if (missing) return unwritten(missing);
  const migration: StoredMigration = {
    ...asStored(input, read),
    id: newPlanMigrationId(),
    createdBy: caller.actor,
    requestId: caller.requestId,
    createdAt: clock,
  };
  const created = { type: 'migration.created', before: null, after: migration } as const;
  const { events, entryId } = withLastEntryId([migrationEvent(caller, created, clock)]);
  const record = { key, kind: KIND, requestHash: hashOf(input), outcome: { id: migration.id } };
  return {
    value: { ok: true, migration, replayedAt: null },
    statements: [
      insertMigration(transaction, migration),
      ...operationStatements(caller.tenantId, [{ ...record, at: clock, batchId: entryId }]),
    ],
    events,
    rulesVersion: release.publication.version,
  };
}

const KIND = 'migratePlan';

function unwritten(value: Outcome): Writes<Outcome> {
  return { value, statements: [], events: [] };
}

function hashOf({ from, toPlan, toVersion, timing, at, customerIds, dryRun }: MigratePlan): Buffer {
  return requestHash(KIND, { from, toPlan, toVersion, timing, at, customerIds, dryRun });
}

const NOTHING_DONE = {
  status: 'QUEUED',
  done: 0,
  total: null,
  moved: 0,
  refused: 0,
  finishedAt: null,
} as const satisfies Partial<StoredMigration>;

/** Each customer once, however often it is named. */
function asStored({ customerIds, dryRun }: MigratePlan, { from, to, timing, at }: Migration) {
  return {
    ...NOTHING_DONE,
    from,
    to: { plan: to.plan.key, version: to.version },
    timing,
    at,
    customerIds: customerIds && [...new Set(customerIds)],
    dryRun,
  };
}

async function refusedCustomers(
  transaction: Transaction,
  ids: readonly CustomerId[] | null,
): Promise<Refused | null> {
  if (ids === null) return null;
  if (ids.length === 0) {
    const message = 'nobody is named; leave `customerIds` out for all customers';
    return refused('BAD_USER_INPUT', 'customerIds', message);
  }
  const missing = await transaction.query<{ id: string }>({
    name: 'missing-customers',
    text: `select k.id from unnest($2::text[]) as k(id)
           where not exists (select 1 from customer c where c.tenant_id = $1 and c.id = k.id) limit 1`,
    values: [transaction.tenantId, textArray(ids)],
  });
  const [first] = missing;
  return first
    ? refused('NOT_FOUND', 'customerIds', `there is no customer \`${first.id}\`; leave it out`)
    : null;
}

function insertMigration({ tenantId }: Transaction, migration: StoredMigration): Statement {
  const { id, from, to, timing, at, customerIds, dryRun, createdBy, requestId, createdAt } = migration;
  return {
    name: 'insert-plan-migration',
    text: `insert into plan_migration (tenant_id, id, plan, version, to_plan, to_version, timing, at, customer_ids,
             dry_run, status, created_by, request_id, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'QUEUED', $11, $12, $13)`,
    values: [
      tenantId,
      id,
      from.plan,
      from.version,
      to.plan,
      to.version,
      timing,
      at && formatInstant(at),
      customerIds && textArray(customerIds),
      dryRun,
      JSON.stringify(createdBy),
      requestId,
      formatInstant(createdAt),
    ],
  };
}

async function answerKept(
  transaction: Transaction,
  key: Buffer,
  input: MigratePlan,
): Promise<Outcome | null> {
  const [kept] = await keptOperations<{ readonly id: PlanMigrationId }>(transaction, [key]);
  if (!kept) return null;
  if (!kept.request_hash.equals(hashOf(input))) return keyConflict('idempotencyKey');
  const migration = await migrationOf(transaction, kept.outcome.id);
  if (!migration) throw new Error('a migration is never deleted');
  const replayedAt = await revisionOfEntry(transaction, kept.batch_id);
  // As it was queued: how far it has come since is told by `planMigration`.
  return { ok: true, migration: { ...migration, ...NOTHING_DONE }, replayedAt };
}
