import type { Catalog, PlanKey, PlanVersion, Release } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import { catalogOf, planVersionIn } from './release-cache.js';

interface LiveRow {
  readonly number: number;
}
interface DocumentRow {
  readonly number: number;
  readonly document: unknown;
}
interface VersionRow {
  readonly plan: string;
  readonly version: number;
  readonly release: number;
}

/** The number of the tenant's live release. */
export async function liveReleaseNumber(transaction: Transaction): Promise<number> {
  const [row] = await transaction.query<LiveRow>({
    name: 'live-release',
    text: "select number from catalog_release where tenant_id = $1 and status = 'LIVE'",
    values: [transaction.tenantId],
  });
  if (!row) throw new Error('the tenant has no live release; `npm start` loads the demo catalog');
  return row.number;
}

/** A release, compiled; from memory where it has been compiled before. */
export async function releaseByNumber(
  db: Database,
  transaction: Transaction,
  number: number,
): Promise<Release> {
  const kept = db.releases.release(transaction.tenantId, number);
  if (kept) return kept;
  const versions = await transaction.query<VersionRow>({
    name: 'sold-versions',
    text: `select distinct on (plan) plan, version, release from plan_version
           where tenant_id = $1 and release <= $2 order by plan, version desc`,
    values: [transaction.tenantId, number],
  });
  const catalogs = await catalogsByNumber(db, transaction, [number, ...versions.map((row) => row.release)]);
  const catalog = mustHave(catalogs, number);
  const planVersions = new Map<PlanKey, PlanVersion>();
  for (const plan of catalog.plans.values()) {
    const sold = versions.find((row) => row.plan === plan.key);
    if (!sold) throw new Error(`plan \`${plan.key}\` has no version`);
    planVersions.set(plan.key, planVersionIn(mustHave(catalogs, sold.release), sold.plan, sold.version));
  }
  const release = { number, catalog, planVersions };
  db.releases.keepRelease(transaction.tenantId, release);
  return release;
}

/** The catalogs of these releases; reads those that are not in memory in one statement. */
export async function catalogsByNumber(
  db: Database,
  transaction: Transaction,
  numbers: Iterable<number>,
): Promise<Map<number, Catalog>> {
  const wanted = new Set(numbers);
  const missing = [...wanted].filter((number) => !db.releases.catalog(transaction.tenantId, number));
  if (missing.length > 0) {
    const rows = await transaction.query<DocumentRow>({
      name: 'release-documents',
      text: 'select number, document from catalog_release where tenant_id = $1 and number = any($2)',
      values: [transaction.tenantId, missing],
    });
    for (const row of rows)
      db.releases.keepCatalog(transaction.tenantId, row.number, catalogOf(row.document));
  }
  const found = new Map<number, Catalog>();
  for (const number of wanted) {
    const catalog = db.releases.catalog(transaction.tenantId, number);
    if (catalog) found.set(number, catalog);
  }
  return found;
}

export function mustHave<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`nothing is kept under ${String(key)}`);
  return value;
}
