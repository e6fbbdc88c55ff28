import type { TenantId, TimeZone } from '@licet/domain';
import { retried, type Transaction } from '../connection/transaction.js';
import { entityTransaction } from '../connection/entities.js';
import type { Database } from '../connection/database.js';
import { TenantEntity } from '../entities/tenant.entity.js';
import { storedTimeZone } from '../mapping/account.js';

export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly timeZone: TimeZone;
  /** ISO 8601 duration. */
  readonly decisionRetention: string;
  /** Null: events are kept for ever. */
  readonly eventRetention: string | null;
}

export async function findTenant(db: Database, tenantId: TenantId): Promise<Tenant> {
  const entity = await entityTransaction(db, tenantId, (manager) =>
    manager.findOneByOrFail(TenantEntity, { tenantId }),
  );
  return {
    id: tenantId,
    name: entity.name,
    timeZone: storedTimeZone(entity.timeZone),
    decisionRetention: entity.decisionRetention,
    eventRetention: entity.eventRetention,
  };
}

/** As `findTenant`, under whatever the transaction has locked. */
export async function readTenant(transaction: Transaction): Promise<Tenant> {
  const [row] = await transaction.query<TenantRow>({
    name: 'read-tenant',
    text: 'select name, time_zone, decision_retention, event_retention from tenant where tenant_id = $1',
    values: [transaction.tenantId],
  });
  if (!row) throw new Error('the tenant of a transaction is there');
  return {
    id: transaction.tenantId,
    name: row.name,
    timeZone: storedTimeZone(row.time_zone),
    decisionRetention: row.decision_retention,
    eventRetention: row.event_retention,
  };
}

interface TenantRow {
  readonly name: string;
  readonly time_zone: string;
  readonly decision_retention: string;
  readonly event_retention: string | null;
}

/** Every tenant of this installation; for chores that go round them one by one. */
export async function allTenants(db: Database): Promise<TenantId[]> {
  const { rows } = await db.pool.query<{ tenant_id: TenantId }>(
    'select all_tenants as tenant_id from all_tenants()',
  );
  return rows.map((row) => row.tenant_id);
}

/** The tenant of an installation that has one; null where there are several, or none yet. */
export async function soleTenant(db: Database): Promise<TenantId | null> {
  const { rows } = await retried(() =>
    db.pool.query<{ tenant_id: TenantId }>('select all_tenants as tenant_id from all_tenants() limit 2'),
  );
  return rows.length === 1 ? (rows[0]?.tenant_id ?? null) : null;
}
