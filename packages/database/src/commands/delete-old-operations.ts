import type { TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { entityTransaction } from '../connection/entities.js';

/**
 * Deletes idempotency records, and reservations and leases that nobody has settled, whose time is over: those of usage after 36 days, because a usage event may be sent again for 35
 * days and a few minutes, the others after 24 hours. Returns how many records.
 */
export async function deleteOldOperations(db: Database, tenantId: TenantId): Promise<number> {
  return entityTransaction(db, tenantId, async (manager) => {
    const [, count]: [unknown, number] = await manager.query(
      `delete from operation where tenant_id = $1
       and at < clock_timestamp() - case when quantity is null then interval '24 hours' else interval '36 days' end`,
      [tenantId],
    );
    await manager.query(
      `delete from reservation where tenant_id = $1 and status <> 'OPEN'
       and expires_at < clock_timestamp() - interval '36 days'`,
      [tenantId],
    );
    return count;
  });
}
