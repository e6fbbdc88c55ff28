import {
  formatInstant,
  type Instant,
  isCorrectable,
  type LicenseFileId,
  type SpendRequest as Question,
} from '@licet/domain';
import { refused, type Refused } from '../result.js';
import type { LockedMeter } from './counter-rows.js';
import type { HoldId, LockedHold } from './hold-rows.js';
import type { LockedLease } from './quota-leases.js';
import {
  type QueuedRequest,
  type ReturnRequest,
  type SettleRequest,
  settles,
  type SpendRequest,
} from './request.js';
import type { LockedReservation } from './reservations.js';

/** Reservations and quota leases. */
export type LockedHolds = ReadonlyMap<HoldId, LockedHold>;

/** What is to be decided: for what settles a reservation, or a lease, as that stands under its counter's lock. */
export function questionOf(
  request: SpendRequest,
  holds: LockedHolds,
  meter: LockedMeter | undefined,
  clock: Instant,
): Question | Refused {
  if (!settles(request)) return request;
  const hold = holds.get(request.idempotencyKey);
  return request.kind === 'return'
    ? returnOf(request, hold, meter, clock)
    : settlementOf(request, hold, meter);
}

function settlementOf(
  { kind, feature, quantity, idempotencyKey }: SettleRequest,
  reservation: LockedHold | undefined,
  meter: LockedMeter | undefined,
): Question | Refused {
  if (reservation?.kind !== 'RESERVATION')
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

/** In time it ends the lease, and what was not spent is free again; later it corrects what time has counted as spent. */
function returnOf(
  { feature, quantity, idempotencyKey }: ReturnRequest,
  lease: LockedHold | undefined,
  meter: LockedMeter | undefined,
  clock: Instant,
): Question | Refused {
  if (lease?.kind !== 'LEASE')
    return refused('NOT_FOUND', 'leaseId', `there is no quota lease \`${idempotencyKey}\``);
  if (lease.fileId !== null) return budgetOfFile(lease.fileId);
  if (!isCorrectable(lease, { window: meter?.window ?? null }, clock)) return returnedTooLate(lease);
  return lease.status === 'OPEN'
    ? { kind: 'return', feature, quantity, held: lease.quantity }
    : { kind: 'correct', feature, quantity, counted: lease.quantity };
}

function budgetOfFile(fileId: LicenseFileId): Refused {
  return refused(
    'CONFLICT',
    'leaseId',
    `this is a budget of the licence file \`${fileId}\`, which only that can settle; call settleLicenseFile`,
  );
}

function returnedTooLate({ quantity, expiresAt }: LockedLease): Refused {
  return refused(
    'CONFLICT',
    'leaseId',
    `this lease ended at ${formatInstant(expiresAt)}, or with its window, and all of its ${String(quantity)} units are spent: ` +
      'a return is taken up to a day later, while that window is open',
  );
}

/** The facts of the request that made it. */
function askedWith({ context, memberId, fingerprint }: LockedReservation) {
  return { context, memberId, fingerprint };
}

/** A reservation, or lease, is settled once; how, its first settlement says. */
export function settledOtherwise({ kind }: Pick<QueuedRequest, 'kind'>): Refused {
  if (kind === 'return')
    return refused(
      'CONFLICT',
      'leaseId',
      'this lease was returned already, with another number of units spent; consume what was spent beyond it',
    );
  return refused(
    'CONFLICT',
    'reservationId',
    'this reservation was settled already, in another way: committed with another quantity, or released; make a new one',
  );
}

/** A time in the window in which it counts, where that may be over; null: it counts now. */
export function countsAt(request: QueuedRequest, holds: LockedHolds): Instant | null {
  return request.kind === 'record' ? request.at : (openFor(request, holds)?.windowStart ?? null);
}

/** When it was used, or held; null: now. */
export function usedAtOf(request: SpendRequest, holds: LockedHolds): Instant | null {
  return request.kind === 'record' ? request.at : (openFor(request, holds)?.madeAt ?? null);
}

function openFor(request: QueuedRequest, holds: LockedHolds): LockedReservation | null {
  if (request.kind !== 'commit') return null;
  const reservation = holds.get(request.idempotencyKey);
  return reservation?.kind === 'RESERVATION' && reservation.status === 'OPEN' ? reservation : null;
}

/** Whether its reservation, or lease, has expired, and nobody has written it down: also one whose window is over, which no counter tells of. */
export function isOverdue(request: QueuedRequest, holds: LockedHolds, clock: Instant): boolean {
  if (!settles(request)) return false;
  const hold = holds.get(request.idempotencyKey);
  return hold?.status === 'OPEN' && hold.expiresAt <= clock;
}

/** Whether its first settlement is to be looked up, if there was one: it is answered again, or refused. */
export function isGone(request: QueuedRequest, holds: LockedHolds): boolean {
  return settles(request) && !holds.has(request.idempotencyKey);
}
