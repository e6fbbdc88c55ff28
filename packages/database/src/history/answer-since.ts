import {
  askedReads,
  type CheckRequest,
  type CustomerId,
  type Decision,
  type Grant,
  parseFeatureKey,
  type PlanVersion,
  type Release,
  type TenantId,
  turnedBy,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import { readHead } from '../event-log/head.js';
import type { StoredEvent } from '../event-log/read.js';
import { grantFromRow, type GrantRow } from '../mapping/grant.js';
import { loadAccounts, type StoredAccount } from '../repositories/accounts.js';
import { addOnVersionsOf } from '../repositories/add-on-versions.js';
import { GRANT_COLUMNS } from '../repositories/grants.js';
import { planVersionIn } from '../repositories/release-cache.js';
import { catalogsByNumber, mustHave, publishedRelease } from '../repositories/releases.js';
import { type EventData, readEventData } from './event-data.js';
import { pastEvents } from './past-events.js';
import { type PastLookup, undoable } from './undo.js';

export interface AnswerNow {
  readonly customerId: CustomerId;
  readonly request: CheckRequest;
  /** What it is. */
  readonly decision: Pick<Decision, 'code' | 'value'>;
}

/** An event, and by which name the log tells of the customer. */
export interface TurningEvent {
  readonly event: StoredEvent;
  readonly subject: string;
}

/**
 * The event after which the answer became what it is; null: it cannot be told from what the log holds, or not from the
 * events that are looked at. See `turnedBy`.
 */
export async function answerSince(
  db: Database,
  tenantId: TenantId,
  { customerId, request, decision }: AnswerNow,
): Promise<TurningEvent | null> {
  return readTransaction(db, tenantId, async (transaction) => {
    const { rulesVersion, clock } = await readHead(transaction);
    const { release, accounts } = await loadAccounts(db, transaction, [customerId], {
      live: Promise.resolve(rulesVersion),
    });
    const stored = accounts.get(customerId);
    if (stored === undefined) return null;
    const counts = countsUsage(stored, release, request.feature);
    const events = await pastEvents(transaction, stored.row, counts);
    const lookup = await lookUp(db, transaction, stored, release, events);
    // A release that counted where this one does not would need the usage, too.
    const past = [...lookup.releases.values()];
    if (!counts && past.some((former) => countsUsage(stored, former, request.feature))) return null;
    const answered = { account: stored.written, release, request, decision, now: clock };
    const place = turnedBy(answered, undoable(events, lookup));
    const event = place === null ? undefined : events[place];
    return event === undefined ? null : { event, subject: stored.row.subject };
  });
}

/** Whether the answer may depend on a counter. */
function countsUsage({ written }: StoredAccount, release: Release, text: string): boolean {
  const key = parseFeatureKey(text);
  const feature = key === null ? undefined : release.catalog.features.get(key);
  if (feature === undefined) return false;
  const reads = askedReads(written, release, feature.key);
  return feature.type === 'METERED' || feature.type === 'LIMIT' || (reads !== null && reads.usage.size > 0);
}

/** Everything that the events name, read at once. */
async function lookUp(
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
  const subscriptions = told.flatMap((one) => statesIn(one));
  const addOns = subscriptions.flatMap((state) =>
    state.addOns.flatMap(({ addOn, version }) => (version === undefined ? [] : [{ addOn, version }])),
  );
  return {
    customerId: row.id,
    subject: row.subject,
    planVersion: await planVersionsOf(db, transaction, subscriptions),
    addOnVersion: await addOnVersionsOf(db, transaction, addOns),
    grants: await grantsOf(transaction, row.id),
    releases,
    release,
  };
}

function statesIn(told: EventData) {
  if (told.kind !== 'SUBSCRIPTION') return [];
  const { before, after } = told.data;
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

/** Of a grant nothing but its status ever changes. */
async function grantsOf(transaction: Transaction, customerId: CustomerId): Promise<Map<string, Grant>> {
  const rows = await transaction.query<GrantRow>({
    text: `select ${GRANT_COLUMNS} from entitlement_grant g where g.tenant_id = $1 and g.customer_id = $2
           order by g.created_at desc, g.id limit 1000`,
    values: [transaction.tenantId, customerId],
  });
  return new Map(rows.map((row) => [row.id, grantFromRow(row)]));
}
