import {
  type CreditBlockId,
  type CustomerAccount,
  type CustomerEvent,
  type CustomerId,
  type GrantId,
  type Instant,
  instant,
  type LicenseId,
  passReleases,
  type Release,
  type Subscription,
  type SubscriptionId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Statement, Transaction } from '../connection/transaction.js';
import { textArray } from '../mapping/array-literal.js';
import { blockFromRow, CREDIT_BLOCK_COLUMNS, type CreditBlockRow } from '../mapping/credit-block.js';
import { grantFromRow, type GrantRow } from '../mapping/grant.js';
import { groupBy } from '../mapping/group-by.js';
import type { LicenseRow } from '../mapping/license.js';
import { mapOf } from '../mapping/map-of.js';
import {
  accountFromRows,
  type CustomerRow,
  type MeterRow,
  type ReservationRow,
  timeZoneInForce,
} from '../mapping/account.js';
import { SEAT_COLUMNS, seatFromRow, type SeatRow } from '../mapping/seat.js';
import { subscriptionFromRow, type SubscriptionRow, type VersionLookup } from '../mapping/subscription.js';
import { addOnVersionsOf } from './add-on-versions.js';
import { releasesSince } from './former-releases.js';
import { GRANT_COLUMNS } from './grants.js';
import {
  BEATING_MACHINES,
  LICENSE_COLUMNS,
  LICENSE_MACHINES,
  LICENSE_TABLES,
  licensesFromRows,
} from './license-rows.js';
import { planVersionIn } from './release-cache.js';
import { catalogsByNumber, mustHave, publishedRelease, rulesVersion } from './releases.js';

/** A customer's account with what only the database knows of it. */
export interface StoredAccount {
  readonly row: CustomerRow;
  /** As the rows say. */
  readonly written: CustomerAccount;
  /** As former releases have left it to the one that decides, and what was due under them and nobody has written yet. */
  readonly account: CustomerAccount;
  readonly overdue: readonly CustomerEvent[];
  /** Of its counters, by feature: each write raises it. */
  readonly meterVersions: ReadonlyMap<string, number>;
}

export interface LoadedAccounts {
  readonly release: Release;
  readonly accounts: ReadonlyMap<CustomerId, StoredAccount>;
}

const SELECT_CUSTOMERS = `
select c.id, c.subject, c.version, c.name, c.attributes, c.time_zone,
       c.trial_families, c.window_anchors, c.next_due_at, c.turned_until, c.created_at, c.rules_version,
       (select min(p.version) from publication p where p.tenant_id = $1 and not p.told_all) as untold_from
from customer c
where c.tenant_id = $1 and c.id = any($2)`;

export const SUBSCRIPTION_COLUMNS = `
s.id, s.customer_id, s.plan, s.plan_version, v.release as plan_release, s.status, s.add_ons, s.quantities, s.started_at,
s.period_anchor, s.period_start, s.period_end, s.trial, s.paid, s.trial_ends_at, s.grace_ends_at, s.last_payment_at,
s.cancel_at, s.change_plan, s.change_plan_version, n.release as change_release, s.change_at, s.ended_at,
s.paused_at, s.resumes_at, s.pause_clock, s.payment_failed, s.change_add_ons, s.change_quantities, s.prorations, s.credits_given, s.seats_released_at,
case when s.moves = '[]' then s.moves else (
  select jsonb_agg(jsonb_build_object('publication', m.publication, 'version', m.version, 'release', mv.release,
    'addOns', m."addOns") order by m.publication)
  from jsonb_to_recordset(s.moves) m(publication int, version int, "addOns" jsonb)
  join plan_version mv on mv.tenant_id = s.tenant_id and mv.plan = s.plan and mv.version = m.version) end as moves`;

export const SUBSCRIPTION_TABLES = `
subscription s
join plan_version v on v.tenant_id = s.tenant_id and v.plan = s.plan and v.version = s.plan_version
left join plan_version n on n.tenant_id = s.tenant_id and n.plan = s.change_plan and n.version = s.change_plan_version`;

/**
 * Ended ones speak for 90 days (docs/rules.md, "Decision codes"), which is told: those that did when the customer was
 * written last, and a little more, for zones and clocks. One that a command names, however long ago.
 */
const SELECT_SUBSCRIPTIONS = `
select ${SUBSCRIPTION_COLUMNS} from ${SUBSCRIPTION_TABLES}
where s.tenant_id = $1 and s.customer_id = any($2) and (s.ended_at is null or s.id = $3
  or s.ended_at > (select c.turned_until from customer c where c.tenant_id = $1 and c.id = s.customer_id) - interval '92 days')
order by s.started_at, s.id`;

