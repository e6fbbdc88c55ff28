import { askedReads, type CustomerId, type Instant, isPrepaid, type Release, type Seat } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction, Writes } from '../connection/transaction.js';
import { readHead } from '../event-log/head.js';
import { loadAccounts, lockCustomers } from '../repositories/accounts.js';
import { readBlocks } from '../repositories/credit-blocks.js';
import type { MeterKey } from '../repositories/meters.js';
import { readSeats } from '../repositories/seats.js';
import { publishedRelease } from '../repositories/releases.js';
import type { Answer } from './answer.js';
import { Batch, type Decided, type Ground } from './batch.js';
import { type LockedMeters, lockMeters } from './counter-rows.js';
import { type HoldId, type LockedHold, readHolds } from './hold-rows.js';
import { type KeptAccount, type KeptAccounts, keepable } from './kept-account.js';
import { type KeptOperation, keptOperations } from './operations.js';
import { pastWindows } from './past-windows.js';
import { type Asked, isSeatRequest, type QueuedRequest, settles } from './request.js';
import type { KnownReservations } from './known-reservations.js';
import { neededSeatsIn, seatKeysIn } from './seats.js';
import { countsAt, isGone, type LockedHolds } from './settlement.js';
import { tellThresholds } from './thresholds.js';

/** What a process keeps between batches. The rows that a batch locks and writes tell whether it is true. */
export interface Remembered {
  readonly accounts: KeptAccounts;
  readonly reservations: KnownReservations;
}

/**
 * Decides a batch on what is read under the locks of its counters, and says what to write. In the usual case that
 * takes one round trip: entitlements are remembered, and the locked rows tell whether what is remembered is true.
 */
export async function attempt(
  db: Database,
  { accounts, reservations: remembered }: Remembered,
  transaction: Transaction,
  asked: readonly Asked[],
  kept: ReadonlyMap<string, KeptOperation>,
): Promise<Writes<Decided>> {
  const { tenantId } = transaction;
  const meters = metersOf(asked);
  const keys = [...meters.values()];
  const settling = settledIn(asked, (id) => remembered.remembered(tenantId, id));
  // The head is read in a statement after the lock: a verdict never rests on what was there before the wait.
  const [, locked, head, read, seats] = await Promise.all([
    lockReserving(transaction, asked),
    lockMeters(transaction, keys),
    readHead(transaction),
    readHolds(transaction, settling.unknown),
    readSeats(transaction, seatKeysIn(asked)),
  ]);
  const holds = await standing(transaction, settling.known, read, locked.clock);
  const release = await publishedRelease(db, transaction, head.rulesVersion);
  const past = await pastWindows(transaction, asked, keys, locked, ({ request }) => countsAt(request, holds));
  const known = await accountsOf({ db, accounts, transaction, release, keys, locked });
  const blocks = await readBlocks(transaction, prepaidIn(keys, release));
  const needed = await readSeats(transaction, neededSeatsIn(asked, holds, { release, clock: locked.clock }));
  const ground: Ground = {
    tenantId,
    release,
    rulesVersion: head.rulesVersion,
    meters,
    locked,
    accounts: known,
    kept: await withSettled(transaction, asked, holds, kept),
    past,
    holds,
    blocks,
    seats: bothSeats(seats, needed),
    seen: head.revision,
  };
  const decided = new Batch(ground).decide(asked);
  const all = await keptOfDenied(transaction, asked, decided.value.answers, ground.kept);
  const last = all.size === ground.kept.size ? decided : new Batch({ ...ground, kept: all }).decide(asked);
  return tellThresholds(transaction, last, locked.clock);
}

/** A reservation, a lease, or a seat that frees itself, is a due time of its customer, whose row is locked before any counter. */
async function lockReserving(transaction: Transaction, asked: readonly Asked[]): Promise<void> {
  const ids = new Set<CustomerId>();
  for (const { request, meter } of asked)
    if (meter && (setsDueTime(request) || isSeatRequest(request))) ids.add(meter.customerId);
  if (ids.size > 0) await lockCustomers(transaction, [...ids]);
}

function setsDueTime({ kind }: QueuedRequest): boolean {
  return kind === 'reserve' || kind === 'lend';
}

/** By `meterId`, each seat once. */
function bothSeats(
  own: ReadonlyMap<string, readonly Seat[]>,
  needed: ReadonlyMap<string, readonly Seat[]>,
): ReadonlyMap<string, readonly Seat[]> {
  if (needed.size === 0) return own;
  const both = new Map(own);
  for (const [pool, seats] of needed) {
    const known = own.get(pool) ?? [];
    both.set(pool, [...known, ...seats.filter(({ id }) => !known.some((one) => one.id === id))]);
  }
  return both;
}

