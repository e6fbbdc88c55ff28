import {
  type Answered,
  askedReads,
  type CheckRequest,
  type CreditBlock,
  type CustomerId,
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
import type { Revision } from '../event-log/revision.js';
import { blockFromRow, CREDIT_BLOCK_COLUMNS, type CreditBlockRow } from '../mapping/credit-block.js';
import { grantFromRow, type GrantRow } from '../mapping/grant.js';
import { loadAccounts, type StoredAccount } from '../repositories/accounts.js';
import { addOnVersionsOf } from '../repositories/add-on-versions.js';
import { GRANT_COLUMNS } from '../repositories/grants.js';
import { planVersionIn } from '../repositories/release-cache.js';
import { catalogsByNumber, mustHave, publishedRelease } from '../repositories/releases.js';
import { readEventData } from './event-data.js';
import { isTouchedAfter, pastEvents } from './past-events.js';
import { type PastLookup, undoable } from './undo.js';

/** Answers that a customer is given. */
export interface AnswersNow {
  readonly customerId: CustomerId;
  readonly answers: readonly AnswerNow[];
  /** Whether another limit is another answer, too. */
  readonly withLimit: boolean;
}

export interface AnswerNow {
  readonly request: CheckRequest;
  readonly decision: Answered['decision'];
}

/** An event, and by which name the log tells of the customer. */
export interface TurningEvent {
  readonly event: StoredEvent;
  readonly subject: string;
}

/**
 * For each answer the event after which it became what it is; null: it cannot be told from what the log holds, or not
 * from the events that are looked at. See `turnedBy`.
 */
export function answersSince(
  db: Database,
  tenantId: TenantId,
  asked: AnswersNow,
): Promise<(TurningEvent | null)[]> {
  return readTransaction(db, tenantId, (transaction) => since(db, transaction, asked));
}

/** As `answersSince`, of answers that something after `after` has turned; all null where that touches nobody's answers. */
export function answersTurnedAfter(
  db: Database,
  tenantId: TenantId,
  asked: AnswersNow & { readonly subject: string; readonly after: Revision },
): Promise<(TurningEvent | null)[]> {
  return readTransaction(db, tenantId, async (transaction) => {
    const touched = await isTouchedAfter(
      transaction,
      { id: asked.customerId, subject: asked.subject },
      asked.after,
    );
    return touched ? since(db, transaction, asked) : asked.answers.map(() => null);
  });
}

async function since(
  db: Database,
  transaction: Transaction,
  { customerId, answers, withLimit }: AnswersNow,
): Promise<(TurningEvent | null)[]> {
  const { rulesVersion, clock } = await readHead(transaction);
  const { release, accounts } = await loadAccounts(db, transaction, [customerId], {
    live: Promise.resolve(rulesVersion),
  });
  const stored = accounts.get(customerId);
  if (stored === undefined) return answers.map(() => null);
  const counted = answers.map(({ request }) => countsUsage(stored, release, request.feature));
  const events = await pastEvents(transaction, stored.row, counted.includes(true));
  const lookup = await lookUp(db, transaction, stored, release, events);
  const undo = undoable(events, lookup);
  const past = [...lookup.releases.values()];
  return answers.map(({ request, decision }, index) => {
    // A release that counted where this one does not would need the usage, too.
    if (counted[index] !== true && past.some((former) => countsUsage(stored, former, request.feature)))
      return null;
    const place = turnedBy(
      { account: stored.written, release, request, decision, withLimit, now: clock },
      undo,
    );
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
