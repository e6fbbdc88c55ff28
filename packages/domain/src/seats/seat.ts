import type { CustomerAccount } from '../customer.js';
import { earliest } from '../decision/compile.js';
import type { FeatureKey, MemberId, SeatId } from '../ids.js';
import type { Instant } from '../time/instant.js';
import { type Meter, unusedMeter } from '../usage/meter.js';

export type SeatKind = 'NAMED' | 'FLOATING';

/** A place that is taken in a customer's pool of one SEATS feature; docs/rules.md, "Seats". */
export interface Seat {
  readonly id: SeatId;
  readonly feature: FeatureKey;
  readonly memberId: MemberId;
  readonly kind: SeatKind;
  readonly assignedAt: Instant;
  /** When the member's own lease ends unless it is renewed; null: a named seat has none, and one that only a file keeps. */
  readonly leaseExpiresAt: Instant | null;
  /** Given back: when it has cooled down; null: it is held. */
  readonly coolsUntil: Instant | null;
  /** Until when machines that never see a network use it, in its member's name; null: none has. May be over. */
  readonly borrowedUntil: Instant | null;
}

/** Whether its member may use it: one that was given back is only still taken. */
export function isHeld({ coolsUntil }: Seat): boolean {
  return coolsUntil === null;
}

/** When time frees it: at its own end, or that of the last file that uses it, whichever is later; null: never. */
export function freeAt({ kind, coolsUntil, leaseExpiresAt, borrowedUntil }: Seat): Instant | null {
  if (kind === 'NAMED' && coolsUntil === null) return null;
  return latest(coolsUntil ?? leaseExpiresAt, borrowedUntil);
}

/** Whether anybody still has it at `at`, its member or a machine. */
export function isTaken(seat: Seat, at: Instant): boolean {
  const end = freeAt(seat);
  return end === null || at < end;
}

/** Whether a machine that never sees a network may be using it. */
export function isBorrowed({ borrowedUntil }: Seat, at: Instant): boolean {
  return borrowedUntil !== null && at < borrowedUntil;
}

/** Given back at `at`, and cooled down at `coolsUntil`; null: nothing keeps it, it is free. */
export function givenBackUntil(seat: Seat, coolsUntil: Instant, at: Instant): Seat | null {
  const after = { ...seat, leaseExpiresAt: null, coolsUntil };
  return isTaken(after, at) ? after : null;
}

/** With one end, as events, snapshots and callers are told of it: to them it is all one whether a lease keeps it or a file. */
export function withOneEnd(seat: Seat): Seat {
  if (seat.borrowedUntil === null) return seat;
  const end = freeAt(seat);
  return { ...seat, borrowedUntil: null, ...(isHeld(seat) ? { leaseExpiresAt: end } : { coolsUntil: end }) };
}

/** The later of two; null: there is none. */
export function latest(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}

/** The seat that the member has, or had last and that is still taken; null: there is none. */
export function seatOf({ seats }: CustomerAccount, feature: FeatureKey, memberId: string): Seat | null {
  return seats.find((seat) => seat.feature === feature && seat.memberId === memberId) ?? null;
}

/** Whether the member holds a seat of the feature. What is due must have been applied. */
export function holdsSeat(account: CustomerAccount, feature: FeatureKey, memberId: string): boolean {
  const seat = seatOf(account, feature, memberId);
  return seat !== null && isHeld(seat);
}

/** The account with `after` in the place of `before`; null on either side: it is taken, or free, from then on. */
export function putSeat(account: CustomerAccount, before: Seat | null, after: Seat | null): CustomerAccount {
  const feature = (after ?? before)?.feature;
  if (feature === undefined) return account;
  const others = before === null ? account.seats : account.seats.filter((seat) => seat !== before);
  const seats = after === null ? others : [...others, after];
  const pool = account.meters.get(feature) ?? unusedMeter(feature, null);
  const taken = pool.used + (after === null ? 0 : 1) - (before === null ? 0 : 1);
  const meter: Meter = { ...pool, used: taken, freesAt: firstFree(seats, feature) };
  return { ...account, seats, meters: new Map(account.meters).set(feature, meter) };
}

/** A pool's counter after one of its seats has changed: when it frees the first is never told too late, and exactly of a single one. */
export function poolAfter(
  { used, freesAt }: Pick<Meter, 'used' | 'freesAt'>,
  before: Seat | null,
  after: Seat | null,
): Pick<Meter, 'used' | 'freesAt'> {
  const taken = used + (after === null ? 0 : 1) - (before === null ? 0 : 1);
  const frees = after && freeAt(after);
  if (taken === 0) return { used: taken, freesAt: null };
  return { used: taken, freesAt: taken === 1 && after !== null ? frees : earliest(freesAt, frees) };
}

/** When time frees the first seat of a pool; null: it frees none. */
export function firstFree(seats: readonly Seat[], feature: FeatureKey): Instant | null {
  let first: Instant | null = null;
  for (const seat of seats) {
    const at = seat.feature === feature ? freeAt(seat) : null;
    if (at !== null && (first === null || at < first)) first = at;
  }
  return first;
}

/** The account without its seats: the sum of each pool stands in its counter. */
export function withoutSeats(account: CustomerAccount): CustomerAccount {
  return account.seats.length === 0 ? account : { ...account, seats: [] };
}
