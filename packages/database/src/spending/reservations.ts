import {
  type CreditHold,
  type CustomerId,
  type FeatureKey,
  type Instant,
  type LeaseId,
  parseReservationId,
  reservedUntil,
  type ReservationId,
} from '@licet/domain';
import type { Counter } from './counter.js';
import type { KeptVerdict, ReserveRequest, Verdict } from './request.js';

/** What never changes of a reservation, or of a quota lease. */
export interface MadeHold {
  readonly id: ReservationId | LeaseId;
  readonly customerId: CustomerId;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly expiresAt: Instant;
}

export interface MadeReservation extends MadeHold {
  readonly id: ReservationId;
}

/** What stands, under the lock of its counter. EXPIRED: by time; it may still be settled, which ends it. */
export interface StandingHold extends MadeHold {
  readonly status: 'OPEN' | 'EXPIRED';
  readonly windowStart: Instant | null;
  readonly madeAt: Instant;
  /** The credit blocks that it holds; none where the feature is not prepaid. */
  readonly holds: readonly CreditHold[];
}

export interface LockedReservation extends StandingHold {
  readonly kind: 'RESERVATION';
  readonly id: ReservationId;
  readonly context: Readonly<Record<string, unknown>> | null;
  /** Who asked for it, for a commit that comes too late and is decided anew; null: none was named. */
  readonly memberId: string | null;
  readonly fingerprint: string | null;
}

/** Named by the decision that granted it, so that it is the same again when its request comes a second time. */
export function reservationIdOf(decisionId: string): ReservationId {
  const id = parseReservationId(`rsv_${decisionId.slice('dec_'.length).replaceAll('-', '')}`);
  if (id === null) throw new Error('a decision id has the form that a reservation id is made of');
  return id;
}

/** When units that are reserved at `at` are free again; the gateway has refused what `reservedUntil` does not take. */
export function expiryOf({ ttl }: ReserveRequest, at: Instant): Instant {
  const until = reservedUntil(at, ttl);
  if (until === null) throw new Error(`${ttl} is no time to live of a reservation`);
  return until;
}

/** The reservation that a granted request has made, as its row holds it. */
export function madeReservation(
  { key, row }: Counter,
  request: ReserveRequest,
  verdict: KeptVerdict,
  holds: readonly CreditHold[],
): LockedReservation {
  const { context = null, memberId = null, fingerprint = null } = request;
  return {
    kind: 'RESERVATION',
    status: 'OPEN',
    windowStart: row.window?.start ?? null,
    madeAt: verdict.asOf,
    holds,
    context,
    memberId,
    fingerprint,
    ...reservationOf(request, key, verdict),
  };
}

/** The same, as callers are told of it. */
export function reservationOf(
  request: ReserveRequest,
  names: Pick<MadeReservation, 'customerId' | 'feature'>,
  { decisionId, asOf }: Pick<Verdict, 'decisionId' | 'asOf'>,
): MadeReservation {
  const { customerId, feature } = names;
  return {
    id: reservationIdOf(decisionId),
    customerId,
    feature,
    quantity: request.quantity,
    expiresAt: expiryOf(request, asOf),
  };
}
