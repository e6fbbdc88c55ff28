import type { CreditBlock, CustomerId, Grant, PlanVersion, Release } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction } from '../connection/transaction.js';
import type { StoredEvent } from '../event-log/read.js';
import { blockFromRow, CREDIT_BLOCK_COLUMNS, type CreditBlockRow } from '../mapping/credit-block.js';
import { grantFromRow, type GrantRow } from '../mapping/grant.js';
import type { StoredAccount } from '../repositories/accounts.js';
import { addOnVersionsOf } from '../repositories/add-on-versions.js';
import { GRANT_COLUMNS } from '../repositories/grants.js';
import { planVersionIn } from '../repositories/release-cache.js';
import { catalogsByNumber, mustHave, publishedRelease } from '../repositories/releases.js';
import { readEventData } from './event-data.js';
import type { PastLookup } from './undo.js';

/** Everything that the events name, read at once. */
export async function lookUp(
  db: Database,
  transaction: Transaction,
  { row }: StoredAccount,
  release: Release,
  events: readonly StoredEvent[],
): Promise<PastLookup> {
  const told = events.flatMap((event) => readEventData(event) ?? []);
  const releases = new Map<number, Release>();
  for (const { before } of told.filter((one) => one.kind === 'PUBLICATION'))
    releases.set(before.rulesVersion, await publishedRelease(db, transaction, before.rulesVersion));
  const subscriptions = told.flatMap((one) => (one.kind === 'SUBSCRIPTION' ? statesIn(one.data) : []));
  const licenses = told.flatMap((one) => (one.kind === 'LICENSE' ? statesIn(one.data) : []));
  const addOns = subscriptions.flatMap((state) =>
    state.addOns.flatMap(({ addOn, version }) => (version === undefined ? [] : [{ addOn, version }])),
  );
  return {
    customerId: row.id,
    subject: row.subject,
    timeZone: row.time_zone,
    planVersion: await planVersionsOf(db, transaction, [...subscriptions, ...licenses]),
    addOnVersion: await addOnVersionsOf(db, transaction, addOns),
    grants: await grantsOf(transaction, row.id),
    blocks: told.some(({ kind }) => kind === 'CREDITS') ? await blocksOf(transaction, row.id) : new Map(),
    releases,
    release,
  };
}

function statesIn<State>({
  before,
  after,
}: {
  readonly before: State | null;
  readonly after: State;
}): State[] {
  return before === null ? [after] : [before, after];
}

interface PlanVersionRow {
  readonly plan: string;
  readonly version: number;
  readonly release: number;
}

async function planVersionsOf(
  db: Database,
  transaction: Transaction,
  named: readonly { readonly plan: string; readonly planVersion: number }[],
): Promise<(plan: string, version: number) => PlanVersion | null> {
  const plans = [...new Set(named.map(({ plan }) => plan))];
  const rows = await transaction.query<PlanVersionRow>({
    text: 'select plan, version, release from plan_version where tenant_id = $1 and plan = any($2)',
    values: [transaction.tenantId, plans],
  });
  const wanted = new Set(named.map(({ plan, planVersion }) => `${plan} ${String(planVersion)}`));
  const held = rows.filter(({ plan, version }) => wanted.has(`${plan} ${String(version)}`));
  const catalogs = await catalogsByNumber(
    db,
    transaction,
    held.map(({ release }) => release),
  );
  const found = new Map(
    held.map(({ plan, version, release }) => [
      `${plan} ${String(version)}`,
      planVersionIn(mustHave(catalogs, release), plan, version),
    ]),
  );
  return (plan, version) => found.get(`${plan} ${String(version)}`) ?? null;
}

/** Of a block nothing but its status, and what is left and held of it, ever changes. */
async function blocksOf(transaction: Transaction, customerId: CustomerId): Promise<Map<string, CreditBlock>> {
  const rows = await transaction.query<CreditBlockRow>({
    text: `select ${CREDIT_BLOCK_COLUMNS} from credit_block b where b.tenant_id = $1 and b.customer_id = $2
           order by b.created_at desc, b.id limit 1000`,
    values: [transaction.tenantId, customerId],
  });
  return new Map(rows.map((row) => [row.id, blockFromRow(row)]));
}

/** Of a grant nothing but its status ever changes. */
async function grantsOf(transaction: Transaction, customerId: CustomerId): Promise<Map<string, Grant>> {
  const rows = await transaction.query<GrantRow>({
    text: `select ${GRANT_COLUMNS} from entitlement_grant g where g.tenant_id = $1 and g.customer_id = $2
           order by g.created_at desc, g.id limit 1000`,
    values: [transaction.tenantId, customerId],
  });
  return new Map(rows.map((row) => [row.id, grantFromRow(row)]));
}
