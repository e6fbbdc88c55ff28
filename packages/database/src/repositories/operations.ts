import { createHash } from 'node:crypto';
import type { Instant, TenantId } from '@licet/domain';
import { canonicalJson, formatInstant } from '@licet/domain';
import { keyedHash } from '../crypto/master-key.js';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction } from '../connection/transaction.js';
import { refused, type Refused } from '../result.js';

/** An idempotency record: what was asked under a key, and what was answered. */
export interface OperationRecord {
  /** First 16 bytes of an HMAC: clients' keys may hold anything and are not kept. */
  readonly key: Buffer;
  readonly requestHash: Buffer;
  readonly kind: string;
  readonly outcome: unknown;
  readonly at: Instant;
  readonly batchId: string | null;
}

export interface KeptOperation<Outcome = unknown> {
  readonly key: Buffer;
  readonly request_hash: Buffer;
  readonly outcome: Outcome;
  readonly batch_id: string | null;
}

export const KEY_BYTES = 16;

export function operationKey(db: Database, tenantId: TenantId, idempotencyKey: string): Buffer {
  return keyedHash(db.keys.operation, keyText(tenantId, idempotencyKey)).subarray(0, KEY_BYTES);
}

/** One name space per tenant, whatever the operation. */
export function keyText(tenantId: TenantId, idempotencyKey: string): string {
  return `${tenantId} ${idempotencyKey}`;
}

/** Digest of the operation and its input, defaults filled in. */
export function requestHash(kind: string, input: unknown): Buffer {
  return createHash('sha256')
    .update(`${kind} ${canonicalJson(plain(input))}`)
    .digest();
}

/** Maps and sets as JSON can hold them. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** Records under these keys. */
export async function keptOperations<Outcome>(
  transaction: Transaction,
  keys: readonly Buffer[],
): Promise<KeptOperation<Outcome>[]> {
  return transaction.query<KeptOperation<Outcome>>({
    name: 'kept-operations',
    text: 'select key, request_hash, outcome::json, batch_id from operation where tenant_id = $1 and key = any($2)',
    values: [transaction.tenantId, keys],
  });
}

export function keyConflict(field: string): Refused {
  return refused('CONFLICT', field, 'this idempotency key was used for another request; use a new one');
}

/**
 * INVARIANT (each key once): inserted in key order, so that two batches cannot wait for each other, and the
 * table's own key raises unless every one of them was new (`isKeyTaken`).
 */
const INSERT_OPERATIONS = `
insert into operation (tenant_id, key, kind, request_hash, outcome, batch_id, at)
select $1, r.* from unnest($2::bytea[], $3::text[], $4::bytea[], $5::text[], $6::uuid[], $7::timestamptz[])
  as r(key, kind, request_hash, outcome, batch_id, at)
order by r.key`;

export function operationStatements(tenantId: TenantId, records: readonly OperationRecord[]): Statement[] {
  if (records.length === 0) return [];
  return [
    {
      name: 'insert-operations',
      text: INSERT_OPERATIONS,
      values: [
        tenantId,
        records.map((record) => record.key),
        records.map((record) => record.kind),
        records.map((record) => record.requestHash),
        records.map((record) => JSON.stringify(record.outcome)),
        records.map((record) => record.batchId),
        records.map((record) => formatInstant(record.at)),
      ],
    },
  ];
}
