import { type EverSold, type NamedVersion, type PlanKey, type PlanVersion } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import { planVersionIn } from './release-cache.js';
import { catalogsByNumber, mustHave } from './releases.js';

interface SoldRow {
  readonly plan: string;
  readonly version: number;
  readonly release: number;
}

/** What was ever sold of that which a migration names. */
export async function everSold(
  db: Database,
  transaction: Transaction,
  asked: { readonly from: NamedVersion; readonly toPlan: PlanKey; readonly toVersion: number | null },
): Promise<EverSold> {
  const { from, toPlan, toVersion } = asked;
  const rows = await transaction.query<SoldRow>({
    name: 'ever-sold',
    text: `select plan, version, release from plan_version
           where tenant_id = $1 and plan in ($2, $3) order by version`,
    values: [transaction.tenantId, from.plan, toPlan],
  });
  const versionsOf = (key: PlanKey): number[] =>
    rows.filter(({ plan }) => plan === key).map(({ version }) => version);
  const named = async (key: PlanKey, number: number | null): Promise<PlanVersion | null> => {
    const row = rows.find(({ plan, version }) => plan === key && version === number);
    return row === undefined ? null : versionOf(db, transaction, row);
  };
  return {
    from: versionsOf(from.plan),
    leaving: await named(from.plan, from.version),
    into: versionsOf(toPlan),
    to: await named(toPlan, toVersion),
  };
}

/** A plan version that is known to have been sold. */
export async function soldVersion(
  db: Database,
  transaction: Transaction,
  { plan, version }: NamedVersion,
): Promise<PlanVersion> {
  const [row] = await transaction.query<SoldRow>({
    name: 'sold-version',
    text: 'select plan, version, release from plan_version where tenant_id = $1 and plan = $2 and version = $3',
    values: [transaction.tenantId, plan, version],
  });
  if (!row) throw new Error(`\`${plan}\` was never sold in version ${String(version)}`);
  return versionOf(db, transaction, row);
}

async function versionOf(
  db: Database,
  transaction: Transaction,
  { plan, version, release }: SoldRow,
): Promise<PlanVersion> {
  const catalogs = await catalogsByNumber(db, transaction, [release]);
  return planVersionIn(mustHave(catalogs, release), plan, version);
}
