import { type CustomerId, type Instant, instant, parseCustomerId, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { entityTransaction } from '../connection/entities.js';
import { retried } from '../connection/transaction.js';
import { isWellFormedApiKey, type Role, ROLES } from '../crypto/api-key.js';
import { keyedHash } from '../crypto/master-key.js';
import { ApiKeyEntity } from '../entities/api-key.entity.js';
import type { Actor } from '../event-log/append.js';
import type { Result } from '../result.js';
import {
  dateOf,
  decodeTimedCursor,
  encodeTimedCursor,
  malformedCursor,
  type Page,
  type PageRequest,
  pageOf,
} from './page.js';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Root fields that it may call; empty: all. */
  readonly operations: readonly string[];
  /** Customers that it may see; empty: all. */
  readonly customerIds: readonly CustomerId[];
  readonly hint: string;
  readonly createdBy: Actor;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly lastUsedAt: Instant | null;
  readonly revokedAt: Instant | null;
}

export interface Authenticated {
  readonly tenantId: TenantId;
  readonly apiKey: ApiKey;
}

/** How a key is kept: a hash under a key of its own, which a copy of the table cannot be searched with. */
export function apiKeyHash(db: Pick<Database, 'keys'>, secret: string): Buffer {
  return keyedHash(db.keys.apiKey, secret);
}

const USED_EVERY_MS = 60_000;

/** The tenant and the key that a secret opens; null alike for one that is unknown, wrong, revoked or expired. */
export async function authenticateApiKey(db: Database, secret: string): Promise<Authenticated | null> {
  if (secret.startsWith('lk_') && !isWellFormedApiKey(secret)) return null;
  const { rows } = await retried(() =>
    db.pool.query<{ tenant_id: TenantId; api_key_id: string }>({
      name: 'find-api-key',
      text: 'select tenant_id, api_key_id from find_api_key($1)',
      values: [apiKeyHash(db, secret)],
    }),
  );
  const [found] = rows;
  if (!found) return null;
  const entity = await entityTransaction(db, found.tenant_id, async (manager) => {
    return manager.findOneBy(ApiKeyEntity, { tenantId: found.tenant_id, id: found.api_key_id });
  });
  if (!entity || !isInForce(entity)) return null;
  return { tenantId: found.tenant_id, apiKey: apiKeyFromEntity(entity) };
}

/** The key of that id, as long as it is in force. */
export async function findApiKey(
  db: Database,
  tenantId: TenantId,
  id: string,
): Promise<Authenticated | null> {
  const entity = await entityTransaction(db, tenantId, (manager) =>
    manager.findOneBy(ApiKeyEntity, { tenantId, id }),
  );
  return entity && isInForce(entity) ? { tenantId, apiKey: apiKeyFromEntity(entity) } : null;
}

/** Keys end by the clock of the process that is asked: they bound trust, not money. */
function isInForce(key: ApiKeyEntity): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt.getTime() > Date.now());
}

/** Notes that a key was used, at most once a minute. */
export async function touchApiKey(db: Database, { tenantId, apiKey }: Authenticated): Promise<void> {
  const now = Date.now();
  if (apiKey.lastUsedAt !== null && now - apiKey.lastUsedAt < USED_EVERY_MS) return;
  await entityTransaction(db, tenantId, async (manager) => {
    await manager.update(ApiKeyEntity, { tenantId, id: apiKey.id }, { lastUsedAt: new Date(now) });
  });
}

export interface ApiKeySearch extends PageRequest {
  readonly revoked: boolean;
  /** A caller that is for some customers sees keys that are for none but those. */
  readonly only: readonly CustomerId[] | null;
}

/** Keys, oldest first. */
export async function listApiKeys(
  db: Database,
  tenantId: TenantId,
  request: ApiKeySearch,
): Promise<Result<{ page: Page<ApiKey> }>> {
  const after = request.after === null ? null : decodeTimedCursor(request.after);
  if (request.after !== null && after === null) return malformedCursor();
  const entities = await entityTransaction(db, tenantId, async (manager) => {
    const query = manager
      .createQueryBuilder(ApiKeyEntity, 'key')
      .where('key.tenant_id = :tenantId', { tenantId })
      .orderBy('key.created_at')
      .addOrderBy('key.id')
      .limit(request.first + 1);
    if (!request.revoked) query.andWhere('key.revoked_at is null');
    if (request.only) query.andWhere(WITHIN_CUSTOMERS, { only: request.only });
    if (after) query.andWhere('(key.created_at, key.id) > (:at, :id)', { at: dateOf(after), id: after.id });
    return query.getMany();
  });
  const page = pageOf(entities.map(apiKeyFromEntity), request, (key) =>
    encodeTimedCursor(key.createdAt, key.id),
  );
  return { ok: true, page };
}

const WITHIN_CUSTOMERS = 'cardinality(key.customer_ids) > 0 and key.customer_ids <@ cast(:only as text[])';

/** `entity`: also a row that was read by a statement of its own under the same names. */
export function apiKeyFromEntity(entity: Readonly<Pick<ApiKeyEntity, keyof ApiKeyEntity>>): ApiKey {
  const role = ROLES.find((candidate) => candidate === entity.role);
  if (!role) throw new Error(`the database holds a role that is none: ${entity.role}`);
  return {
    id: entity.id,
    name: entity.name,
    role,
    operations: entity.operations,
    customerIds: entity.customerIds.flatMap((id) => parseCustomerId(id) ?? []),
    hint: entity.hint,
    createdBy: entity.createdBy,
    createdAt: instant(entity.createdAt.getTime()),
    expiresAt: at(entity.expiresAt),
    lastUsedAt: at(entity.lastUsedAt),
    revokedAt: at(entity.revokedAt),
  };
}

function at(date: Date | null): Instant | null {
  return date === null ? null : instant(date.getTime());
}
