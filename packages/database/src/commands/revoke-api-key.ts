import type { CustomerId, Instant } from '@licet/domain';
import { instant } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { Role } from '../crypto/api-key.js';
import type { Actor, Caller } from '../event-log/append.js';
import { currentRevision } from '../event-log/read.js';
import type { Revision } from '../event-log/revision.js';
import { type ApiKey, apiKeyFromEntity } from '../repositories/api-keys.js';
import { refused, type Refused, type Result } from '../result.js';
import { keyEvent } from './create-api-key.js';

interface LockedKey {
  readonly tenantId: string;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly operations: string[];
  readonly customerIds: string[];
  readonly hint: string;
  readonly createdBy: Actor;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly clock: Date;
}

/**
 * Ends a key for good; a revoked one stays as it is. `only`: a caller that is for some customers finds keys that are for
 * none but those; null: all.
 */
export async function revokeApiKey(
  db: Database,
  caller: Caller,
  id: string,
  only: readonly CustomerId[] | null = null,
): Promise<Result<{ apiKey: ApiKey; revision: Revision }>> {
  const { value, revision } = await writeTransaction(db, caller.tenantId, (transaction) =>
    revoke(transaction, caller, id, only),
  );
  if (!value.ok) return value;
  return {
    ok: true,
    apiKey: value.apiKey,
    revision: revision ?? (await currentRevision(db, caller.tenantId)),
  };
}

async function revoke(
  transaction: Transaction,
  caller: Caller,
  id: string,
  only: readonly CustomerId[] | null,
): Promise<Writes<Refused | { readonly ok: true; readonly apiKey: ApiKey }>> {
  const [row] = await transaction.query<LockedKey>({
    text: `with k as materialized (select * from api_key where tenant_id = $1 and id = $2
             and ($3::text[] is null or cardinality(customer_ids) > 0 and customer_ids <@ $3) for update)
           select tenant_id as "tenantId", id, name, role, operations, customer_ids as "customerIds", hint,
             created_by as "createdBy", created_at as "createdAt", expires_at as "expiresAt",
             last_used_at as "lastUsedAt", revoked_at as "revokedAt", clock_timestamp() as clock from k`,
    values: [caller.tenantId, id, only],
  });
  if (!row)
    return { value: refused('NOT_FOUND', 'id', 'there is no such API key'), statements: [], events: [] };
  const before = apiKeyFromEntity(row);
  if (before.revokedAt !== null) return { value: { ok: true, apiKey: before }, statements: [], events: [] };
  const clock: Instant = instant(row.clock.getTime());
  const apiKey = { ...before, revokedAt: clock };
  return {
    value: { ok: true, apiKey },
    statements: [
      {
        text: 'update api_key set revoked_at = $3 where tenant_id = $1 and id = $2',
        values: [caller.tenantId, id, new Date(clock)],
      },
    ],
    events: [keyEvent(caller, 'api_key.revoked', apiKey, before, clock)],
  };
}
