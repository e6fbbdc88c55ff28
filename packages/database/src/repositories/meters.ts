import {
  ceilingOf,
  type CustomerId,
  type FeatureKey,
  formatInstant,
  type Instant,
  meterAt,
  nextDue,
  type Release,
  type TenantId,
  withoutReservations,
  withoutSeats,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Statement, writeTransaction } from '../connection/transaction.js';
import { loadAccounts, lockCustomers, type StoredAccount } from './accounts.js';

export interface MeterKey {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
}

/** A counter's name within its tenant. */
export function meterId(customerId: string, feature: string): string {
  return `${feature} ${customerId}`;
}

/**
 * Makes counters that are missing, and moves unused ones into the running window, in a transaction of its own. The customers are locked first, so that a
 * change of their entitlements either is in the new row or will find it.
 */
export async function createMeters(
  db: Database,
  tenantId: TenantId,
  keys: readonly MeterKey[],
): Promise<void> {
  await writeTransaction(db, tenantId, async (transaction) => {
    const ids = [...new Set(keys.map((key) => key.customerId))];
    const { clock } = await lockCustomers(transaction, ids);
    const { release, accounts } = await loadAccounts(db, transaction, ids);
    const records = keys.flatMap(({ customerId, feature: key }) => {
      const stored = accounts.get(customerId);
      const feature = release.catalog.features.get(key);
      // Windows that are over are closed before: they may leave something to the one that runs.
      if (!stored || !feature || isOverdue(stored, release, clock)) return [];
      const window = feature.type === 'METERED' ? meterAt(stored.account, feature, clock).window : null;
      const { ceiling, validUntil } = ceilingOf(stored.account, release, key, clock);
      return [
        {
          customer_id: customerId,
          feature: key,
          lim: ceiling,
          state_version: stored.row.version,
          rules_version: release.publication.version,
          window_start: window === null ? null : formatInstant(window.start),
          window_end: window === null ? null : formatInstant(window.end),
          valid_until: validUntil === null ? null : formatInstant(validUntil),
        },
      ];
    });
    return {
      value: undefined,
      statements: [insertMeters(tenantId, records), lowerDue(tenantId, records)],
      events: [],
    };
  });
}

/** What is held in another counter, and whose seats end, holds up none: spends do not wait for it either. */
function isOverdue({ account, overdue }: StoredAccount, release: Release, clock: Instant): boolean {
  const due = nextDue(withoutSeats(withoutReservations(account)), release);
  return overdue.length > 0 || (due !== null && due <= clock);
}

function insertMeters(tenantId: TenantId, records: readonly object[]): Statement {
  return {
    name: 'insert-meters',
    text: `insert into meter (tenant_id, customer_id, feature, lim, state_version, rules_version, window_start, window_end, valid_until)
           select $1, r.* from jsonb_to_recordset($2::jsonb) as r(customer_id text, feature text, lim bigint,
             state_version bigint, rules_version int, window_start timestamptz, window_end timestamptz, valid_until timestamptz)
           order by r.customer_id collate "C", r.feature collate "C"
           on conflict (tenant_id, customer_id, feature) do update set lim = excluded.lim,
             state_version = excluded.state_version, rules_version = excluded.rules_version,
             window_start = excluded.window_start, window_end = excluded.window_end,
             valid_until = excluded.valid_until, version = meter.version + 1
           where meter.used = 0 and meter.reserved = 0`,
    values: [tenantId, JSON.stringify(records)],
  };
}

/** The end of a window is a due time like any other. */
function lowerDue(tenantId: TenantId, records: readonly object[]): Statement {
  return {
    name: 'lower-due',
    text: `update customer c set next_due_at = least(c.next_due_at, r.window_end)
           from (select customer_id, min(window_end) as window_end
                 from jsonb_to_recordset($2::jsonb) as r(customer_id text, window_end timestamptz) group by 1) r
           where c.tenant_id = $1 and c.id = r.customer_id and r.window_end is not null`,
    values: [tenantId, JSON.stringify(records)],
  };
}
