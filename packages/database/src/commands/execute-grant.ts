import { type CustomerId, executeGrant, type Grant, type GrantCommand, type GrantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import type { StoredGrant } from '../mapping/grant.js';
import { INSERT_GRANTS, writeRows } from '../repositories/account-rows.js';
import { grantFromRecord, ownersOf, storedGrant } from '../repositories/grants.js';
import { requestHash } from '../repositories/operations.js';
import { refused, type Refused, type Result } from '../result.js';
import { type CustomerCommand, type Done, runCustomerCommand } from './customer-command.js';

export type GrantRequest =
  | {
      readonly command: Extract<GrantCommand, { kind: 'grantEntitlement' }>;
      readonly customerId: CustomerId;
      readonly idempotencyKey: string;
    }
  | {
      readonly command: Extract<GrantCommand, { kind: 'revokeGrant' }>;
      readonly reason: string;
    };

export interface GrantResult {
  readonly granted: StoredGrant;
  readonly revision: Revision;
  readonly replayed: boolean;
}

/** Makes or revokes a grant; see `runCustomerCommand`. */
export async function executeGrantCommand(
  db: Database,
  caller: Caller,
  request: GrantRequest,
): Promise<Result<GrantResult>> {
  const result = await runCustomerCommand(db, caller, commandOf(caller, request));
  if (!result.ok) return result;
  const { answer: granted, revision, replayed } = result;
  return { ok: true, granted, revision, replayed };
}

function commandOf(caller: Caller, request: GrantRequest): CustomerCommand<StoredGrant> {
  const { command } = request;
  const common = {
    kind: command.kind,
    named: { grant: command.grantId },
    requestHash: () => hashOf(request),
    execute: (...[account, release, now]: Parameters<CustomerCommand<StoredGrant>['execute']>) =>
      executeGrant(account, command, release, now),
    toRecord: recordOf,
    fromRecord: grantFromRecord,
  };
  if (!('idempotencyKey' in request)) {
    return {
      ...common,
      idempotencyKey: null,
      reason: request.reason,
      customerOf: (transaction) => ownerOf(transaction, command.grantId),
      answer: (transaction, done) => revokedGrant(transaction, command.grantId, done),
      rows: () => [],
    };
  }
  return {
    ...common,
    idempotencyKey: request.idempotencyKey,
    reason: request.command.reason,
    customerOf: () => Promise.resolve(request.customerId),
    answer: (_transaction, { account, customerId, clock }) =>
      Promise.resolve({
        grant: grantIn(account.grants, command.grantId),
        customerId,
        grantedBy: caller.actor,
        createdAt: clock,
      }),
    rows: (granted) => writeRows(caller.tenantId, INSERT_GRANTS, [granted]),
  };
}

async function ownerOf(transaction: Transaction, id: GrantId): Promise<CustomerId | Refused> {
  const owners = await ownersOf(transaction, [id]);
  return owners.get(id) ?? refused('NOT_FOUND', 'grantId', `there is no grant \`${id}\``);
}

async function revokedGrant(transaction: Transaction, id: GrantId, { account }: Done): Promise<StoredGrant> {
  const stored = await storedGrant(transaction, id);
  if (stored === null) throw new Error('a grant that was loaded is there');
  return { ...stored, grant: grantIn(account.grants, id) };
}

function grantIn(grants: readonly Grant[], id: GrantId): Grant {
  const found = grants.find((grant) => grant.id === id);
  if (!found) throw new Error('a command that was not refused leaves its grant in place');
  return found;
}

/** The new grant's id is made up on each call, so it is no part of what was asked. */
function hashOf(request: GrantRequest): Buffer {
  if (!('idempotencyKey' in request)) return requestHash(request.command.kind, request.command);
  return requestHash(request.command.kind, {
    ...request.command,
    grantId: null,
    customerId: request.customerId,
  });
}

/** Nothing else of a grant ever changes. */
function recordOf({ grant: { id, status } }: StoredGrant): unknown {
  return { id, status };
}
