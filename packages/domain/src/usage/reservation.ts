import { creditsOf, withCredits } from '../credits/change-blocks.js';
import type { CreditHold } from '../credits/credit-block.js';
import { spendCredits } from '../credits/spend-credits.js';
import type { CustomerAccount } from '../customer.js';
import type { FeatureKey, ReservationId } from '../ids.js';
import type { AccountChange } from '../subscription/command.js';
import { instant, type Instant, type IsoDuration, parseTimeZone, type TimeZone } from '../time/instant.js';
import { addDuration } from '../time/calendar.js';
import type { Meter } from './meter.js';

/** Units that are held until they are committed, released, or time frees them; docs/rules.md, "Spending". */
export interface Reservation {
  readonly id: ReservationId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly expiresAt: Instant;
  /** Of the window in which it was made, and in which it counts; null: a level has none. */
  readonly windowStart: Instant | null;
  /** The credit blocks that it holds; none where the feature is not prepaid. */
  readonly holds: readonly CreditHold[];
}

/** When a reservation made at `at` expires; null: `ttl` is nothing, or more than a day. A day has 24 hours here. */
export function reservedUntil(at: Instant, ttl: IsoDuration): Instant | null {
  const length = millisecondsIn(ttl);
  return length > 0 && length <= MOST ? instant(at + length) : null;
}

const LENGTHS = new Map<IsoDuration, number>();
const MOST_LENGTHS = 1000;

/** Exact for what lasts a day at most; what has longer units is longer, whenever it begins. Few are asked for, often. */
function millisecondsIn(ttl: IsoDuration): number {
  const known = LENGTHS.get(ttl);
  if (known !== undefined) return known;
  const length = addDuration(EPOCH, ttl, UTC) - EPOCH;
  if (LENGTHS.size >= MOST_LENGTHS) LENGTHS.clear();
  LENGTHS.set(ttl, length);
  return length;
}

/** Whether the counter's window is the one in which the reservation was made: it then counts in `reserved`. */
export function isHeldIn({ window }: Meter, { windowStart }: Pick<Reservation, 'windowStart'>): boolean {
  return (window?.start ?? null) === windowStart;
}

/** Its time is over, and nobody has settled it: the units are free again. */
export function expireReservation(account: CustomerAccount, expired: Reservation): AccountChange {
  const reservations = account.reservations.filter(({ id }) => id !== expired.id);
  const told = { type: 'usage.reservation_expired', at: expired.expiresAt, reservation: expired } as const;
  const meter = account.meters.get(expired.feature);
  if (meter === undefined || !isHeldIn(meter, expired))
    return { account: { ...account, reservations }, events: [{ ...told, reserved: null }] };
  const next = reservations.find((one) => one.feature === meter.feature && isHeldIn(meter, one));
  const reserved = Math.max(0, meter.reserved - expired.quantity);
  const freed: Meter = { ...meter, reserved, freesAt: next?.expiresAt ?? null };
  const meters = new Map(account.meters).set(meter.feature, freed);
  return {
    account: withoutHolds({ ...account, meters, reservations }, expired),
    events: [{ ...told, reserved }],
  };
}

function withoutHolds(account: CustomerAccount, { feature, holds }: Reservation): CustomerAccount {
  if (holds.length === 0) return account;
  const freed = spendCredits(creditsOf(account, feature), { kind: 'free', quantity: 0 }, holds);
  return withCredits(account, feature, freed);
}

/** What time has freed until `at`, whoever writes it down. */
export function withoutExpired(account: CustomerAccount, at: Instant): CustomerAccount {
  let current = account;
  for (const reservation of account.reservations)
    if (reservation.expiresAt <= at) current = expireReservation(current, reservation).account;
  return current;
}

/**
 * The account as it is kept in memory: of its reservations nothing but their sum, in the counters. Spends move that, and
 * tell no more; when time may free some (`freesAt`) the account is read again. `withoutExpired` has been asked before.
 */
export function withoutReservations(account: CustomerAccount): CustomerAccount {
  return account.reservations.length === 0 ? account : { ...account, reservations: [] };
}

/** The first instant at which time may free units of any counter; null: nothing is held. */
export function freesAt({ meters }: CustomerAccount): Instant | null {
  let first: Instant | null = null;
  for (const meter of meters.values())
    if (meter.freesAt !== null && (first === null || meter.freesAt < first)) first = meter.freesAt;
  return first;
}

const MOST = 86_400_000;
const EPOCH = instant(0);
const UTC = utc();

function utc(): TimeZone {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  return zone;
}
