import { type CustomerId, execute, type Subscription, type SubscriptionCommand } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { subscriptionToRecord } from '../mapping/subscription.js';
import { requestHash } from '../repositories/operations.js';
import { subscriptionFromRecord } from '../repositories/subscriptions.js';
import { refused, type Refused, type Result } from '../result.js';
import { runCustomerCommand } from './customer-command.js';

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

/** A command on a customer's subscriptions; see `runCustomerCommand`. */
export async function executeCommand(
  db: Database,
  caller: Caller,
  request: CommandRequest,
): Promise<Result<CommandResult>> {
  const { command, customerId, idempotencyKey, reason } = request;
  const result = await runCustomerCommand<Subscription>(db, caller, {
    kind: command.kind,
    customerOf: (transaction) =>
      customerId === null ? customerOf(transaction, command) : Promise.resolve(customerId),
    named: { subscription: command.subscriptionId },
    idempotencyKey,
    requestHash: () => hashOf(request),
    reason,
    execute: (account, release, now) => execute(account, command, release, now),
    answer: (_transaction, { account }) => Promise.resolve(subscriptionAfter(account.subscriptions, command)),
    rows: () => [],
    toRecord: subscriptionToRecord,
    fromRecord: (transaction, record) => subscriptionFromRecord(db, transaction, record),
  });
  if (!result.ok) return result;
  const { answer: subscription, revision, replayed } = result;
  return { ok: true, subscription, revision, replayed };
}

function subscriptionAfter(
  subscriptions: readonly Subscription[],
  command: SubscriptionCommand,
): Subscription {
  const found = subscriptions.find((subscription) => subscription.id === command.subscriptionId);
  if (!found) throw new Error('a command that was not refused leaves its subscription in place');
  return found;
}

async function customerOf(
  transaction: Transaction,
  command: SubscriptionCommand,
): Promise<CustomerId | Refused> {
  const [row] = await transaction.query<{ customer_id: CustomerId }>({
    name: 'subscription-customer',
    text: 'select customer_id from subscription where tenant_id = $1 and id = $2',
    values: [transaction.tenantId, command.subscriptionId],
  });
  return row?.customer_id ?? refused('NOT_FOUND', 'subscriptionId', 'there is no such subscription');
}

/** The new subscription's id is made up on each call, so it is no part of what was asked. */
function hashOf({ command, customerId }: CommandRequest): Buffer {
  const asked = command.kind === 'subscribe' ? { ...command, subscriptionId: null } : command;
  return requestHash(command.kind, { ...asked, customerId });
}