/** As of subscriptions: those that have ended speak for 90 days. */
const WANTED_LICENSES = `
where l.tenant_id = $1 and l.customer_id = any($2) and (l.id = $3
  or (l.standing <> 'REVOKED' and l.phase <> 'EXPIRED')
  or case l.standing when 'REVOKED' then l.standing_since else l.ended_at end
    > (select c.turned_until from customer c where c.tenant_id = $1 and c.id = l.customer_id) - interval '92 days')
order by l.created_at, l.id`;

const SELECT_LICENSES = `
select ${LICENSE_COLUMNS}, ${LICENSE_MACHINES} from ${LICENSE_TABLES}${WANTED_LICENSES}`;

const SELECT_BEATING_LICENSES = `
select ${LICENSE_COLUMNS}, b.machines, a.activated, a.places_held from ${LICENSE_TABLES}${BEATING_MACHINES}${WANTED_LICENSES}`;

const SELECT_METERS = `
select customer_id, feature, used, reserved, version, overdrawn, window_start, window_end, nullif(rolled, '[]') as rolled
from meter where tenant_id = $1 and customer_id = any($2)`;

/** Those that hold or will. One that a command names, also when it has ended. */
const SELECT_GRANTS = `
select ${GRANT_COLUMNS} from entitlement_grant g
where g.tenant_id = $1 and g.customer_id = any($2) and (g.status in ('SCHEDULED', 'ACTIVE') or g.id = $3)
order by g.created_at, g.id`;

/** Those that time may free, and leases, with the thresholds that are told in their windows; in the order in which time comes. */
const SELECT_RESERVATIONS = `
select r.kind, r.id, r.customer_id, r.feature, r.quantity, r.expires_at, r.window_start, r.holds, r.file_id,
       case when r.kind = 'LEASE' then (
         select coalesce(json_agg(t.threshold), '[]') from meter_threshold t
         where t.tenant_id = $1 and t.customer_id = r.customer_id and t.feature = r.feature and t.window_start = r.window_start) end as told
from reservation r
where r.tenant_id = $1 and r.customer_id = any($2) and r.status = 'OPEN' order by r.expires_at, r.id`;

/** Those that can be spent or are held. One that a command names, also when it has ended. */
const SELECT_BLOCKS = `
select ${CREDIT_BLOCK_COLUMNS} from credit_block b
where b.tenant_id = $1 and b.customer_id = any($2) and (b.status = 'LIVE' or b.held > 0 or b.id = $3)`;

const SELECT_SEATS = `select ${SEAT_COLUMNS} from seat s where s.tenant_id = $1 and s.customer_id = any($2)`;

/** What is loaded even if it ended long ago. */
export type Named =
  | { readonly subscription: SubscriptionId }
  | { readonly license: LicenseId }
  | { readonly grant: GrantId }
  | { readonly block: CreditBlockId };

/** Machines of the licence that is named; what they do is all that is asked. */
export interface Beating {
  readonly ids: readonly string[];
  readonly fingerprints: readonly string[];
  /** The database's clock, read after the lock. */
  readonly clock: Instant;
}

interface Wanted {
  /** The release that decides; the live one where this is left out. */
  readonly held?: Release;
  /** The live publication's version, where it is being read already. */
  readonly live?: Promise<number>;
  readonly named?: Named | null;
  /** Of machines these alone, and those that time concerns; left out: all. */
  readonly beating?: Beating;
}

/**
 * Accounts as they are now, with the release that decides: a few statements, sent together. Call it in a statement
 * after the lock where a verdict rests on them.
 */
