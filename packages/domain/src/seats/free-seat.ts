import type { CustomerAccount } from '../customer.js';
import type { AccountChange } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import { freeAt, isHeld, putSeat, type Seat } from './seat.js';

/** Its lease, or its cool-down, is over: another member may have it. */
export function freeSeat(account: CustomerAccount, seat: Seat, at: Instant): AccountChange {
  const type = isHeld(seat) ? 'seat.expired' : 'seat.freed';
  return {
    account: putSeat(account, seat, null),
    events: [{ type, at, seat: { before: seat, after: null } }],
  };
}

/** What time has freed until `at`, whoever writes it down. */
export function withoutFreed(account: CustomerAccount, at: Instant): CustomerAccount {
  const freed = account.seats.filter((seat) => {
    const end = freeAt(seat);
    return end !== null && end <= at;
  });
  return freed.reduce((current, seat) => putSeat(current, seat, null), account);
}