/** Only these have blocks; a feature never becomes prepaid, nor ceases to be. */
function prepaidIn(keys: readonly MeterKey[], { catalog }: Release): MeterKey[] {
  return keys.filter(({ feature: key }) => {
    const feature = catalog.features.get(key);
    return feature !== undefined && isPrepaid(feature);
  });
}

interface Settling {
  readonly known: readonly LockedHold[];
  readonly unknown: readonly HoldId[];
}

function settledIn(asked: readonly Asked[], remembered: (id: HoldId) => LockedHold | undefined): Settling {
  const known: LockedHold[] = [];
  const unknown: HoldId[] = [];
  for (const { request } of asked) {
    if (!settles(request)) continue;
    const reservation = remembered(request.idempotencyKey);
    if (reservation) known.push(reservation);
    else unknown.push(request.idempotencyKey);
  }
  return { known, unknown };
}

/**
 * What is remembered is as it was made: settling it, the row has the last word. Where its time is over that is asked
 * before, because somebody may have written it down.
 */
async function standing(
  transaction: Transaction,
  known: readonly LockedHold[],
  read: LockedHolds,
  clock: Instant,
): Promise<LockedHolds> {
  const over = known.filter(({ expiresAt }) => expiresAt <= clock).map(({ id }) => id);
  const all = new Map(read);
  for (const one of known) all.set(one.id, one);
  for (const id of over) all.delete(id);
  for (const [id, one] of await readHolds(transaction, over)) all.set(id, one);
  return all;
}

/** With the first settlements of reservations and leases that are gone. */
async function withSettled(
  transaction: Transaction,
  asked: readonly Asked[],
  holds: LockedHolds,
  kept: ReadonlyMap<string, KeptOperation>,
): Promise<ReadonlyMap<string, KeptOperation>> {
  const settled = asked.filter(({ request }) => isGone(request, holds));
  if (settled.length === 0) return kept;
  return new Map([...kept, ...(await keptOperations(transaction, settled))]);
}

/** Each counter once, by its name. */
function metersOf(asked: readonly Asked[]): ReadonlyMap<string, MeterKey> {
  const keys = new Map<string, MeterKey>();
  for (const { meter, meterId } of asked) if (meter) keys.set(meterId, meter);
  return keys;
}

interface Wanted {
  readonly db: Database;
  readonly accounts: KeptAccounts;
  readonly transaction: Transaction;
  readonly release: Release;
  readonly keys: readonly MeterKey[];
  readonly locked: LockedMeters;
}

/** Remembered accounts that their locked counters vouch for; the others are loaded, after the lock. By place in `keys`. */
async function accountsOf(wanted: Wanted): Promise<(KeptAccount | undefined)[]> {
  const { db, accounts, transaction, release, keys, locked } = wanted;
  const { tenantId } = transaction;
  const unknown = new Set<CustomerId>();
  const known = keys.map((key, place) => {
    const account = accounts.get(tenantId, key.customerId);
    const isGood =
      account !== undefined &&
      account.version === locked.meters[place]?.stateVersion &&
      account.state.release === release &&
      !readsOtherCounters(account, release, key);
    if (isGood) return account;
    unknown.add(key.customerId);
    return undefined;
  });
  if (unknown.size === 0) return known;
  const stored = (await loadAccounts(db, transaction, [...unknown], { held: release })).accounts;
  const loaded = new Map([...stored].map(([customerId, one]) => [customerId, keepable(one, release)]));
  for (const [customerId, account] of loaded) accounts.keep(tenantId, customerId, account);
  // One account for all counters of a customer: spends move it in place.
  return keys.map(({ customerId }, place) =>
    unknown.has(customerId) ? loaded.get(customerId) : known[place],
  );
}

/** Whether rules ask for counters that the batch has not locked: those are read after the lock, whatever is remembered. */
function readsOtherCounters(account: KeptAccount, release: Release, { feature }: MeterKey): boolean {
  const compiled = account.state.compiled.get(feature);
  if (compiled !== undefined && compiled.kind !== 'ASKED') return false;
  const reads = compiled?.reads ?? askedReads(account.state.account, release, feature);
  return reads !== null && [...reads.usage].some((read) => read !== feature);
}

/**
 * A granted request learns from its insert whether its key was used before. A denied one inserts nothing, so its
 * key is looked up: what was granted once is not denied the second time.
 */
async function keptOfDenied(
  transaction: Transaction,
  asked: readonly Asked[],
  answers: readonly Answer[],
  kept: ReadonlyMap<string, KeptOperation>,
): Promise<ReadonlyMap<string, KeptOperation>> {
  const denied = asked.filter(({ request }, index) => !isSeatRequest(request) && isDenied(answers[index]));
  if (denied.length === 0) return kept;
  return new Map([...kept, ...(await keptOperations(transaction, denied))]);
}

function isDenied(answer: Answer | undefined): boolean {
  return answer?.ok === true && !answer.verdict.decision.allowed;
}
