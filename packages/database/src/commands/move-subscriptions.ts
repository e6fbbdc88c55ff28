import {
  applyDue,
  type CustomerId,
  type Instant,
  type Migration,
  migrate,
  type Refusal,
  type SubscriptionId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction, Writes } from '../connection/transaction.js';
import type { NewEvent } from '../event-log/append.js';
import { numberArray, textArray } from '../mapping/array-literal.js';
import type { StoredMigration } from '../mapping/plan-migration.js';
import { loadAccounts, type LoadedAccounts, lockCustomers } from '../repositories/accounts.js';
import { soldVersion } from '../repositories/plan-versions.js';
import {
  accountStatements,
  type AccountUpdate,
  changeAfterDue,
  lockMetersOf,
} from '../repositories/write-accounts.js';
import { deleteItems, progressStatement } from './migration-changes.js';

/** A subscription on a migration's list, by its place there. */
export interface Item {
  readonly number: number;
  readonly subscription_id: SubscriptionId;
  readonly customer_id: CustomerId;
}

/** The next `most` on the list of a migration that this transaction holds. */
export async function nextItems(
  transaction: Transaction,
  { id, done }: StoredMigration,
  most: number,
): Promise<Item[]> {
  return transaction.query<Item>({
    name: 'next-migration-items',
    text: `select number, subscription_id, customer_id from plan_migration_item
           where tenant_id = $1 and migration_id = $2 and number > $3 order by number limit $4`,
    values: [transaction.tenantId, id, done, most],
  });
}

/** What becomes of a subscription whose turn it is. `left`: it has gone elsewhere, or what is asked for already is so. */
type Turn =
  | { readonly kind: 'moved'; readonly update: AccountUpdate; readonly events: readonly NewEvent[] }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'left' };

/** Why a subscription on the list is not moved. */
export interface Problem {
  readonly item: Item;
  readonly code: Refusal['code'] | 'INTERNAL';
  readonly message: string;
}

/**
 * Moves these subscriptions under their customers' locks, each as a change of plan would, and notes how far that has
 * come: effect and progress are one transaction, so each has its turn once, wherever the process is killed.
 */
export async function moveSubscriptions(
  db: Database,
  transaction: Transaction,
  migration: StoredMigration,
  items: readonly Item[],
): Promise<Writes<StoredMigration>> {
  const { tenantId } = transaction;
  const { locked, clock } = await lockCustomers(
    transaction,
    items.map((item) => item.customer_id),
  );
  await transaction.query(lockMetersOf(tenantId, locked));
  const loaded = await loadAccounts(db, transaction, locked);
  const { from, timing, at } = migration;
  const plan: Migration = { from, to: await soldVersion(db, transaction, migration.to), timing, at };
  const turns = items.map((item) => takeTurn(item, { migration, plan, loaded, clock }));
  const moved = turns.flatMap((turn) => (turn.kind === 'moved' ? [turn] : []));
  const problems = turns.flatMap((turn) => (turn.kind === 'refused' ? [turn.problem] : []));
  const after = afterTurns(migration, { turns: turns.length, moved: moved.length, refused: problems.length });
  const written = migration.dryRun ? [] : moved;
  return {
    value: after,
    statements: [
      ...turnStatements(transaction, after, problems),
      ...(written.length === 0
        ? []
        : accountStatements(
            tenantId,
            written.map(({ update }) => update),
            loaded.release,
            clock,
          )),
    ],
    events: written.flatMap(({ events }) => events),
  };
}

interface Ground {
  readonly migration: StoredMigration;
  readonly plan: Migration;
  readonly loaded: LoadedAccounts;
  readonly clock: Instant;
}

function takeTurn(item: Item, { migration, plan, loaded, clock }: Ground): Turn {
  const stored = loaded.accounts.get(item.customer_id);
  if (stored === undefined) return { kind: 'left' };
  const due = applyDue(stored.account, loaded.release, clock);
  const outcome = migrate(due.account, item.subscription_id, plan, loaded.release, clock);
  if (!outcome.ok) {
    const { code, message } = outcome.refusal;
    return { kind: 'refused', problem: { item, code, message } };
  }
  if (outcome.events.length === 0) return { kind: 'left' };
  const { createdBy: actor, requestId, id } = migration;
  const by = { actor, reason: null, requestId, migration: id };
  return { kind: 'moved', ...changeAfterDue(stored, due, outcome, by, clock) };
}

/** How far a migration has come after so many turns. */
export function afterTurns(
  migration: StoredMigration,
  { turns, moved, refused }: { readonly turns: number; readonly moved: number; readonly refused: number },
): StoredMigration {
  return {
    ...migration,
    done: migration.done + turns,
    moved: migration.moved + moved,
    refused: migration.refused + refused,
  };
}

/** What is noted of turns that have been. */
export function turnStatements(
  transaction: Transaction,
  after: StoredMigration,
  problems: readonly Problem[],
): Statement[] {
  return [
    progressStatement(transaction.tenantId, after),
    deleteItems(transaction, after, after.done),
    ...(problems.length === 0 ? [] : [insertProblems(transaction, after, problems)]),
  ];
}

function insertProblems(
  { tenantId }: Transaction,
  { id }: StoredMigration,
  problems: readonly Problem[],
): Statement {
  return {
    name: 'insert-migration-problems',
    text: `insert into plan_migration_problem (tenant_id, migration_id, number, subscription_id, code, message)
           select $1, $2, p.* from unnest($3::int[], $4::text[], $5::text[], $6::text[]) as p`,
    values: [
      tenantId,
      id,
      numberArray(problems.map(({ item }) => item.number)),
      textArray(problems.map(({ item }) => item.subscription_id)),
      textArray(problems.map(({ code }) => code)),
      textArray(problems.map(({ message }) => message)),
    ],
  };
}
