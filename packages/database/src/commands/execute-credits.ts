import {
  type CreditBlock,
  type CreditBlockId,
  type CreditCommand,
  type CustomerId,
  executeCredits,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { Caller } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import type { OwnedBlock } from '../mapping/credit-block.js';
import { blockOwnersOf } from '../repositories/credit-blocks.js';
import { requestHash } from '../repositories/operations.js';
import { refused, type Refused, type Result } from '../result.js';
import { type CustomerCommand, type Done, runCustomerCommand } from './customer-command.js';

export type CreditRequest =
  | {
      readonly command: Extract<CreditCommand, { kind: 'addCredits' }>;
      readonly customerId: CustomerId;
      readonly reason: string | null;
      readonly idempotencyKey: string;
    }
  | {
      readonly command: Extract<CreditCommand, { kind: 'voidCredits' }>;
      readonly reason: string;
    };

export interface CreditResult {
  readonly owned: OwnedBlock;
  readonly revision: Revision;
  readonly replayed: boolean;
}

/** Adds or voids credits; see `runCustomerCommand`. */
export async function executeCreditCommand(
  db: Database,
  caller: Caller,
  request: CreditRequest,
): Promise<Result<CreditResult>> {
  const result = await runCustomerCommand(db, caller, commandOf(request));
  if (!result.ok) return result;
  const { answer: owned, revision, replayed } = result;
  return { ok: true, owned, revision, replayed };
}

function commandOf(request: CreditRequest): CustomerCommand<OwnedBlock> {
  const { command } = request;
  const keyed = 'idempotencyKey' in request ? request : null;
  return {
    kind: command.kind,
    named: { block: command.blockId },
    idempotencyKey: keyed?.idempotencyKey ?? null,
    reason: request.reason,
    requestHash: () => hashOf(request),
    execute: (account, release, now) => executeCredits(account, command, release, now),
    customerOf: (transaction) =>
      keyed === null ? ownerOf(transaction, command.blockId) : Promise.resolve(keyed.customerId),
    answer: (_transaction, done) => Promise.resolve(blockIn(done, command.blockId)),
    rows: () => [],
    // What spends take from it later is no part of the first answer.
    toRecord: (owned) => owned,
    fromRecord: (_transaction, record) => Promise.resolve(ownedFromRecord(record)),
  };
}

async function ownerOf(transaction: Transaction, id: CreditBlockId): Promise<CustomerId | Refused> {
  const owners = await blockOwnersOf(transaction, [id]);
  return owners.get(id) ?? refused('NOT_FOUND', 'blockId', `there is no credit block \`${id}\``);
}

function blockIn({ account, customerId }: Done, id: CreditBlockId): OwnedBlock {
  const block = account.blocks.find((one) => one.id === id);
  if (!block) throw new Error('a command that was not refused leaves its block in place');
  return { block, customerId };
}

/** The new block's id is made up on each call, so it is no part of what was asked. */
function hashOf(request: CreditRequest): Buffer {
  if (!('idempotencyKey' in request)) return requestHash(request.command.kind, request.command);
  const { command, customerId, reason } = request;
  return requestHash(command.kind, { ...command, blockId: null, customerId, reason });
}

/** Written by `toRecord` alone. */
function ownedFromRecord(record: unknown): OwnedBlock {
  if (!isOwned(record)) throw new Error('an idempotency record of credits holds a block');
  return record;
}

function isOwned(record: unknown): record is OwnedBlock {
  return typeof record === 'object' && record !== null && 'block' in record && isBlock(record.block);
}

function isBlock(block: unknown): block is CreditBlock {
  return typeof block === 'object' && block !== null && 'id' in block && 'remaining' in block;
}
