import { setTimeout as delay } from 'node:timers/promises';
import { type Database, migrateBatch, migratingTenants, type MigrationStep } from '@licet/database';
import type { TenantId } from '@licet/domain';
import type { Logger } from 'pino';

/** Subscriptions per transaction: their customers' other commands and spends wait for no more than these. */
const BATCH = 100;
const TENANTS_AT_ONCE = 100;
const IDLE_MS = 250;
/** Between tries while the database is away: one line a second in the log is enough. */
const FAILED_MS = 1000;
/** Between two lines of the log that tell how far a migration has come, in subscriptions. */
const TOLD_EVERY = 10_000;

/** Carries out plan migrations, a batch of each tenant in turn, until it is told to stop. Several workers may run. */
export async function carryOutMigrations(db: Database, log: Logger, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const pause = await carryOnce(db, log, stop);
    if (pause > 0) await delay(pause, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** Milliseconds until the next look. A failure is logged and tried again: nothing is lost by waiting. */
async function carryOnce(db: Database, log: Logger, stop: AbortSignal): Promise<number> {
  try {
    let hasMoved = false;
    for (const tenantId of await migratingTenants(db, TENANTS_AT_ONCE)) {
      if (stop.aborted) return 0;
      const step = await migrateBatch(db, tenantId, BATCH);
      if (step === null || step.after === step.before) continue;
      hasMoved = true;
      tell(log, tenantId, step);
    }
    return hasMoved ? 0 : IDLE_MS;
  } catch (error) {
    log.error({ error }, 'migrations could not be carried out; trying again');
    return FAILED_MS;
  }
}

function tell(log: Logger, tenantId: TenantId, { before, after, failure }: MigrationStep): void {
  const { id: migration, status, done, total, moved, refused } = after;
  const progress = { tenantId, migration, status, done, total, moved, refused };
  if (failure !== null) log.error({ ...progress, error: failure }, 'a subscription could not be decided on');
  const isTold = Math.floor(before.done / TOLD_EVERY) < Math.floor(done / TOLD_EVERY);
  if (status !== before.status || isTold) log.info(progress, 'migration carried on');
}
