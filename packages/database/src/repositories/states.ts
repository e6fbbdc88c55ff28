import {
  type CustomerId,
  type CustomerState,
  type Instant,
  instant,
  knownState,
  type Release,
  type TenantId,
  withoutExpired,
  withoutFreed,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import { readHead } from '../event-log/head.js';
import type { Revision } from '../event-log/revision.js';
import { groupBy } from '../mapping/group-by.js';
import { loadAccounts, type StoredAccount } from './accounts.js';
import { meterId, type MeterKey } from './meters.js';

/** States of several customers at one revision, with the release that decides. */
export interface LoadedStates {
  readonly revision: Revision;
  /** The database's clock. */
  readonly asOf: Instant;
  readonly release: Release;
  /** One for each id that was asked for. */
  readonly states: ReadonlyMap<CustomerId, CustomerState>;
  /** Those that are there. */
  readonly accounts: ReadonlyMap<CustomerId, StoredAccount>;
}

/** Loads states in one snapshot, decided by the live release: as many statements for a thousand customers as for one. */
export async function loadStates(
  db: Database,
  tenantId: TenantId,
  ids: readonly CustomerId[],
): Promise<LoadedStates> {
  return readTransaction(
    db,
    tenantId,
    async (transaction) => {
      const reading = readHead(transaction);
      const live = reading.then(({ rulesVersion }) => rulesVersion);
      const [{ revision, clock }, { release, accounts }] = await Promise.all([
        reading,
        loadAccounts(db, transaction, ids, { live }),
      ]);
      const states = new Map<CustomerId, CustomerState>();
      for (const id of ids) {
        const stored = accounts.get(id);
        states.set(
          id,
          stored
            ? knownState(release, withoutFreed(withoutExpired(stored.account, clock), release, clock))
            : { kind: 'UNKNOWN_CUSTOMER', release, customerId: id },
        );
      }
      return { revision, asOf: clock, release, states, accounts };
    },
    'once',
  );
}

/** A closed usage window. */
export interface UsageBucket {
  readonly start: Instant;
  readonly end: Instant;
  readonly used: number;
}

interface WindowRow {
  readonly customer_id: string;
  readonly feature: string;
  readonly window_start: Date;
  readonly window_end: Date;
  readonly used: number;
}

/** The latest closed windows of each counter, newest first, in the order of the keys. */
export async function closedWindows(
  db: Database,
  tenantId: TenantId,
  keys: readonly MeterKey[],
  first: number,
): Promise<UsageBucket[][]> {
  const rows = await readTransaction(db, tenantId, (transaction) =>
    transaction.query<WindowRow>({
      name: 'closed-windows',
      text: `select w.* from unnest($2::text[], $3::text[]) as k(customer_id, feature)
             cross join lateral (
               select customer_id, feature, window_start, window_end, used from meter_window
               where tenant_id = $1 and customer_id = k.customer_id and feature = k.feature
               order by window_start desc limit $4) w`,
      values: [tenantId, keys.map((key) => key.customerId), keys.map((key) => key.feature), first],
    }),
  );
  const windows = groupBy(rows, (row) => meterId(row.customer_id, row.feature));
  return keys.map((key) =>
    (windows.get(meterId(key.customerId, key.feature)) ?? []).map((row) => ({
      start: instant(row.window_start.getTime()),
      end: instant(row.window_end.getTime()),
      used: row.used,
    })),
  );
}
