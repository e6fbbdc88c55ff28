import { askedReads, type CustomerId, isPrepaid, type Release, type ReservationId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { Transaction, Writes } from '../connection/transaction.js';
import { readHead } from '../event-log/head.js';
import { loadAccounts, lockCustomers } from '../repositories/accounts.js';
import { readBlocks } from '../repositories/credit-blocks.js';
import type { MeterKey } from '../repositories/meters.js';
import { readSeats } from '../repositories/seats.js';
import { publishedRelease } from '../repositories/releases.js';
import { type Answer, Batch, type Decided, type Ground } from './batch.js';
import { type LockedMeters, lockMeters } from './counter-rows.js';
import { type KeptAccount, type KeptAccounts, keepable } from './kept-account.js';
import { type KeptOperation, keptOperations } from './operations.js';
import { pastWindows } from './past-windows.js';
import { type Asked, isSeatRequest, settles } from './request.js';
import { seatKeysIn } from './seats.js';
import { readReservations } from './reservations.js';
import { countsAt, isSettled, type LockedReservations } from './settlement.js';
import { tellThresholds } from './thresholds.js';

/**
 * Decides a batch on what is read under the locks of its counters, and says what to write. In the usual case that
 * takes one round trip: entitlements are remembered, and the locked rows tell whether what is remembered is true.
 */
export async function attempt(
  db: Database,
  accounts: KeptAccounts,
  transaction: Transaction,
  asked: readonly Asked[],
  kept: ReadonlyMap<string, KeptOperation>,
): Promise<Writes<Decided>> {
  const { tenantId } = transaction;
  const keys = meterKeys(asked);
  // The head is read in a statement after the lock: a verdict never rests on what was there before the wait.
  const [, locked, head, reservations, seats] = await Promise.all([
    lockReserving(transaction, asked),
    lockMeters(transaction, keys),
    readHead(transaction),
    readReservations(transaction, settledIn(asked)),
    readSeats(transaction, seatKeysIn(asked)),
  ]);
  const release = await publishedRelease(db, transaction, head.rulesVersion);
  const past = await pastWindows(transaction, asked, keys, locked, ({ request }) =>
    countsAt(request, reservations),
  );
  const known = await accountsOf({ db, accounts, transaction, release, keys, locked });
  const blocks = await readBlocks(transaction, prepaidIn(keys, release));
  const ground: Ground = {
    tenantId,
    release,
    rulesVersion: head.rulesVersion,
    keys,
    locked,
    accounts: known,
    kept: await withSettled(transaction, asked, reservations, kept),
    past,
    reservations,
    blocks,
    seats,
    seen: head.revision,
  };
  const decided = new Batch(ground).decide(asked);
  const all = await keptOfDenied(transaction, asked, decided.value.answers, ground.kept);
  const last = all.size === ground.kept.size ? decided : new Batch({ ...ground, kept: all }).decide(asked);
  return tellThresholds(transaction, last, locked.clock);
}

/** A reservation, or a seat that frees itself, is a due time of its customer, whose row is locked before any counter. */
async function lockReserving(transaction: Transaction, asked: readonly Asked[]): Promise<void> {
  const ids = new Set<CustomerId>();
  for (const { request, meter } of asked)
    if (meter && (request.kind === 'reserve' || isSeatRequest(request))) ids.add(meter.customerId);
  if (ids.size > 0) await lockCustomers(transaction, [...ids]);
}

/** Only these have blocks; a feature never becomes prepaid, nor ceases to be. */
function prepaidIn(keys: readonly MeterKey[], { catalog }: Release): MeterKey[] {
  return keys.filter(({ feature: key }) => {
    const feature = catalog.features.get(key);
    return feature !== undefined && isPrepaid(feature);
  });
}

function settledIn(asked: readonly Asked[]): ReservationId[] {
  return asked.flatMap(({ request }) => (settles(request) ? [request.idempotencyKey] : []));
}

/** With the first settlements of reservations that are settled already. */
async function withSettled(
  transaction: Transaction,
  asked: readonly Asked[],
  reservations: LockedReservations,
  kept: ReadonlyMap<string, KeptOperation>,
): Promise<ReadonlyMap<string, KeptOperation>> {
  const settled = asked.filter(({ request }) => isSettled(request, reservations));
  if (settled.length === 0) return kept;
  return new Map([...kept, ...(await keptOperations(transaction, settled))]);
}

function meterKeys(asked: readonly Asked[]): MeterKey[] {
  const keys = new Map<string, MeterKey>();
  for (const { meter, meterId } of asked) if (meter) keys.set(meterId, meter);
  return [...keys.values()];
}

interface Wanted {
  readonly db: Database;
  readonly accounts: KeptAccounts;
  readonly transaction: Transaction;
  readonly release: Release;
  readonly keys: readonly MeterKey[];
  readonly locked: LockedMeters;
}

/** Remembered accounts that a locked counter vouches for; the others are loaded, after the lock. */
async function accountsOf(wanted: Wanted): Promise<Map<CustomerId, KeptAccount>> {
  const { db, accounts, transaction, release, keys, locked } = wanted;
  const { tenantId } = transaction;
  const versions = new Map<CustomerId, number | undefined>();
  const rereading = new Set<CustomerId>();
  keys.forEach((key, place) => {
    const { customerId } = key;
    const version = locked.meters[place]?.stateVersion;
    if (version !== undefined || !versions.has(customerId)) versions.set(customerId, version);
    if (readsOtherCounters(accounts.get(tenantId, customerId), release, key)) rereading.add(customerId);
  });
  const known = new Map<CustomerId, KeptAccount>();
  const unknown: CustomerId[] = [];
  for (const [customerId, version] of versions) {
    const account = accounts.get(tenantId, customerId);
    const isGood = account?.version === version && account?.state.release === release;
    if (account && isGood && !rereading.has(customerId)) known.set(customerId, account);
    else unknown.push(customerId);
  }
  if (unknown.length === 0) return known;
  const loaded = await loadAccounts(db, transaction, unknown, { held: release });
  for (const [customerId, stored] of loaded.accounts) {
    const account = keepable(stored, release);
    known.set(customerId, account);
    accounts.keep(tenantId, customerId, account);
  }
  return known;
}

/** Whether rules ask for counters that the batch has not locked: those are read after the lock, whatever is remembered. */
function readsOtherCounters(
  account: KeptAccount | undefined,
  release: Release,
  { feature }: MeterKey,
): boolean {
  if (account === undefined) return false;
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
