import { allTenants, type Database, deleteOldOperations } from '@licet/database';
import type { Task } from 'graphile-worker';

export const DELETE_OLD_OPERATIONS = 'delete-old-operations';

/** Deletes idempotency records whose time is over, tenant by tenant. */
export function deleteOldOperationsTask(db: Database): Task {
  return async (_payload, helpers) => {
    for (const tenantId of await allTenants(db)) {
      const deleted = await deleteOldOperations(db, tenantId);
      if (deleted > 0) helpers.logger.info(`${String(deleted)} idempotency records deleted`, { tenantId });
    }
  };
}
