import type { Release } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { CustomerRow } from '../mapping/account.js';
import { publishedRelease } from './releases.js';

interface PublicationRow {
  readonly version: number;
  readonly at: Date;
}

/**
 * For each of these customers the releases to go through, up to the live one: `passReleases`. In the usual case that is
 * the live one alone: nothing was due when it was published, and everybody has been told who is moved by it or its
 * forerunners, to another time zone too.
 */
export async function releasesSince(
  db: Database,
  transaction: Transaction,
  live: Release,
  customers: readonly CustomerRow[],
): Promise<(customer: CustomerRow) => readonly Release[]> {
  const behind = customers.filter((customer) => isBehind(customer, live));
  if (behind.length === 0) return () => [live];
  const former = await transaction.query<PublicationRow>({
    name: 'former-publications',
    text: 'select version, at from publication where tenant_id = $1 and version < $2 order by version',
    values: [transaction.tenantId, live.publication.version],
  });
  const starts = new Map(behind.map((customer) => [customer.id, startOf(customer, former)]));
  const first = Math.min(...starts.values());
  const releases: Release[] = [];
  for (let version = first; version < live.publication.version; version += 1)
    releases.push(await publishedRelease(db, transaction, version));
  releases.push(live);
  return ({ id }) => releases.slice((starts.get(id) ?? live.publication.version) - first);
}

function isBehind(customer: CustomerRow, { publication }: Release): boolean {
  if (customer.rules_version >= publication.version || publication.version === 1) return false;
  const wasDue = customer.next_due_at !== null && customer.next_due_at.getTime() <= publication.at;
  return wasDue || (customer.untold_from !== null && customer.untold_from <= publication.version);
}

/**
 * The publication that was live before the first thing was due, which may be a publication itself. What earlier ones
 * than the row's have done is in the row.
 */
function startOf(customer: CustomerRow, former: readonly PublicationRow[]): number {
  const untold = former.find(({ version }) => version === customer.untold_from)?.at.getTime() ?? Infinity;
  const since = Math.min(customer.next_due_at?.getTime() ?? Infinity, untold);
  const live = former.findLast(({ at }) => at.getTime() < since)?.version ?? 1;
  return Math.max(live, customer.rules_version);
}
