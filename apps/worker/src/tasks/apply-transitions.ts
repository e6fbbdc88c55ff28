import { setTimeout as delay } from 'node:timers/promises';
import { applyDueBatch, type Database, dueTenants, tellOfRelease } from '@licet/database';
import type { CustomerId, TenantId } from '@licet/domain';
import type { Logger } from 'pino';

/** Customers per transaction. */
const BATCH = 1000;
/** Customers told of a release per transaction: only a due time is written. */
const TOLD = 5000;
/** One waits for the database while the other computes; more would only queue at the tenant's log. */
const BATCHES_IN_FLIGHT = 2;
const TENANTS_AT_ONCE = 100;
const IDLE_MS = 100;
/** Between tries while the database is away, or a customer's time cannot be written down: one line a second in the log is enough. */
const FAILED_MS = 1000;

/**
 * Writes down what time has done, until it is told to stop: the database's clock says what is due, and no timer
 * holds a fact. Several workers may run; each skips what another has locked.
 */
export async function applyTransitions(db: Database, log: Logger, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const pause = await applyOnce(db, log, stop);
    if (pause > 0) await delay(pause, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Milliseconds until the next look. A failure is logged and tried again: nothing is lost by waiting. */
async function applyOnce(db: Database, log: Logger, stop: AbortSignal): Promise<number> {
  try {
    const tenants = await dueTenants(db, TENANTS_AT_ONCE);
    let failed = 0;
    for (const tenantId of tenants) {
      if (stop.aborted) return 0;
      failed += await applyForTenant(db, log, tenantId, stop);
    }
    if (failed > 0) return FAILED_MS;
    return tenants.length > 0 ? 0 : IDLE_MS;
  } catch (error) {
    log.error({ error }, 'transitions could not be applied; trying again');
    return FAILED_MS;
  }
}

/** Returns for how many customers it failed: they are left alone until the next look, so that the others come first. */
async function applyForTenant(
  db: Database,
  log: Logger,
  tenantId: TenantId,
  stop: AbortSignal,
): Promise<number> {
  const told = await tellOfRelease(db, tenantId, TOLD);
  if (told > 0) log.info({ tenantId, customers: told }, 'customers told of a release');
  const failed: CustomerId[] = [];
  const lanes = Array.from({ length: BATCHES_IN_FLIGHT }, async () => {
    let more = true;
    while (more && !stop.aborted) {
      const batch = await applyDueBatch(db, tenantId, BATCH, failed);
      more = batch.more;
      if (batch.claimed > 0)
        log.info({ tenantId, customers: batch.claimed, events: batch.events }, 'transitions applied');
      for (const { customerId, error } of batch.failures) {
        failed.push(customerId);
        log.error({ tenantId, customerId, error }, 'what is due for a customer could not be written down');
      }
    }
  });
  await Promise.all(lanes);
  return failed.length;
}
