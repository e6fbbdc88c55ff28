import { randomUUID } from 'node:crypto';
import { type Instant, parseTenantId, type TenantId, type TimeZone } from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { type Statement, writeTransaction } from '../connection/transaction.js';
import { hintOf } from '../crypto/api-key.js';
import { type Actor, type Caller, type NewEvent } from '../event-log/append.js';
import { newId } from '../ids.js';
import { type ApiKey, apiKeyHash, authenticateApiKey } from '../repositories/api-keys.js';
import { catalogOf } from '../repositories/release-cache.js';
import { insertKey, keyEvent } from './create-api-key.js';
import { checksum } from './release-changes.js';

/** The installation itself, before anyone has a key. */
export const SYSTEM: Actor = { kind: 'SYSTEM', id: 'installation', name: null };

export interface NewTenant {
  readonly name: string;
  readonly timeZone: TimeZone;
  /** A catalog document that has passed the parser; it becomes release 1 and is live at once. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** Makes a tenant with its first release. */
export async function createTenant(db: Database, tenant: NewTenant): Promise<TenantId> {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error('a random UUID is a tenant id');
  const caller: Caller = { tenantId, actor: SYSTEM, requestId: null };
  await writeTransaction(db, tenantId, async (transaction) => {
    const clock = await readClock(transaction);
    return {
      value: undefined,
      statements: [...tenantStatements(tenantId, tenant), ...firstRelease(tenantId, tenant, clock)],
      events: [
        systemEvent(caller, 'tenant.created', tenantId, clock, {
          name: tenant.name,
          timeZone: tenant.timeZone,
        }),
        systemEvent(caller, 'release.published', '1', clock, {
          number: 1,
          rulesVersion: 1,
          checksum: checksum(tenant.document),
        }),
      ],
    };
  });
  return tenantId;
}

function tenantStatements(tenantId: TenantId, tenant: NewTenant): Statement[] {
  return [
    {
      text: 'insert into tenant (tenant_id, name, time_zone) values ($1, $2, $3)',
      values: [tenantId, tenant.name, tenant.timeZone],
    },
    { text: 'insert into log_head (tenant_id, rules_version) values ($1, 1)', values: [tenantId] },
  ];
}

function firstRelease(tenantId: TenantId, { document, timeZone }: NewTenant, clock: Instant): Statement[] {
  const catalog = catalogOf(document);
  const plans = [...catalog.plans.keys()];
  const addOns = [...catalog.addOns.keys()];
  return [
    {
      text: `insert into catalog_release (tenant_id, number, status, document, checksum, comment, created_by, created_at, published_at)
             values ($1, 1, 'LIVE', $2, $3, 'first release', $4, $5, $5)`,
      values: [
        tenantId,
        JSON.stringify(document),
        checksum(document),
        JSON.stringify(SYSTEM),
        new Date(clock),
      ],
    },
    {
      text: `insert into plan_version (tenant_id, plan, version, release) select $1, plan, 1, 1 from unnest($2::text[]) as plan`,
      values: [tenantId, plans],
    },
    {
      text: 'insert into release_plan (tenant_id, release, plan, version) select $1, 1, plan, 1 from unnest($2::text[]) as plan',
      values: [tenantId, plans],
    },
    {
      text: `insert into add_on_version (tenant_id, add_on, version, release) select $1, key, 1, 1 from unnest($2::text[]) as key`,
      values: [tenantId, addOns],
    },
    {
      text: 'insert into release_add_on (tenant_id, release, add_on, version) select $1, 1, key, 1 from unnest($2::text[]) as key',
      values: [tenantId, addOns],
    },
    {
      text: 'insert into publication (tenant_id, version, release, at, told_all, time_zone) values ($1, 1, 1, $2, true, $3)',
      values: [tenantId, new Date(clock), timeZone],
    },
  ];
}

function systemEvent(
  caller: Caller,
  type: 'tenant.created' | 'release.published',
  subjectId: string,
  clock: Instant,
  after: Record<string, unknown>,
): NewEvent {
  return {
    type,
    subjectType: type === 'tenant.created' ? 'tenant' : 'release',
    subjectId,
    customer: null,
    actor: caller.actor,
    reason: null,
    requestId: null,
    at: clock,
    recordedAt: clock,
    data: { before: null, after },
    listed: true,
  };
}

/** Sees to it that this secret opens the tenant as an administrator; it may be any text of 32 characters or more. */
export async function ensureAdminKey(db: Database, tenantId: TenantId, secret: string): Promise<void> {
  const known = await authenticateApiKey(db, secret);
  if (known?.tenantId === tenantId) return;
  if (known !== null || (await isRegistered(db, secret))) {
    throw new Error(
      "the admin key was revoked, or is another tenant's; give another one as LICET_BOOTSTRAP_KEY, or delete the file `admin-key` in the data directory to have a new one made",
    );
  }
  const caller: Caller = { tenantId, actor: SYSTEM, requestId: null };
  await writeTransaction(db, tenantId, async (transaction) => {
    const clock = await readClock(transaction);
    const apiKey = adminKey(secret, clock);
    return {
      value: undefined,
      statements: [
        insertKey(caller, apiKey),
        {
          text: 'select register_api_key($1, $2, $3)',
          values: [apiKeyHash(db, secret), tenantId, apiKey.id],
        },
      ],
      events: [keyEvent(caller, 'api_key.created', apiKey, null, clock)],
    };
  });
}

/** Whether a key with this secret was ever made, in force or not. */
async function isRegistered(db: Database, secret: string): Promise<boolean> {
  const { rows } = await db.pool.query('select from find_api_key($1)', [apiKeyHash(db, secret)]);
  return rows.length > 0;
}

function adminKey(secret: string, clock: Instant): ApiKey {
  return {
    id: newId('key'),
    name: 'bootstrap',
    role: 'ADMIN',
    operations: [],
    customerIds: [],
    hint: secret.startsWith('lk_') ? hintOf(secret) : secret.slice(0, 4),
    createdBy: SYSTEM,
    createdAt: clock,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
  };
}
