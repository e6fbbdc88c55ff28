import type { EntityManager } from 'typeorm';
import type { TenantId } from '@licet/domain';
import type { Database } from './database.js';
import { retried } from './transaction.js';

/** A TypeORM transaction that sees one tenant; for what operators do, where comfort counts more than microseconds. */
export async function entityTransaction<T>(
  db: Database,
  tenantId: TenantId,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return retried(() =>
    db.dataSource.transaction('REPEATABLE READ', async (manager) => {
      // The branded id is a UUID: nothing in it needs escaping. SET LOCAL, which poolers carry on, takes no parameters.
      await manager.query(`set local app.tenant = '${tenantId}'`);
      return work(manager);
    }),
  );
}
