import { setTimeout as delay } from 'node:timers/promises';
import { type Database, rollingTenants, rollUpDecisions } from '@licet/database';
import type { TenantId } from '@licet/domain';
import type { Logger } from 'pino';

const TENANTS_AT_ONCE = 100;
const IDLE_MS = 500;
/** How long a flush waits for others: with the next look it is rolled up within ten seconds. */
const WAITED_MS = 9000;
/** Between tries while the database is away: one line a second in the log is enough. */
const FAILED_MS = 1000;

/**
 * Regroups decisions by customer, tenant by tenant, until it is told to stop. Several workers may run; each passes over what another
 * is at. What it has done is a line of the log each time; docs/metrics.md says how to watch it.
 */
export async function rollUpAll(db: Database, log: Logger, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const pause = await rollOnce(db, log, stop);
    if (pause > 0) await delay(pause, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Milliseconds until the next look. A failure is logged and tried again: nothing is lost by waiting. */
async function rollOnce(db: Database, log: Logger, stop: AbortSignal): Promise<number> {
  try {
    let failed = 0;
    for (const tenantId of await rollingTenants(db, WAITED_MS, TENANTS_AT_ONCE)) {
      if (stop.aborted) return 0;
      failed += await rollUpTenant(db, log, tenantId, stop);
    }
    return failed > 0 ? FAILED_MS : IDLE_MS;
  } catch (error) {
    log.error({ error }, 'decisions could not be rolled up; trying again');
    return FAILED_MS;
  }
}

/** All that the tenant has, a transaction each time. Returns 1 where it failed: the others come next. */
async function rollUpTenant(
  db: Database,
  log: Logger,
  tenantId: TenantId,
  stop: AbortSignal,
): Promise<number> {
  try {
    let more = true;
    while (more && !stop.aborted) {
      const rolled = await rollUpDecisions(db, tenantId);
      more = rolled?.more ?? false;
      if (rolled === null || rolled.records === 0) continue;
      const { revision: _, more: _more, ...figures } = rolled;
      log.info({ tenantId, ...figures }, 'decisions rolled up');
    }
    return 0;
  } catch (error) {
    log.error({ tenantId, error }, "a tenant's decisions could not be rolled up; trying again");
    return 1;
  }
}
