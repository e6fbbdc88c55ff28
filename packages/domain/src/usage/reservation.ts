import { creditsOf, withCredits } from '../credits/change-blocks.js';
import type { CreditHold } from '../credits/credit-block.js';
import { spendCredits } from '../credits/spend-credits.js';
import type { CustomerAccount } from '../customer.js';
import type { FeatureKey, ReservationId } from '../ids.js';
import type { AccountChange } from '../subscription/command.js';
import { instant, type Instant, type IsoDuration } from '../time/instant.js';
import { lengthOf } from '../time/calendar.js';
import { firstToEnd, isHeldIn } from './held.js';
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

/** What is wrong with a `ttl` that `reservedUntil` does not take, and what to give. */
export function wrongTtl(ttl: IsoDuration): string {
  const range = 'a `ttl` lasts from a millisecond to a day';
  return millisecondsIn(ttl) > MOST
    ? `\`${ttl}\` is too long: ${range}; give at most \`PT24H\``
    : `\`${ttl}\` is too short: ${range}; give at least \`PT0.001S\``;
}

const LENGTHS = new Map<IsoDuration, number>();
const MOST_LENGTHS = 1000;

/** Exact for what lasts a day at most; what has longer units is longer, whenever it begins. Few are asked for, often. */
function millisecondsIn(ttl: IsoDuration): number {
  const known = LENGTHS.get(ttl);
  if (known !== undefined) return known;
  const length = lengthOf(ttl);
  if (LENGTHS.size >= MOST_LENGTHS) LENGTHS.clear();
  LENGTHS.set(ttl, length);
  return length;
}

/** Its time is over, and nobody has settled it: the units are free again. */
export function expireReservation(account: CustomerAccount, expired: Reservation): AccountChange {
  const reservations = account.reservations.filter(({ id }) => id !== expired.id);
  const told = { type: 'usage.reservation_expired', at: expired.expiresAt, reservation: expired } as const;
  const meter = account.meters.get(expired.feature);
  if (meter === undefined || !isHeldIn(meter, expired))
    return { account: { ...account, reservations }, events: [{ ...told, reserved: null }] };
  const rest = { ...account, reservations };
  const reserved = Math.max(0, meter.reserved - expired.quantity);
  const freed: Meter = { ...meter, reserved, freesAt: firstToEnd(rest, meter) };
  const meters = new Map(account.meters).set(meter.feature, freed);
  return {
    account: withoutHolds({ ...rest, meters }, expired),
    events: [{ ...told, reserved }],
  };
}

function withoutHolds(account: CustomerAccount, { feature, holds }: Reservation): CustomerAccount {
  if (holds.length === 0) return account;
  const freed = spendCredits(creditsOf(account, feature), { kind: 'free', quantity: 0 }, holds);
  return withCredits(account, feature, freed);
}

const MOST = 86_400_000;
