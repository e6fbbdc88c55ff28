import type { Instant, ReservationId, SpendRequest as Question } from '@licet/domain';
import { refused, type Refused } from '../result.js';
import type { LockedMeter } from './counter-rows.js';
import { type QueuedRequest, type SettleRequest, settles, type SpendRequest } from './request.js';
import type { LockedReservation } from './reservations.js';

export type LockedReservations = ReadonlyMap<ReservationId, LockedReservation>;

/** What is to be decided: for what settles a reservation, as that stands under its counter's lock. */
export function questionOf(
  request: SpendRequest,
  reservations: LockedReservations,
  meter: LockedMeter | undefined,
): Question | Refused {
  return settles(request) ? settlementOf(request, reservations.get(request.idempotencyKey), meter) : request;
}

function settlementOf(
  { kind, feature, quantity, idempotencyKey }: SettleRequest,
  reservation: LockedReservation | undefined,
  meter: LockedMeter | undefined,
): Question | Refused {
  if (reservation === undefined)
    return refused('NOT_FOUND', 'reservationId', `there is no reservation \`${idempotencyKey}\``);
  switch (reservation.status) {
    case 'OPEN': {
      const isRunning = (meter?.window?.start ?? null) === reservation.windowStart;
      return { kind, feature, quantity, held: isRunning ? reservation.quantity : 0 };
    }
    case 'EXPIRED':
      // Nothing is held any more: what is spent must fit like anything else.
      return kind === 'commit' && quantity > 0
        ? { kind: 'consume', feature, quantity, ...askedWith(reservation) }
        : { kind, feature, quantity: 0, held: 0 };
  }
}

/** The facts of the request that made it. */
function askedWith({ context, memberId, fingerprint }: LockedReservation) {
  return { context, memberId, fingerprint };
}

/** A reservation is settled once; how, its first settlement says. */
export function settledOtherwise(): Refused {
  return refused(
    'CONFLICT',
    'reservationId',
    'this reservation was settled already, in another way: committed with another quantity, or released; make a new one',
  );
}

/** A time in the window in which it counts, where that may be over; null: it counts now. */
export function countsAt(request: QueuedRequest, reservations: LockedReservations): Instant | null {
  return request.kind === 'record' ? request.at : (openFor(request, reservations)?.windowStart ?? null);
}

/** When it was used, or held; null: now. */
export function usedAtOf(request: SpendRequest, reservations: LockedReservations): Instant | null {
  return request.kind === 'record' ? request.at : (openFor(request, reservations)?.reservedAt ?? null);
}

function openFor(request: QueuedRequest, reservations: LockedReservations): LockedReservation | null {
  if (request.kind !== 'commit') return null;
  const reservation = reservations.get(request.idempotencyKey);
  return reservation?.status === 'OPEN' ? reservation : null;
}

/** Whether its reservation has expired, and nobody has written it down: also one whose window is over, which no counter tells of. */
export function isOverdue(request: QueuedRequest, reservations: LockedReservations, clock: Instant): boolean {
  if (!settles(request)) return false;
  const reservation = reservations.get(request.idempotencyKey);
  return reservation?.status === 'OPEN' && reservation.expiresAt <= clock;
}

/** Whether its first settlement is to be looked up, if there was one: it is answered again, or refused. */
export function isGone(request: QueuedRequest, reservations: LockedReservations): boolean {
  return settles(request) && !reservations.has(request.idempotencyKey);
}
