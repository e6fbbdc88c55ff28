import { formatInstant, instant, type Instant, type TenantId } from '@licet/domain';
import { KEY_BYTES } from '../repositories/operations.js';
import type { Statement, Transaction } from '../connection/transaction.js';
import { numberArray, textArray } from '../mapping/array-literal.js';
import { readVerdict, type StoredOutcome, writtenVerdict } from './kept-verdict.js';
import type { Asked, KeptVerdict } from './request.js';
import type { MadeHold } from './reservations.js';

/** A granted request: usage record and idempotency record in one. */
export interface Operation {
  readonly asked: Asked;
  readonly verdict: KeptVerdict;
  /** By how much it changed the counter. */
  readonly delta: number;
  /** When it was used; null: when it was written. */
  readonly usedAt: Instant | null;
  /** Place of who asked among the actors of the batch's event. */
  readonly by: number;
  /** The reservation or lease that it ends, or the lease that it makes; null: neither. */
  readonly hold: Pick<MadeHold, 'quantity' | 'expiresAt'> | null;
}

/** What the operations of one batch have in common. */
export interface OperationBatch {
  readonly entryId: string;
  readonly at: Instant;
}

const HASH_BYTES = 32;

/**
 * INVARIANT (each key once): inserted in key order, so that two batches cannot wait for each other, and the
 * table's own key raises unless every one of them was new. (`on conflict do nothing` and a count say the same, at
 * a third more of the server's time.) Keys and digests come as one string of bytes each, texts as lines: in none of them
 * is a control character, and the server reads lines faster than arrays.
 */
const INSERT_SPENDS = `
insert into operation (tenant_id, key, kind, request_hash, customer_id, feature, quantity, used_after, outcome, batch_id, at, used_at)
select $1, substr($2::bytea, (r.place * ${KEY_BYTES} - ${KEY_BYTES - 1})::int, ${KEY_BYTES}) as key, r.kind,
  substr($3::bytea, (r.place * ${HASH_BYTES} - ${HASH_BYTES - 1})::int, ${HASH_BYTES}),
  r.customer_id, r.feature, r.quantity, r.used_after, r.outcome, $11::uuid, $12::timestamptz, r.used_at
from unnest(string_to_array($4, E'\\n'), string_to_array($5, E'\\n'), string_to_array($6, E'\\n'), $7::bigint[], $8::bigint[],
    string_to_array($9, E'\\n'), $10::timestamptz[])
  with ordinality as r(kind, customer_id, feature, quantity, used_after, outcome, used_at, place)
order by key`;

/** None where there is nothing to keep. */
export function operationStatements(
  tenantId: TenantId,
  operations: readonly Operation[],
  batch: OperationBatch,
): Statement[] {
  return operations.length === 0 ? [] : [operationStatement(tenantId, operations, batch)];
}

function operationStatement(
  tenantId: TenantId,
  operations: readonly Operation[],
  { entryId, at }: OperationBatch,
): Statement {
  return {
    name: 'insert-spends',
    text: INSERT_SPENDS,
    values: [
      tenantId,
      bytesOf(operations.map(({ asked }) => asked.key)),
      bytesOf(operations.map(({ asked }) => asked.hash)),
      linesOf(operations.map(({ asked }) => asked.request.kind)),
      linesOf(operations.map(({ asked }) => asked.request.customerId)),
      linesOf(operations.map(({ asked }) => asked.request.feature)),
      numberArray(operations.map(({ delta }) => delta)),
      numberArray(operations.map(({ verdict }) => verdict.decision.used ?? 0)),
      linesOf(operations.map(writtenVerdict)),
      textArray(operations.map(usedAt)),
      entryId,
      formatInstant(at),
    ],
  };
}

function usedAt({ usedAt: at }: Operation): string | null {
  return at === null ? null : formatInstant(at);
}

function linesOf(texts: readonly string[]): string {
  return texts.join('\n');
}

function bytesOf(digests: readonly string[]): Buffer {
  return Buffer.from(digests.join(''), 'latin1');
}

/** What is kept under a key: whatever it was, it can be compared with what is asked now. */
export interface KeptOperation {
  readonly hash: string;
  /** Null: no spend. */
  readonly verdict: KeptVerdict | null;
  readonly entryId: string | null;
}

interface KeptRow {
  readonly key: Buffer;
  readonly kind: string;
  readonly request_hash: Buffer;
  readonly customer_id: string | null;
  readonly feature: string | null;
  readonly quantity: number | null;
  readonly used_after: number | null;
  readonly outcome: StoredOutcome;
  readonly batch_id: string | null;
  readonly at: number;
}

/** Records under the keys of these requests, by `key`. */
export async function keptOperations(
  transaction: Transaction,
  asked: readonly Asked[],
): Promise<Map<string, KeptOperation>> {
  const rows = await transaction.query<KeptRow>({
    name: 'kept-spends',
    text: `select key, kind, request_hash, customer_id, feature, quantity, used_after, outcome::json, batch_id,
             (date_part('epoch', at) * 1000)::bigint as at
           from operation where tenant_id = $1 and key = any($2)`,
    values: [transaction.tenantId, asked.map((one) => Buffer.from(one.key, 'latin1'))],
  });
  return new Map(rows.map((row) => [row.key.toString('latin1'), keptOperation(row)]));
}

function keptOperation(row: KeptRow): KeptOperation {
  const { kind, customer_id, feature, quantity, used_after, outcome } = row;
  const isSpend = customer_id !== null && feature !== null && quantity !== null && used_after !== null;
  const verdict = isSpend
    ? readVerdict({ kind, customer_id, feature, quantity, used_after, outcome, at: instant(row.at) })
    : null;
  return { hash: row.request_hash.toString('latin1'), verdict, entryId: row.batch_id };
}
