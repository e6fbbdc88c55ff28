import {
  allTenants,
  type Database,
  deleteOldDecisions,
  dropEmptyDecisionDays,
  makeDecisionDays,
} from '@licet/database';
import type { Task } from 'graphile-worker';

export const KEEP_DECISIONS = 'keep-decisions';

/** Makes the days that decisions will fall into, deletes those whose time is over, tenant by tenant, and drops what is left empty. */
export function keepDecisionsTask(db: Database): Task {
  return async (_payload, helpers) => {
    await makeDecisionDays(db);
    for (const tenantId of await allTenants(db)) {
      const deleted = await deleteOldDecisions(db, tenantId);
      if (deleted > 0) helpers.logger.info(`${String(deleted)} batches of decisions deleted`, { tenantId });
    }
    const dropped = await dropEmptyDecisionDays(db);
    if (dropped > 0) helpers.logger.info(`${String(dropped)} empty days of the decision log dropped`);
  };
}
