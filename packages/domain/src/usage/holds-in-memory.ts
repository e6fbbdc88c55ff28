import type { CustomerAccount } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { spendLease } from './quota-lease.js';
import { expireReservation } from './reservation.js';

/** What time has freed, or spent, until `at`, whoever writes it down. */
export function withoutExpired(account: CustomerAccount, at: Instant): CustomerAccount {
  let current = account;
  for (const reservation of account.reservations)
    if (reservation.expiresAt <= at) current = expireReservation(current, reservation).account;
  for (const lease of account.leases) if (lease.expiresAt <= at) current = spendLease(current, lease).account;
  return current;
}

/**
 * The account as it is kept in memory: of reservations and quota leases nothing but their sum, in the counters. Spends move
 * that, and tell no more; when time may end some (`freesAt`) the account is read again. `withoutExpired` has been asked before.
 */
export function withoutReservations(account: CustomerAccount): CustomerAccount {
  return account.reservations.length + account.leases.length === 0
    ? account
    : { ...account, reservations: [], leases: [] };
}

/** The first instant at which time may free, or spend, what any counter holds; null: nothing is held. */
export function freesAt({ meters }: CustomerAccount): Instant | null {
  let first: Instant | null = null;
  for (const meter of meters.values())
    if (meter.freesAt !== null && (first === null || meter.freesAt < first)) first = meter.freesAt;
  return first;
}
