import { parseTimeZone, type TenantId, type TimeZone } from '@licet/domain';
import { entityTransaction } from '../connection/entities.js';
import type { Database } from '../connection/database.js';
import { TenantEntity } from '../entities/tenant.entity.js';

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
  const timeZone = parseTimeZone(entity.timeZone);
  if (timeZone === null) throw new Error(`the database holds a time zone that is none: ${entity.timeZone}`);
  return {
    id: tenantId,
    name: entity.name,
    timeZone,
    decisionRetention: entity.decisionRetention,
    eventRetention: entity.eventRetention,
  };
}

/** Every tenant of this installation; for chores that go round them one by one. */
export async function allTenants(db: Database): Promise<TenantId[]> {
  const { rows } = await db.pool.query<{ tenant_id: TenantId }>(
    'select all_tenants as tenant_id from all_tenants()',
  );
  return rows.map((row) => row.tenant_id);
}
