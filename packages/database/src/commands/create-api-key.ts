import { formatInstant, type Instant, parseCustomerId } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes } from '../connection/transaction.js';
import { hintOf, newApiKey, type Role } from '../crypto/api-key.js';
import { type Caller, type NewEvent, withLastEntryId } from '../event-log/append.js';
import { currentRevision, revisionOfEntry } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { newId } from '../ids.js';
import { type ApiKey, apiKeyHash } from '../repositories/api-keys.js';
import {
  keptOperations,
  keyConflict,
  operationKey,
  operationStatements,
  requestHash,
} from '../repositories/operations.js';
import { refused, type Refused, type Result } from '../result.js';
import { keyedTransaction } from './keyed-transaction.js';

export interface CreateApiKey {
  readonly name: string;
  readonly role: Role;
  readonly operations: readonly string[];
  readonly customerIds: readonly string[];
  readonly expiresAt: Instant | null;
  readonly idempotencyKey: string;
}

export interface CreatedApiKey {
  readonly apiKey: ApiKey;
  /** Shown once: null on a replay. */
  readonly secret: string | null;
  readonly revision: Revision;
}

type Created =
  | Refused
  | {
      readonly ok: true;
      readonly apiKey: ApiKey;
      readonly secret: string | null;
      readonly replayedAt: Revision | null;
    };

/** Makes a key; its secret is in this answer and nowhere else. */
export async function createApiKey(
  db: Database,
  caller: Caller,
  input: CreateApiKey,
): Promise<Result<CreatedApiKey>> {
  const { value, revision } = await keyedTransaction(db, caller.tenantId, (transaction) =>
    create(db, transaction, caller, input),
  );
  if (!value.ok) return value;
  const { replayedAt, ...created } = value;
  return { ...created, revision: replayedAt ?? revision ?? (await currentRevision(db, caller.tenantId)) };
}

async function create(
  db: Database,
  transaction: Transaction,
  caller: Caller,
  input: CreateApiKey,
): Promise<Writes<Created>> {
  const key = operationKey(db, caller.tenantId, input.idempotencyKey);
  const hash = requestHash('createApiKey', { ...input, idempotencyKey: null });
  const [kept] = await keptOperations<ApiKey>(transaction, [key]);
  if (kept) {
    if (!kept.request_hash.equals(hash)) return nothing(keyConflict('idempotencyKey'));
    const replayedAt = await revisionOfEntry(transaction, kept.batch_id);
    return nothing({ ok: true, apiKey: kept.outcome, secret: null, replayedAt });
  }
  const clock = await readClock(transaction);
  if (input.expiresAt !== null && input.expiresAt <= clock) {
    return nothing(
      refused(
        'BAD_USER_INPUT',
        'expiresAt',
        'the key would have expired already; give a time ahead, or none',
      ),
    );
  }
  const secret = newApiKey(input.role);
  const apiKey = newKey(caller, input, secret, clock);
  const { events, entryId } = withLastEntryId([keyEvent(caller, 'api_key.created', apiKey, null, clock)]);
  return {
    value: { ok: true, apiKey, secret, replayedAt: null },
    statements: [
      insertKey(caller, apiKey),
      {
        text: 'select register_api_key($1, $2, $3)',
        values: [apiKeyHash(db, secret), caller.tenantId, apiKey.id],
      },
      ...operationStatements(caller.tenantId, [
        {
          key,
          requestHash: hash,
          kind: 'createApiKey',
          outcome: apiKey,
          at: clock,
          batchId: entryId,
        },
      ]),
    ],
    events,
  };
}

function nothing<T>(value: T): Writes<T> {
  return { value, statements: [], events: [] };
}

function newKey(caller: Caller, input: CreateApiKey, secret: string, clock: Instant): ApiKey {
  return {
    id: newId('key'),
    name: input.name,
    role: input.role,
    operations: input.operations,
    customerIds: input.customerIds.flatMap((id) => parseCustomerId(id) ?? []),
    hint: hintOf(secret),
    createdBy: caller.actor,
    createdAt: clock,
    expiresAt: input.expiresAt,
    lastUsedAt: null,
    revokedAt: null,
  };
}

export function insertKey(caller: Caller, key: ApiKey): { text: string; values: unknown[] } {
  return {
    text: `insert into api_key (tenant_id, id, name, role, operations, customer_ids, hint, created_by, created_at, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
      caller.tenantId,
      key.id,
      key.name,
      key.role,
      key.operations,
      key.customerIds,
      key.hint,
      JSON.stringify(key.createdBy),
      formatInstant(key.createdAt),
      key.expiresAt === null ? null : formatInstant(key.expiresAt),
    ],
  };
}

export function keyEvent(
  caller: Caller,
  type: string,
  after: ApiKey,
  before: ApiKey | null,
  clock: Instant,
): NewEvent {
  return {
    type,
    subjectType: 'api_key',
    subjectId: after.id,
    customer: null,
    actor: caller.actor,
    reason: null,
    requestId: caller.requestId,
    at: clock,
    recordedAt: clock,
    data: { before: before === null ? null : keyJson(before), after: keyJson(after) },
    listed: true,
  };
}

function keyJson(key: ApiKey): Record<string, unknown> {
  const { id, name, role, operations, customerIds, hint, expiresAt, revokedAt } = key;
  return {
    id,
    name,
    role,
    operations,
    customerIds,
    hint,
    expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
    revokedAt: revokedAt === null ? null : formatInstant(revokedAt),
  };
}
