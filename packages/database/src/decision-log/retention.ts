import {
  formatInstant,
  type Instant,
  instant,
  type IsoDuration,
  lengthOf,
  parseDuration,
  subtractDuration,
  type TenantId,
} from '@licet/domain';
import { readClock } from '../connection/clock.js';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { entityTransaction } from '../connection/entities.js';
import { readTenant } from '../repositories/tenants.js';
import { refused, type Refused } from '../result.js';

const HOUR = 3_600_000;
const CENTURY = 100 * 366 * 24 * HOUR;
const DAYS_AHEAD = 7;
/** A day is dropped some days after its last record has gone: what comes late, from a gateway that was cut off, finds it. */
const DAYS_KEPT_EMPTY = 7;

/** Why decisions cannot be kept for so long; null: they can. */
export function retentionRefusal(retention: IsoDuration): Refused | null {
  const length = lengthOf(retention);
  if (length >= HOUR && length <= CENTURY) return null;
  return refused(
    'BAD_USER_INPUT',
    'decisionRetention',
    `decisions are kept for an hour at least and a century at most, not \`${retention}\``,
  );
}

/** Makes the days that the next records fall into. Any process may, at any time, several at once. */
export async function makeDecisionDays(db: Database): Promise<void> {
  await db.pool.query('select make_decision_days($1)', [DAYS_AHEAD]);
}

/** Drops days that hold nothing any more. Returns how many. */
export async function dropEmptyDecisionDays(db: Database): Promise<number> {
  const before = formatInstant(instant(Date.now() - DAYS_KEPT_EMPTY * 24 * HOUR));
  const { rows } = await db.pool.query<{ dropped: number }>(
    'select drop_decision_days($1::date) as dropped',
    [before.slice(0, '2026-01-01'.length)],
  );
  return rows[0]?.dropped ?? 0;
}

/** Since when the tenant's decisions are kept, by the database's clock; `retention`: how long, as the tenant has set it. */
export async function keptSince(
  transaction: Transaction,
): Promise<{ readonly since: Instant; readonly retention: string }> {
  const { decisionRetention, timeZone } = await readTenant(transaction);
  const retention = parseDuration(decisionRetention);
  if (retention === null) throw new Error(`the tenant's retention is no duration: ${decisionRetention}`);
  const since = subtractDuration(await readClock(transaction), retention, timeZone);
  return { since, retention: decisionRetention };
}

/** Since when the tenant's decisions are kept. */
export function decisionsKept(
  db: Database,
  tenantId: TenantId,
): Promise<{ readonly since: Instant; readonly retention: string }> {
  return readTransaction(db, tenantId, keptSince);
}

/**
 * Deletes the tenant's decisions whose time is over. Returns how many flushes and blocks; those in one go together, with the
 * newest of them, and are of one hour at most.
 */
export async function deleteOldDecisions(db: Database, tenantId: TenantId): Promise<number> {
  const { since } = await decisionsKept(db, tenantId);
  const before = new Date(since);
  return entityTransaction(db, tenantId, async (manager) => {
    let deleted = 0;
    // A gateway whose newest record is too old: what came once more of it goes here, too.
    for (const table of ['decision_gateway', 'decision_flush', 'decision_block']) {
      const [, count]: [unknown, number] = await manager.query(
        `delete from ${table} where tenant_id = $1 and last_at < $2`,
        [tenantId, before],
      );
      if (table !== 'decision_gateway') deleted += count;
    }
    // What is reported once more by then is too old to be taken.
    await manager.query(
      "delete from reported_decision where tenant_id = $1 and reported_at < clock_timestamp() - interval '36 days'",
      [tenantId],
    );
    return deleted;
  });
}
