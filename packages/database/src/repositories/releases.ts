import {
  type AddOnKey,
  type AddOnVersion,
  type Catalog,
  instant,
  type PlanKey,
  type PlanVersion,
  type Release,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction } from '../connection/transaction.js';
import { storedTimeZone } from '../mapping/account.js';
import { catalogOf } from './release-cache.js';

interface DocumentRow {
  readonly number: number;
  readonly document: unknown;
}
interface PublicationRow {
  readonly release: number;
  readonly at: Date;
  readonly undoes_after: number | null;
  readonly time_zone: string;
  readonly plans: VersionNumbers;
  readonly add_ons: VersionNumbers;
}
/** By key of the plan, or of the add-on. */
export type VersionNumbers = Readonly<Record<string, number>>;

/** Names what decides for the tenant now: the number of its newest publication. */
export async function rulesVersion(transaction: Transaction): Promise<number> {
  const [row] = await transaction.query<{ rules_version: number }>({
    name: 'rules-version',
    text: 'select rules_version from log_head where tenant_id = $1',
    values: [transaction.tenantId],
  });
  if (!row) throw new Error('the tenant has no live release; `npm start` loads the demo catalog');
  return row.rules_version;
}

/**
 * INVARIANT (one release for a change): what was decided by one release is not committed under another. The last
 * statement before the events: raises LK003, upon which the transaction runs again.
 */
export function assertRules({ publication }: Release, tenantId: Transaction['tenantId']): Statement {
  return {
    name: 'assert-rules',
    text: `select assert_count(rules_version, $2, 'LK003') from log_head where tenant_id = $1 for update`,
    values: [tenantId, publication.version],
  };
}

/** The release of a publication, compiled; from memory where it has been compiled before. */
export async function publishedRelease(
  db: Database,
  transaction: Transaction,
  version: number,
): Promise<Release> {
  const kept = db.releases.release(transaction.tenantId, version);
  if (kept) return kept;
  const [row] = await transaction.query<PublicationRow>({
    name: 'publication',
    text: `select p.release, p.at, p.undoes_after, p.time_zone,
             (select coalesce(jsonb_object_agg(s.plan, s.version), '{}') from release_plan s
              where s.tenant_id = p.tenant_id and s.release = p.release) as plans,
             (select coalesce(jsonb_object_agg(s.add_on, s.version), '{}') from release_add_on s
              where s.tenant_id = p.tenant_id and s.release = p.release) as add_ons
           from publication p where p.tenant_id = $1 and p.version = $2`,
    values: [transaction.tenantId, version],
  });
  if (!row) throw new Error(`there is no publication ${String(version)}`);
  const catalog = mustHave(await catalogsByNumber(db, transaction, [row.release]), row.release);
  const release: Release = {
    number: row.release,
    publication: {
      version,
      at: instant(row.at.getTime()),
      undoesAfter: row.undoes_after,
      timeZone: storedTimeZone(row.time_zone),
    },
    catalog,
    planVersions: soldPlans(catalog, row.plans),
    addOnVersions: soldAddOns(catalog, row.add_ons),
  };
  return db.releases.keepRelease(transaction.tenantId, release);
}

/** The plans of a catalog under the versions that its release sells. */
export function soldPlans(catalog: Catalog, numbers: VersionNumbers): Map<PlanKey, PlanVersion> {
  const sold = new Map<PlanKey, PlanVersion>();
  for (const plan of catalog.plans.values()) {
    const version = numbers[plan.key];
    if (version === undefined) throw new Error(`plan \`${plan.key}\` has no version`);
    sold.set(plan.key, { plan, version });
  }
  return sold;
}

export function soldAddOns(catalog: Catalog, numbers: VersionNumbers): Map<AddOnKey, AddOnVersion> {
  const sold = new Map<AddOnKey, AddOnVersion>();
  for (const addOn of catalog.addOns.values()) {
    const version = numbers[addOn.key];
    if (version === undefined) throw new Error(`add-on \`${addOn.key}\` has no version`);
    sold.set(addOn.key, { addOn, version });
  }
  return sold;
}

/** The catalogs of these releases; reads those that are not in memory in one statement. */
export async function catalogsByNumber(
  db: Database,
  transaction: Transaction,
  numbers: Iterable<number>,
): Promise<Map<number, Catalog>> {
  const found = new Map<number, Catalog>();
  const missing: number[] = [];
  for (const number of new Set(numbers)) {
    const kept = db.releases.catalog(transaction.tenantId, number);
    if (kept) found.set(number, kept);
    else missing.push(number);
  }
  if (missing.length === 0) return found;
  const rows = await transaction.query<DocumentRow>({
    name: 'release-documents',
    text: 'select number, document from catalog_release where tenant_id = $1 and number = any($2)',
    values: [transaction.tenantId, missing],
  });
  for (const { number, document } of rows)
    found.set(number, db.releases.keepCatalog(transaction.tenantId, number, catalogOf(document)));
  return found;
}

export function mustHave<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`nothing is kept under ${String(key)}`);
  return value;
}
