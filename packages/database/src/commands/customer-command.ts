import {
  applyDue,
  type CommandOutcome,
  type CustomerAccount,
  type CustomerId,
  type Instant,
  type Release,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction, Writes } from '../connection/transaction.js';
import { type Caller, type NewEvent, withLastEntryId } from '../event-log/append.js';
import { currentRevision, newestEntry, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { loadAccounts, lockCustomers, type Named, type StoredAccount } from '../repositories/accounts.js';
import {
  keptOperations,
  keyConflict,
  operationKey,
  operationStatements,
} from '../repositories/operations.js';
import { accountStatements, changeAfterDue, lockMetersOf } from '../repositories/write-accounts.js';
import { refused, type Refused, type Result } from '../result.js';
import { keyedTransaction } from './keyed-transaction.js';

/** Something that a caller asks of one customer's account. `Answer`: what it is answered with, now and on replay. */
export interface CustomerCommand<Answer> {
  readonly kind: string;
  /** Whose account it is; a refusal where what the command names is not there. */
  readonly customerOf: (transaction: Transaction) => Promise<CustomerId | Refused>;
  readonly named: Named | null;
  /** Null for commands that may simply be repeated. */
  readonly idempotencyKey: string | null;
  /** Of what was asked. */
  readonly requestHash: () => Buffer;
  readonly reason: string | null;
  /** Reads what the verdict rests on besides the account, under the customer's lock. */
  readonly read?: (transaction: Transaction, customerId: CustomerId) => Promise<void>;
  /** Pure: everything that is due has been applied to the account. */
  readonly execute: (account: CustomerAccount, release: Release, now: Instant) => CommandOutcome;
  readonly answer: (transaction: Transaction, done: Done) => Promise<Answer>;
  /** Rows that are written besides those of the account. */
  readonly rows: (answer: Answer, done: Done) => readonly Statement[];
  /** What the log tells besides the events of the account, after them. */
  readonly events?: (done: Done) => readonly NewEvent[];
  /** What the idempotency record keeps of the answer (undefined: it denies, and uses no key up), and the answer again. */
  readonly toRecord: (answer: Answer) => unknown;
  readonly fromRecord: (transaction: Transaction, record: unknown) => Promise<Answer>;
}

/** A command that was not refused. */
export interface Done {
  /** As it was read. */
  readonly before: StoredAccount;
  readonly account: CustomerAccount;
  readonly customerId: CustomerId;
  readonly clock: Instant;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  readonly revision: Revision;
  readonly replayed: boolean;
}

type Attempt<Answer> =
  | Refused
  | {
      readonly ok: true;
      readonly customerId: CustomerId;
      readonly answer: Answer;
      /** Null: that of the commit. */
      readonly revision: Revision | null;
      readonly replayed: boolean;
    };

/**
 * Runs what is due for the customer, then the command, in one transaction under the customer's lock. The same
 * idempotency key answers as the first time. A refusal has written nothing.
 */
export async function runCustomerCommand<Answer>(
  db: Database,
  caller: Caller,
  command: CustomerCommand<Answer>,
): Promise<Result<Answered<Answer>>> {
  const committed = await keyedTransaction(db, caller.tenantId, (transaction) =>
    work({ db, transaction, caller, command }),
  );
  const { value } = committed;
  if (!value.ok) return value;
  const { answer, replayed, customerId } = value;
  const revision = value.revision ?? committed.revision ?? (await currentRevision(db, caller.tenantId));
  if (committed.revision === null) db.commits.answered(caller.tenantId, revision, customerId);
  return { ok: true, answer, revision, replayed };
}

interface Running<Answer> {
  readonly db: Database;
  readonly transaction: Transaction;
  readonly caller: Caller;
  readonly command: CustomerCommand<Answer>;
}

async function work<Answer>(running: Running<Answer>): Promise<Writes<Attempt<Answer>>> {
  const { db, transaction, caller, command } = running;
  const customerId = await command.customerOf(transaction);
  if (typeof customerId !== 'string') return nothing(customerId);
  const { locked, clock } = await lockCustomers(transaction, [customerId]);
  if (locked.length === 0) {
    const message = `there is no customer \`${customerId}\`; create it by upsertCustomer`;
    return nothing(refused('NOT_FOUND', 'customerId', message));
  }
  const replay = await answerKept(running, customerId);
  if (replay) return nothing(replay);
  await transaction.query(lockMetersOf(caller.tenantId, [customerId]));
  await command.read?.(transaction, customerId);
  const { release, accounts } = await loadAccounts(db, transaction, [customerId], { named: command.named });
  const stored = accounts.get(customerId);
  if (!stored) throw new Error('a locked customer is there');
  return decideAndWrite(running, { stored, release, clock });
}

interface Ground {
  readonly stored: StoredAccount;
  readonly release: Release;
  readonly clock: Instant;
}

async function decideAndWrite<Answer>(
  running: Running<Answer>,
  { stored, release, clock }: Ground,
): Promise<Writes<Attempt<Answer>>> {
  const { transaction, caller, command } = running;
  const due = applyDue(stored.account, release, clock);
  const outcome = command.execute(due.account, release, clock);
  if (!outcome.ok) return nothing({ ok: false, ...outcome.refusal });
  const by = { actor: caller.actor, reason: command.reason, requestId: caller.requestId };
  const change = changeAfterDue(stored, due, outcome, by, clock);
  const done: Done = { before: stored, account: outcome.account, customerId: stored.row.id, clock };
  const { events, entryId } = withLastEntryId([...change.events, ...(command.events?.(done) ?? [])]);
  // What changes nothing is answered at the newest revision, and when it is repeated at the same one.
  const newest = entryId === null ? await newestEntry(transaction) : null;
  const answer = await command.answer(transaction, done);
  const changed = outcome.account !== stored.written;
  return {
    value: {
      ok: true,
      customerId: stored.row.id,
      answer,
      revision: newest?.revision ?? null,
      replayed: false,
    },
    statements: [
      ...keepOperation(running, { answer, clock, entryId: entryId ?? newest?.entryId ?? null }),
      ...command.rows(answer, done),
      ...(changed ? accountStatements(caller.tenantId, [change.update], release, clock) : []),
    ],
    events,
  };
}

function nothing<Answer>(value: Attempt<Answer>): Writes<Attempt<Answer>> {
  return { value, statements: [], events: [] };
}

interface Kept<Answer> {
  readonly answer: Answer;
  readonly clock: Instant;
  readonly entryId: string | null;
}

function keepOperation<Answer>(
  { db, caller, command }: Running<Answer>,
  { answer, clock, entryId }: Kept<Answer>,
): Statement[] {
  const outcome = command.idempotencyKey === null ? undefined : command.toRecord(answer);
  if (command.idempotencyKey === null || outcome === undefined) return [];
  return operationStatements(caller.tenantId, [
    {
      key: operationKey(db, caller.tenantId, command.idempotencyKey),
      kind: command.kind,
      requestHash: command.requestHash(),
      outcome,
      at: clock,
      batchId: entryId,
    },
  ]);
}

async function answerKept<Answer>(
  { db, transaction, caller, command }: Running<Answer>,
  customerId: CustomerId,
): Promise<Attempt<Answer> | null> {
  if (command.idempotencyKey === null) return null;
  const key = operationKey(db, caller.tenantId, command.idempotencyKey);
  const [kept] = await keptOperations(transaction, [key]);
  if (!kept) return null;
  if (!kept.request_hash.equals(command.requestHash())) return keyConflict('idempotencyKey');
  return {
    ok: true,
    customerId,
    answer: await command.fromRecord(transaction, kept.outcome),
    revision: await revisionOfEntry(transaction, kept.batch_id),
    replayed: true,
  };
}
