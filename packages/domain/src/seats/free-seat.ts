import type { CustomerAccount, Release } from '../customer.js';
import type { AccountChange } from '../subscription/command.js';
import { firstChange } from '../subscription/due-tasks.js';
import { instant, type Instant } from '../time/instant.js';
import { freeAt, isHeld, putSeat, type Seat } from './seat.js';

/** Its lease, or its cool-down, is over: another member may have it. */
export function freeSeat(account: CustomerAccount, seat: Seat, at: Instant): AccountChange {
  const type = isHeld(seat) ? 'seat.expired' : 'seat.freed';
  return {
    account: putSeat(account, seat, null),
    events: [{ type, at, seat: { before: seat, after: null } }],
  };
}

/**
 * Without seats that time has freed until `at`, whoever writes it down. Where something else was due before, and is not written
 * either, those stay that were held then: it may rest on them.
 */
export function withoutFreed(account: CustomerAccount, release: Release, at: Instant): CustomerAccount {
  const endedBy = (seat: Seat, until: Instant): boolean => {
    const end = freeAt(seat);
    return end !== null && end <= until;
  };
  const held = account.seats.filter((seat) => !endedBy(seat, at));
  if (held.length === account.seats.length) return account;
  const other = firstChange({ ...account, seats: held }, release, account.turnedUntil);
  const until = other !== null && other.at <= at ? instant(other.at - 1) : at;
  return account.seats
    .filter((seat) => endedBy(seat, until))
    .reduce((current, seat) => putSeat(current, seat, null), account);
}
