import { type Account, Refusal, tell } from './account.js';
import { type FeatureKey, isPrepaid } from './features.js';
import { hold, unhold } from './credits.js';
import type { Reservation } from './holds.js';
import { type Answer, entitlementOf } from './entitlements.js';
import { count, isCounted, spendNow } from './usage.js';
import { correctWindow, meterOf } from './windows.js';

/** What a commit or release is answered with. */
export interface Settlement {
  readonly allowed: boolean;
  readonly code: string;
  readonly consumed: number;
  readonly replayed: boolean;
}

export interface NewReservation {
  /** Null where the product has made none. */
  readonly id: string;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly expiresAt: number;
}

/** A check like a spend's; what fits is held whole in the running window. */
export function reserve(account: Account, { id, feature, quantity, expiresAt }: NewReservation): Answer {
  if (!isCounted(feature)) throw new Refusal('BAD_USER_INPUT');
  const answer = entitlementOf(account, feature, quantity);
  if (!answer.allowed) return answer;
  meterOf(account, feature).everUsed = true;
  const madeAt = account.now;
  const made: Reservation = {
    ...{ id, feature, quantity, madeAt, expiresAt },
    status: 'OPEN',
    inWindow: true,
    holds: isPrepaid(feature) ? hold(account, feature, quantity) : [],
    settled: null,
  };
  account.reservations.push(made);
  return answer;
}

/** In time always; after expiry decided anew, like a consume. What is denied settles nothing. */
export function commit(account: Account, reservation: Reservation, quantity: number): Settlement {
  const { feature, status, settled, inWindow, madeAt } = reservation;
  if (quantity > reservation.quantity) throw new Refusal('BAD_USER_INPUT');
  if (status === 'RELEASED') throw new Refusal('CONFLICT');
  if (settled) {
    if (settled.consumed !== quantity) throw new Refusal('CONFLICT');
    return { ...settled, replayed: true };
  }
  if (status === 'EXPIRED' && quantity > 0) {
    const { allowed, code } = entitlementOf(account, feature, quantity);
    if (!allowed) return { allowed, code, consumed: 0, replayed: false };
    spendNow(account, feature, quantity);
    return settle(reservation, { allowed, code, consumed: quantity, replayed: false });
  }
  if (status === 'OPEN') {
    unhold(account, reservation, quantity);
    if (inWindow) count(account, feature, quantity);
    else if (quantity > 0) {
      correctWindow(account, feature, madeAt, quantity);
      tell(account, 'usage.corrected', feature, account.now);
    }
  }
  return settle(reservation, { allowed: true, code: 'DONE', consumed: quantity, replayed: false });
}

function settle(reservation: Reservation, settled: Settlement): Settlement {
  reservation.status = 'COMMITTED';
  reservation.settled = settled;
  return settled;
}

/** Frees what is held; after expiry nothing more. */
export function release(account: Account, reservation: Reservation): Settlement {
  if (reservation.status === 'COMMITTED') throw new Refusal('CONFLICT');
  if (reservation.status === 'OPEN') unhold(account, reservation, 0);
  reservation.status = 'RELEASED';
  return { allowed: true, code: 'DONE', consumed: 0, replayed: false };
}

/** Its time is over, and nobody has settled it. */
export function expire(account: Account, reservation: Reservation): void {
  reservation.status = 'EXPIRED';
  unhold(account, reservation, 0);
  tell(account, 'usage.reservation_expired', reservation.id, reservation.expiresAt);
}
