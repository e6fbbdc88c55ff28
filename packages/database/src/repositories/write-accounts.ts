import { isDeepStrictEqual } from 'node:util';
import {
  type AccountChange,
  ceilingOf,
  type CustomerAccount,
  type CustomerEvent,
  type Grant,
  type Instant,
  type License,
  type Machine,
  nextDue,
  type QuotaLease,
  type Release,
  type Reservation,
  type Subscription,
  type TenantId,
  thresholdText,
} from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import type { Actor, NewEvent } from '../event-log/append.js';
import { textArray } from '../mapping/array-literal.js';
import type { OwnedBlock } from '../mapping/credit-block.js';
import type { StoredLicense } from '../mapping/license.js';
import type { OwnedMachine } from '../mapping/machine.js';
import {
  type ClosedWindow,
  type CustomerChange,
  DELETE_MACHINES,
  EXPIRE_RESERVATIONS,
  FORGET_THRESHOLDS,
  INSERT_BLOCKS,
  INSERT_METERS,
  INSERT_SUBSCRIPTIONS,
  INSERT_WINDOWS,
  type MeterChange,
  TELL_THRESHOLDS,
  type ToldThreshold,
  UPDATE_BLOCKS,
  UPDATE_CUSTOMERS,
  UPDATE_GRANTS,
  UPDATE_LICENSES,
  UPDATE_METERS,
  UPDATE_SUBSCRIPTIONS,
  WRITE_MACHINES,
  writeRows,
} from './account-rows.js';
import type { StoredAccount } from './accounts.js';
import { assertRules } from './releases.js';
import { type SeatChange, seatStatements } from './seats.js';
import { type Cause, customerEvent } from './told-of.js';

/** One customer before and after a command or the passing of time. */
export interface AccountUpdate {
  readonly before: StoredAccount;
  readonly after: CustomerAccount;
  readonly events: readonly CustomerEvent[];
}

/** The last before the events: set-based statements that make the rows say what the accounts say; as many for a thousand customers as for one. */
export function accountStatements(
  tenantId: TenantId,
  updates: readonly AccountUpdate[],
  release: Release,
  clock: Instant,
): Statement[] {
  const closed = updates.flatMap(closedWindows);
  const meters = updates.flatMap((update) => meterChanges(update, release, clock));
  return [
    writeRows(tenantId, INSERT_SUBSCRIPTIONS, updates.flatMap(newSubscriptions)),
    writeRows(tenantId, UPDATE_SUBSCRIPTIONS, updates.flatMap(changedSubscriptions)),
    writeRows(tenantId, UPDATE_LICENSES, updates.flatMap(changedLicenses)),
    // First: the fingerprint of a machine that goes may be another's from now on.
    writeRows(tenantId, DELETE_MACHINES, updates.flatMap(removedMachines)),
    writeRows(tenantId, WRITE_MACHINES, updates.flatMap(changedMachines)),
    writeRows(tenantId, UPDATE_GRANTS, updates.flatMap(changedGrants)),
    writeRows(
      tenantId,
      UPDATE_CUSTOMERS,
      updates.map((update) => customerChange(update, release, clock)),
    ),
    writeRows(
      tenantId,
      UPDATE_METERS,
      meters.filter(({ isNew }) => !isNew),
    ),
    writeRows(
      tenantId,
      INSERT_METERS,
      meters.filter(({ isNew }) => isNew),
    ),
    writeRows(tenantId, INSERT_BLOCKS, updates.flatMap(newBlocks)),
    writeRows(tenantId, UPDATE_BLOCKS, updates.flatMap(changedBlocks)),
    seatStatements(tenantId, updates.flatMap(seatChanges)),
    writeRows(tenantId, EXPIRE_RESERVATIONS, updates.flatMap(expiredHolds)),
    writeRows(tenantId, INSERT_WINDOWS, closed),
    writeRows(tenantId, TELL_THRESHOLDS, updates.flatMap(toldThresholds)),
    // Last: those of windows that are closed with them, too.
    writeRows(tenantId, FORGET_THRESHOLDS, closed),
    assertRules(release, tenantId),
  ].flat();
}

