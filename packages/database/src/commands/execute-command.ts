import {
  applyDue,
  type CommandOutcome,
  type CustomerId,
  execute,
  type Instant,
  type Release,
  type Subscription,
  type SubscriptionCommand,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Statement, type Transaction, type Writes } from '../connection/transaction.js';
import { type Caller, withLastEntryId } from '../event-log/append.js';
import { currentRevision, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { subscriptionToRecord } from '../mapping/subscription.js';
import { loadAccounts, lockCustomers, type StoredAccount } from '../repositories/accounts.js';
import {
  keptOperations,
  keyConflict,
  operationKey,
  operationStatements,
  requestHash,
} from '../repositories/operations.js';
import { subscriptionFromRecord } from '../repositories/subscriptions.js';
import {
  accountEvents,
  accountStatements,
  type AccountUpdate,
  lockMetersOf,
  TIME,
} from '../repositories/write-accounts.js';
import { refused, type Refused, type Result } from '../result.js';
import { keyedTransaction } from './keyed-transaction.js';

export interface CommandRequest {
  readonly command: SubscriptionCommand;
  /** For `subscribe`; the others name a subscription, whose customer is looked up. */
  readonly customerId: CustomerId | null;
  /** Null for commands that may simply be repeated. */
  readonly idempotencyKey: string | null;
  readonly reason: string | null;
}

export interface CommandResult {
  readonly subscription: Subscription;
  readonly revision: Revision;
  readonly replayed: boolean;
}

type Attempt =
  Refused | { readonly ok: true; readonly subscription: Subscription; readonly replayedAt: Revision | null };

/**
 * Runs what is due for the customer, then the command, in one transaction under the customer's lock. The same
 * idempotency key answers as the first time. A refusal has written nothing.
 */
export async function executeCommand(
  db: Database,
  caller: Caller,
  request: CommandRequest,
): Promise<Result<CommandResult>> {
  const committed = await keyedTransaction(db, caller.tenantId, (transaction) =>
    work(db, transaction, caller, request),
  );
  const { value } = committed;
  if (!value.ok) return value;
  const revision = value.replayedAt ?? committed.revision ?? (await currentRevision(db, caller.tenantId));
  return { ok: true, subscription: value.subscription, revision, replayed: value.replayedAt !== null };
}

async function work(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  request: CommandRequest,
): Promise<Writes<Attempt>> {
  const customerId = request.customerId ?? (await customerOf(transaction, request.command));
  if (customerId === null)
    return nothing(refused('NOT_FOUND', 'subscriptionId', 'there is no such subscription'));
  const { locked, clock } = await lockCustomers(transaction, [customerId]);
  if (locked.length === 0) {
    return nothing(
      refused(
        'NOT_FOUND',
        'customerId',
        `there is no customer \`${customerId}\`; create it by upsertCustomer`,
      ),
    );
  }
  const replay = await answerKept(db, transaction, caller, request);
  if (replay) return nothing(replay);
  await transaction.query(lockMetersOf(caller.tenantId, [customerId]));
  const { release, accounts } = await loadAccounts(db, transaction, [customerId], {
    named: request.command.subscriptionId,
  });
  const stored = accounts.get(customerId);
  if (!stored) throw new Error('a locked customer is there');
  return decideAndWrite({ db, caller, request, stored, release, clock });
}

interface Decided {
  readonly db: Database;
  readonly caller: Caller;
  readonly request: CommandRequest;
  readonly stored: StoredAccount;
  readonly release: Release;
  readonly clock: Instant;
}

function decideAndWrite({ db, caller, request, stored, release, clock }: Decided): Writes<Attempt> {
  const due = applyDue(stored.account, release, clock);
  const outcome: CommandOutcome = execute(due.account, request.command, release, clock);
  if (!outcome.ok) return nothing({ ok: false, ...outcome.refusal });
  const dueEvents = [...stored.overdue, ...due.events];
  const passed: AccountUpdate = { before: stored, after: due.account, events: dueEvents };
  const asked: AccountUpdate = { before: stored, after: outcome.account, events: outcome.events };
  const by = { actor: caller.actor, reason: request.reason, requestId: caller.requestId };
  const events = [
    ...accountEvents(passed, { ...by, actor: TIME, reason: null }, clock),
    ...accountEvents(asked, by, clock),
  ];
  const { events: entries, entryId } = withLastEntryId(events);
  const subscription = subscriptionAfter(outcome.account.subscriptions, request.command);
  const whole: AccountUpdate = {
    before: stored,
    after: outcome.account,
    events: [...dueEvents, ...outcome.events],
  };
  const changed = outcome.account !== stored.written;
  return {
    value: { ok: true, subscription, replayedAt: null },
    statements: [
      ...keepOperation({ db, caller, request, subscription, clock, entryId }),
      ...(changed ? accountStatements(caller.tenantId, [whole], release, clock) : []),
    ],
    events: entries,
  };
}

function subscriptionAfter(
  subscriptions: readonly Subscription[],
  command: SubscriptionCommand,
): Subscription {
  const found = subscriptions.find((subscription) => subscription.id === command.subscriptionId);
  if (!found) throw new Error('a command that was not refused leaves its subscription in place');
  return found;
}

function nothing(value: Attempt): Writes<Attempt> {
  return { value, statements: [], events: [] };
}

async function customerOf(
  transaction: Transaction,
  command: SubscriptionCommand,
): Promise<CustomerId | null> {
  const [row] = await transaction.query<{ customer_id: CustomerId }>({
    name: 'subscription-customer',
    text: 'select customer_id from subscription where tenant_id = $1 and id = $2',
    values: [transaction.tenantId, command.subscriptionId],
  });
  return row?.customer_id ?? null;
}

/** The new subscription's id is made up on each call, so it is no part of what was asked. */
function hashOf({ command, customerId }: CommandRequest): Buffer {
  const asked = command.kind === 'subscribe' ? { ...command, subscriptionId: null } : command;
  return requestHash(command.kind, { ...asked, customerId });
}

interface Kept {
  readonly db: Database;
  readonly caller: Caller;
  readonly request: CommandRequest;
  readonly subscription: Subscription;
  readonly clock: Instant;
  readonly entryId: string | null;
}

function keepOperation({ db, caller, request, subscription, clock, entryId }: Kept): Statement[] {
  if (request.idempotencyKey === null) return [];
  return operationStatements(caller.tenantId, [
    {
      key: operationKey(db, caller.tenantId, request.idempotencyKey),
      kind: request.command.kind,
      requestHash: hashOf(request),
      outcome: subscriptionToRecord(subscription),
      at: clock,
      batchId: entryId,
    },
  ]);
}

async function answerKept(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  request: CommandRequest,
): Promise<Attempt | null> {
  if (request.idempotencyKey === null) return null;
  const [kept] = await keptOperations(transaction, [
    operationKey(db, caller.tenantId, request.idempotencyKey),
  ]);
  if (!kept) return null;
  if (!kept.request_hash.equals(hashOf(request))) return keyConflict('idempotencyKey');
  return {
    ok: true,
    subscription: await subscriptionFromRecord(db, transaction, kept.outcome),
    replayedAt: await revisionOfEntry(transaction, kept.batch_id),
  };
}
