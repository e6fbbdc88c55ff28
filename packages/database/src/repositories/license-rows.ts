import { instant } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import { MACHINE_JSON } from '../mapping/machine.js';
import { licenseFromRow, type LicenseRow, type StoredLicense } from '../mapping/license.js';
import { planVersionIn } from './release-cache.js';
import { catalogsByNumber, mustHave } from './releases.js';

export const LICENSE_COLUMNS = `
l.id, l.customer_id, l.plan, l.plan_version, v.release, l.key_hint, l.key_digest, l.quantities, l.starts_at, l.expires_at,
l.maintenance_until, l.machine_limit, l.phase, l.grace_ends_at, l.ended_at, l.standing, l.standing_since,
l.credits_given, l.deactivations, l.created_at`;

/** Its machines, oldest first, as one more column. */
export const LICENSE_MACHINES = `
coalesce((select json_agg(${MACHINE_JSON} order by m.activated_at, m.id) from machine m
  where m.tenant_id = l.tenant_id and m.license_id = l.id), '[]') as machines`;

/**
 * Of its machines those that heartbeats are decided on, and two columns more: how many there are, and how many hold a place.
 * Decided on are those that are named ($4 by their ids, $5 by fingerprints), those whose place is over at $6, and those whose
 * place ends first of the others.
 */
export const BEATING_MACHINES = `
cross join lateral (
  select count(*)::int as activated, count(m.in_use_until)::int as places_held,
    min(m.in_use_until) filter (where m.in_use_until > $6 and not (m.id = any($4) or m.fingerprint = any($5))) as first_end
  from machine m where m.tenant_id = l.tenant_id and m.license_id = l.id) a
cross join lateral (
  select coalesce(json_agg(${MACHINE_JSON} order by m.activated_at, m.id), '[]') as machines from machine m
  where m.tenant_id = l.tenant_id and m.license_id = l.id
    and (m.id = any($4) or m.fingerprint = any($5) or m.in_use_until <= $6 or m.in_use_until = a.first_end)) b`;

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
