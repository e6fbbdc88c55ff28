import { instant } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import { licenseFromRow, type LicenseRow, type StoredLicense } from '../mapping/license.js';
import { planVersionIn } from './release-cache.js';
import { catalogsByNumber, mustHave } from './releases.js';

export const LICENSE_COLUMNS = `
l.id, l.customer_id, l.plan, l.plan_version, v.release, l.key_hint, l.key_digest, l.quantities, l.starts_at, l.expires_at,
l.maintenance_until, l.machine_limit, l.phase, l.grace_ends_at, l.ended_at, l.standing, l.standing_since,
l.credits_given, l.created_at`;

export const LICENSE_TABLES = `
license l
join plan_version v on v.tenant_id = l.tenant_id and v.plan = l.plan and v.version = l.plan_version`;

/** Rows as domain values; loads the releases of their plan versions where they are not in memory. */
export async function licensesFromRows(
  db: Database,
  transaction: Transaction,
  rows: readonly LicenseRow[],
): Promise<StoredLicense[]> {
  const catalogs = await catalogsByNumber(db, transaction, new Set(rows.map(({ release }) => release)));
  return rows.map((row) => ({
    license: licenseFromRow(row, planVersionIn(mustHave(catalogs, row.release), row.plan, row.plan_version)),
    createdAt: instant(row.created_at.getTime()),
  }));
}