export async function loadAccounts(
  db: Database,
  transaction: Transaction,
  ids: readonly CustomerId[],
  { held, live, named = null, beating }: Wanted = {},
): Promise<LoadedAccounts> {
  const values = [transaction.tenantId, textArray(ids)];
  const [version, customers, subscriptions, licenses, meters, grants, reservations, blocks, seats] =
    await Promise.all([
      held?.publication.version ?? live ?? rulesVersion(transaction),
      transaction.query<CustomerRow>({ name: 'account-customers', text: SELECT_CUSTOMERS, values }),
      transaction.query<SubscriptionRow>({
        name: 'account-subscriptions',
        text: SELECT_SUBSCRIPTIONS,
        values: [...values, named !== null && 'subscription' in named ? named.subscription : null],
      }),
      transaction.query<LicenseRow>(
        licensesOf(values, named !== null && 'license' in named ? named.license : null, beating),
      ),
      transaction.query<MeterRow>({ name: 'account-meters', text: SELECT_METERS, values }),
      transaction.query<GrantRow>({
        name: 'account-grants',
        text: SELECT_GRANTS,
        values: [...values, named !== null && 'grant' in named ? named.grant : null],
      }),
      transaction.query<ReservationRow>({ name: 'account-reservations', text: SELECT_RESERVATIONS, values }),
      transaction.query<CreditBlockRow>({
        name: 'account-credit-blocks',
        text: SELECT_BLOCKS,
        values: [...values, named !== null && 'block' in named ? named.block : null],
      }),
      transaction.query<SeatRow>({ name: 'account-seats', text: SELECT_SEATS, values }),
    ]);
  const release = held ?? (await publishedRelease(db, transaction, version));
  const mapped = groupByCustomer(await subscriptionsFromRows(db, transaction, subscriptions));
  const licensesByCustomer = groupBy(
    (await licensesFromRows(db, transaction, licenses)).map(({ license }) => license),
    ({ customerId }) => customerId,
  );
  const metersOf = groupBy(meters, (row) => row.customer_id);
  const grantsOf = groupBy(grants, (row) => row.customer_id);
  const blocksOf = groupBy(blocks, (row) => row.customer_id);
  const seatsOf = groupBy(seats, (row) => row.customer_id);
  const reservationsOf = groupBy(reservations, (row) => row.customer_id);
  const since = await releasesSince(db, transaction, release, customers);
  const accounts = new Map<CustomerId, StoredAccount>();
  for (const row of customers) {
    const own = metersOf.get(row.id) ?? [];
    const releases = since(row);
    const written = accountFromRows(
      row,
      {
        subscriptions: mapped.get(row.id) ?? [],
        licenses: licensesByCustomer.get(row.id) ?? [],
        meters: own,
        grants: (grantsOf.get(row.id) ?? []).map(grantFromRow),
        reservations: reservationsOf.get(row.id) ?? [],
        blocks: (blocksOf.get(row.id) ?? []).map(blockFromRow),
        seats: (seatsOf.get(row.id) ?? []).map(seatFromRow),
      },
      timeZoneInForce(row, releases[0] ?? release),
    );
    const passed = passReleases(written, releases, (one) => timeZoneInForce(row, one));
    const meterVersions = mapOf(own, (meter) => [meter.feature, meter.version] as const);
    accounts.set(row.id, { row, written, account: passed.account, overdue: passed.events, meterVersions });
  }
  return { release, accounts };
}

function licensesOf(
  values: readonly unknown[],
  named: LicenseId | null,
  beating: Beating | undefined,
): Statement {
  if (beating === undefined)
    return { name: 'account-licenses', text: SELECT_LICENSES, values: [...values, named] };
  const { ids, fingerprints, clock } = beating;
  return {
    name: 'account-licenses-beating',
    text: SELECT_BEATING_LICENSES,
    values: [...values, named, textArray(ids), textArray(fingerprints), new Date(clock)],
  };
}

export function groupByCustomer(subscriptions: readonly Subscription[]): Map<CustomerId, Subscription[]> {
  return groupBy(subscriptions, (subscription) => subscription.customerId);
}

/** Rows as domain values; loads the releases of their plan versions where they are not in memory. */
export async function subscriptionsFromRows(
  db: Database,
  transaction: Transaction,
  rows: readonly SubscriptionRow[],
): Promise<Subscription[]> {
  const numbers = new Set<number>();
  for (const row of rows) {
    numbers.add(row.plan_release);
    if (row.change_release !== null) numbers.add(row.change_release);
    for (const move of row.moves) numbers.add(move.release);
  }
  const addOns = rows.flatMap((row) => [
    ...row.add_ons,
    ...(row.change_add_ons ?? []),
    ...row.moves.flatMap((move) => move.addOns),
  ]);
  const catalogs = await catalogsByNumber(db, transaction, numbers);
  const lookup: VersionLookup = {
    planVersion: (plan, version, release) => planVersionIn(mustHave(catalogs, release), plan, version),
    addOnVersion: await addOnVersionsOf(db, transaction, addOns),
  };
  return rows.map((row) => subscriptionFromRow(row, lookup));
}

interface LockRow {
  readonly ids: CustomerId[];
  readonly clock: Date;
}

/**
 * Locks customers in the order of their ids and reads the database's clock after the wait: a time read in the
 * locking select would be as old as the wait.
 */
export async function lockCustomers(
  transaction: Transaction,
  ids: readonly CustomerId[],
): Promise<{ locked: CustomerId[]; clock: Instant }> {
  const [row] = await transaction.query<LockRow>({
    name: 'lock-customers',
    text: `with l as materialized (
             select id from customer where tenant_id = $1 and id = any($2) order by id for update)
           select coalesce(json_agg(id), '[]') as ids, clock_timestamp() as clock from l`,
    values: [transaction.tenantId, textArray(ids)],
  });
  if (!row) throw new Error('an aggregate without a row');
  return { locked: row.ids, clock: instant(row.clock.getTime()) };
}
