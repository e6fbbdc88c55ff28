import type { CustomerAccount } from '../customer.js';
import { earliest } from '../decision/compile.js';
import type { Instant } from '../time/instant.js';
import type { Meter } from './meter.js';
import type { Reservation } from './reservation.js';

/** Whether the counter's window is the one in which the reservation, or lease, was made: it then counts in `reserved`. */
export function isHeldIn(
  { window }: Pick<Meter, 'window'>,
  { windowStart }: Pick<Reservation, 'windowStart'>,
): boolean {
  return (window?.start ?? null) === windowStart;
}

/** When the first of what is held in a counter ends, whether it is reserved or lent; null: nothing is. */
export function firstToEnd(
  { reservations, leases }: Pick<CustomerAccount, 'reservations' | 'leases'>,
  meter: Meter,
): Instant | null {
  const isHere = (one: Pick<Reservation, 'feature' | 'windowStart'>): boolean =>
    one.feature === meter.feature && isHeldIn(meter, one);
  return earliest(reservations.find(isHere)?.expiresAt ?? null, leases.find(isHere)?.expiresAt ?? null);
}