function newSubscriptions({ before, after }: AccountUpdate): readonly Subscription[] {
  const known = before.written.subscriptions;
  return after.subscriptions.filter(({ id }) => !known.some((one) => one.id === id));
}

function changedSubscriptions({ before, after }: AccountUpdate): readonly Subscription[] {
  const known = before.written.subscriptions;
  return after.subscriptions.filter((now) => known.some((one) => one.id === now.id && one !== now));
}

/** Time and callers change nothing but the status. A new grant is written by the command that makes it. */
function changedGrants({ before, after }: AccountUpdate): readonly Grant[] {
  const known = before.written.grants;
  return after.grants.filter((now) => known.some((one) => one.id === now.id && one.status !== now.status));
}

/** A new licence is written by the command that issues it. */
function changedLicenses({ before, after }: AccountUpdate): readonly Pick<StoredLicense, 'license'>[] {
  const known = before.written.licenses;
  return after.licenses
    .filter((now) => known.some((one) => one.id === now.id && isOtherRow(now, one)))
    .map((license) => ({ license }));
}

/** Machines are rows of their own, and change far more often. */
function isOtherRow(now: License, before: License): boolean {
  return now !== before && !isDeepStrictEqual({ ...now, machines: [] }, { ...before, machines: [] });
}

function changedMachines({ before, after }: AccountUpdate): OwnedMachine[] {
  return machinesOf(after, before.written, (others) => {
    const known = new Set(others);
    return (machine) => !known.has(machine);
  });
}

function removedMachines({ before, after }: AccountUpdate): OwnedMachine[] {
  return machinesOf(before.written, after, (others) => {
    const left = new Set(others.map(({ id }) => id));
    return ({ id }) => !left.has(id);
  });
}

/** Of licences that the two hold differently: those machines of the first that are wanted beside the second's. */
function machinesOf(
  one: CustomerAccount,
  other: CustomerAccount,
  wantedBeside: (others: readonly Machine[]) => (machine: Machine) => boolean,
): OwnedMachine[] {
  return one.licenses.flatMap(({ id, machines }) => {
    const others = other.licenses.find((license) => license.id === id)?.machines ?? [];
    if (machines === others) return [];
    return machines.filter(wantedBeside(others)).map((machine) => ({ licenseId: id, machine }));
  });
}

function newBlocks({ before, after }: AccountUpdate): OwnedBlock[] {
  const known = before.written.blocks;
  return ownedBlocks(after).filter(({ block }) => !known.some(({ id }) => id === block.id));
}

function changedBlocks({ before, after }: AccountUpdate): OwnedBlock[] {
  const known = before.written.blocks;
  return ownedBlocks(after).filter(({ block }) => known.some((one) => one.id === block.id && one !== block));
}

function ownedBlocks({ id: customerId, blocks }: CustomerAccount): OwnedBlock[] {
  return blocks.map((block) => ({ block, customerId }));
}

/** What does not change is not sent. */
function customerChange({ before, after }: AccountUpdate, release: Release, clock: Instant): CustomerChange {
  const { trialsGiven, windowAnchors } = after;
  return {
    id: after.id,
    trialFamilies: trialsGiven === before.written.trialsGiven ? undefined : [...trialsGiven],
    windowAnchors:
      windowAnchors === before.written.windowAnchors ? undefined : Object.fromEntries(windowAnchors),
    nextDueAt: nextDueOf(after, release, clock),
    turnedUntil: clock,
    rulesVersion: release.publication.version,
  };
}

