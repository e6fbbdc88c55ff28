import type { AddOn, AddOnVersion, Catalog } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import { catalogsByNumber, mustHave } from './releases.js';

/** An add-on version as JSON columns name it. */
export interface AddOnJson {
  readonly addOn: string;
  readonly version: number;
}

interface VersionRow {
  readonly add_on: string;
  readonly version: number;
  /** Whose document holds it. */
  readonly release: number;
}

/** Finds these add-on versions; reads those that are not in memory in one statement, and the releases that hold them. */
export async function addOnVersionsOf(
  db: Database,
  transaction: Transaction,
  wanted: readonly AddOnJson[],
): Promise<(named: AddOnJson) => AddOnVersion> {
  const { tenantId } = transaction;
  const found = new Map<string, AddOnVersion>();
  const missing = new Map<string, AddOnJson>();
  for (const named of wanted) {
    const kept = db.releases.addOn(tenantId, named);
    if (kept) found.set(nameOf(named), kept);
    else missing.set(nameOf(named), named);
  }
  for (const read of await readVersions(db, transaction, [...missing.values()])) {
    const named = { addOn: read.addOn.key, version: read.version };
    found.set(nameOf(named), db.releases.keepAddOn(tenantId, read));
  }
  return (named) => mustHave(found, nameOf(named));
}

async function readVersions(
  db: Database,
  transaction: Transaction,
  named: readonly AddOnJson[],
): Promise<AddOnVersion[]> {
  if (named.length === 0) return [];
  const rows = await transaction.query<VersionRow>({
    name: 'add-on-versions',
    text: `select v.add_on, v.version, v.release from add_on_version v
           join unnest($2::text[], $3::int[]) as n(add_on, version) using (add_on, version) where v.tenant_id = $1`,
    values: [transaction.tenantId, named.map(({ addOn }) => addOn), named.map(({ version }) => version)],
  });
  const catalogs = await catalogsByNumber(
    db,
    transaction,
    rows.map((row) => row.release),
  );
  return rows.map((row) => ({
    addOn: addOnIn(mustHave(catalogs, row.release), row.add_on),
    version: row.version,
  }));
}

function addOnIn(catalog: Catalog, key: string): AddOn {
  for (const addOn of catalog.addOns.values()) if (addOn.key === key) return addOn;
  throw new Error(`the release has no add-on \`${key}\``);
}

function nameOf({ addOn, version }: AddOnJson): string {
  return `${addOn} ${String(version)}`;
}
