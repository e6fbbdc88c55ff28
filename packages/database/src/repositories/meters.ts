import {
  type Ceiling,
  ceilingOf,
  type CustomerId,
  type FeatureKey,
  formatInstant,
  type Instant,
  instant,
  meterAt,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Statement, type Transaction, writeTransaction } from '../connection/transaction.js';
import { loadAccounts, lockCustomers } from './accounts.js';

export interface MeterKey {
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
}

interface LockRow {
  readonly locked: readonly {
    readonly customer_id: CustomerId;
    readonly feature: FeatureKey;
    readonly version: number;
    readonly rules_version: number;
  }[];
  readonly clock: Date;
}

export interface LockedMeters {
  /** Versions by `meterId`; a counter that is not there has none. */
  readonly versions: ReadonlyMap<string, number>;
  /** By which publication each counter's limit was compiled. */
  readonly rules: ReadonlyMap<string, number>;
  readonly clock: Instant;
}

/** A counter's name within its tenant. */
export function meterId(customerId: string, feature: string): string {
  return `${feature} ${customerId}`;
}

/** Locks counters in key order and reads the database's clock after the wait. */
export async function lockMeters(transaction: Transaction, keys: readonly MeterKey[]): Promise<LockedMeters> {
  const [row] = await transaction.query<LockRow>({
    name: 'lock-meters',
    text: `with l as materialized (
             select customer_id, feature, version, rules_version from meter
             where tenant_id = $1 and (customer_id, feature) in (select * from unnest($2::text[], $3::text[]))
             order by customer_id, feature for update)
           select coalesce(json_agg(l), '[]') as locked, clock_timestamp() as clock from l`,
    values: [transaction.tenantId, keys.map((key) => key.customerId), keys.map((key) => key.feature)],
  });
  if (!row) throw new Error('an aggregate without a row');
  return {
    versions: new Map(row.locked.map((meter) => [meterId(meter.customer_id, meter.feature), meter.version])),
    rules: new Map(
      row.locked.map((meter) => [meterId(meter.customer_id, meter.feature), meter.rules_version]),
    ),
    clock: instant(row.clock.getTime()),
  };
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
      if (!stored || !feature) return [];
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

export interface CounterUpdate extends MeterKey {
  /** As they were under the lock. */
  readonly version: number;
  readonly used: number;
  /** Compiled anew where the row's was made by another publication: a publication writes no counters. */
  readonly limit: (Pick<Ceiling, 'ceiling' | 'validUntil'> & { readonly rulesVersion: number }) | null;
}

/**
 * INVARIANT (never above the limit): the row's own ceiling has the last word. What was decided on anything
 * older than the locked row ends in LK002, and the batch is decided anew.
 */
const WRITE_COUNTERS = `
with written as (
  update meter m set used = r.used, version = m.version + 1,
    lim = case when r.rules is null then m.lim else r.lim end,
    valid_until = case when r.rules is null then m.valid_until else r.valid_until end,
    rules_version = coalesce(r.rules, m.rules_version)
  from unnest($2::text[], $3::text[], $4::bigint[], $6::int[], $7::bigint[], $8::timestamptz[])
    as r(customer_id, feature, used, rules, lim, valid_until)
  where m.tenant_id = $1 and m.customer_id = r.customer_id and m.feature = r.feature
    and (case when r.rules is null then m.lim else r.lim end is null
      or r.used + m.reserved <= case when r.rules is null then m.lim else r.lim end or r.used <= m.used)
  returning 1)
select assert_count((select count(*) from written), $5, 'LK002')`;

export function counterStatement(tenantId: TenantId, counters: readonly CounterUpdate[]): Statement[] {
  if (counters.length === 0) return [];
  return [
    {
      name: 'write-counters',
      text: WRITE_COUNTERS,
      values: [
        tenantId,
        counters.map((counter) => counter.customerId),
        counters.map((counter) => counter.feature),
        counters.map((counter) => counter.used),
        counters.length,
        counters.map(({ limit }) => limit?.rulesVersion ?? null),
        counters.map(({ limit }) => limit?.ceiling ?? null),
        counters.map(({ limit }) => (limit?.validUntil == null ? null : formatInstant(limit.validUntil))),
      ],
    },
  ];
}