/** The earliest of all that is due, and of the ends of running windows: a counter may be used without this row's lock. */
function nextDueOf(account: CustomerAccount, release: Release, clock: Instant): Instant | null {
  let next = nextDue({ ...account, turnedUntil: clock }, release);
  for (const { window } of account.meters.values()) {
    if (window !== null && window.end > clock && (next === null || window.end < next)) next = window.end;
  }
  return next;
}

function meterChanges(
  { before, after }: AccountUpdate,
  release: Release,
  clock: Instant,
): (MeterChange & { readonly isNew: boolean })[] {
  return [...after.meters.values()].map((meter) => ({
    customerId: after.id,
    meter,
    isNew: !before.written.meters.has(meter.feature),
    ceiling: ceilingOf(after, release, meter.feature, clock),
    stateVersion: before.row.version + 1,
    rulesVersion: release.publication.version,
  }));
}

/** Time and changes of plan take seats away, licence files borrow them. */
function seatChanges({ before, after }: AccountUpdate): SeatChange[] {
  const { seats } = before.written;
  if (seats === after.seats) return [];
  const known = new Map(seats.map((seat) => [seat.id, seat]));
  const kept = new Set(after.seats.map(({ id }) => id));
  const customerId = after.id;
  return [
    ...seats.flatMap((seat) => (kept.has(seat.id) ? [] : [{ customerId, before: seat, after: null }])),
    ...after.seats.map((seat) => ({ customerId, before: known.get(seat.id) ?? null, after: seat })),
  ];
}

function expiredHolds({ events }: AccountUpdate): (Reservation | QuotaLease)[] {
  return events.flatMap((event): (Reservation | QuotaLease)[] => {
    if (event.type === 'usage.reservation_expired') return [event.reservation];
    return event.type === 'quota.expired' ? [event.lease] : [];
  });
}

function toldThresholds({ after, events }: AccountUpdate): ToldThreshold[] {
  return events.flatMap((event) => {
    if (event.type !== 'usage.threshold_reached' || event.window === null) return [];
    const { feature, threshold, window } = event;
    const windowStart = window.start;
    return [{ customerId: after.id, feature, windowStart, threshold: thresholdText(threshold) }];
  });
}

function closedWindows({ after, events }: AccountUpdate): ClosedWindow[] {
  return events.flatMap((event) => {
    if (event.type !== 'usage.window_closed') return [];
    const { feature, window, used } = event;
    return [{ customerId: after.id, feature, window, used }];
  });
}

/** Locks the counters of these customers in key order, after the customers themselves. */
export function lockMetersOf(tenantId: TenantId, customerIds: readonly string[]): Statement {
  return {
    name: 'lock-meters-of',
    text: `select 1 from meter where tenant_id = $1 and customer_id = any($2) order by customer_id, feature for update`,
    values: [tenantId, textArray(customerIds)],
  };
}

/** What happened to a customer, as entries of the log. */
export function accountEvents({ before, events }: AccountUpdate, by: Cause, recordedAt: Instant): NewEvent[] {
  const customer = { id: before.row.id, subject: before.row.subject };
  return events.map((event) => customerEvent(event, customer, by, recordedAt));
}

/**
 * What time has done to a customer, and what was asked then: both in one write, and each with its own cause in the log.
 */
export function changeAfterDue(
  before: StoredAccount,
  due: AccountChange,
  asked: AccountChange,
  by: Cause,
  clock: Instant,
): { readonly update: AccountUpdate; readonly events: readonly NewEvent[] } {
  const passed = [...before.overdue, ...due.events];
  const time: Cause = { actor: TIME, reason: null, requestId: by.requestId };
  return {
    update: { before, after: asked.account, events: [...passed, ...asked.events] },
    events: [
      ...accountEvents({ before, after: due.account, events: passed }, time, clock),
      ...accountEvents({ before, after: asked.account, events: asked.events }, by, clock),
    ],
  };
}

/** The worker, and whoever else writes down what time has done. */
export const TIME: Actor = { kind: 'WORKER', id: 'transitions', name: null };
