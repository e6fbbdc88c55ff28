import {
  type CreditHold,
  type CustomerEvent,
  type Instant,
  leasedUntil,
  type LeaseId,
  type LicenseFileId,
  parseLeaseId,
  type SpendOutcome,
  type SpendRequest as Question,
} from '@licet/domain';
import type { NewEvent } from '../event-log/append.js';
import { customerEvent } from '../repositories/told-of.js';
import type { Counter } from './counter.js';
import type { Asked, KeptVerdict, LendRequest } from './request.js';
import type { StandingHold } from './reservations.js';

/** A lease that stands, under the lock of its counter. EXPIRED: it was counted as spent, which a return may correct. */
export interface LockedLease extends StandingHold {
  readonly kind: 'LEASE';
  readonly id: LeaseId;
  /** The licence file whose budget it is, and with which it is settled; null: it is returned by itself. */
  readonly fileId: LicenseFileId | null;
}

/** Named as reservations are. */
export function leaseIdOf(decisionId: string): LeaseId {
  const id = parseLeaseId(`lse_${decisionId.slice('dec_'.length).replaceAll('-', '')}`);
  if (id === null) throw new Error('a decision id has the form that a lease id is made of');
  return id;
}

/** What is lent, and until when; null: a denial, or there is no counter yet. */
export function lentBy(
  { ttl }: LendRequest,
  counter: Counter | undefined,
  { held }: SpendOutcome,
  now: Instant,
): NonNullable<KeptVerdict['hold']> | null {
  if (counter === undefined || held === 0) return null;
  const { account, row } = counter;
  return { quantity: held, expiresAt: leasedUntil(now, ttl, account.state.account.timeZone, row.window) };
}

/** The lease that a granted request has made. */
export function madeLease(
  { row, key }: Counter,
  { decisionId, asOf: madeAt, hold }: KeptVerdict,
  holds: readonly CreditHold[],
): LockedLease {
  if (!hold) throw new Error('what lends says what is lent');
  const windowStart = row.window?.start ?? null;
  const made = { windowStart, madeAt, holds, ...key, ...hold };
  return { kind: 'LEASE', id: leaseIdOf(decisionId), fileId: null, status: 'OPEN', ...made };
}

interface Movement {
  readonly asked: Asked;
  readonly lease: LockedLease;
  readonly counter: Counter;
  readonly at: Instant;
}

export function leasedEvent(movement: Movement, asked: number): NewEvent {
  const { lease, counter, at } = movement;
  const { used, reserved } = counter;
  return eventOf({ type: 'quota.leased', at, lease, asked, used, reserved }, movement);
}

/** One where the question ends a lease. `delta`: of what its counter had used. */
export function returnedEvents(movement: Movement, question: Question, delta: number): NewEvent[] {
  if (question.kind !== 'return' && question.kind !== 'correct') return [];
  const { lease, counter, at } = movement;
  const { used, reserved } = counter;
  const late = question.kind === 'correct';
  const { quantity: spent } = question;
  const returned = late ? -delta : lease.quantity - spent;
  return [eventOf({ type: 'quota.returned', at, lease, spent, returned, late, used, reserved }, movement)];
}

function eventOf(event: CustomerEvent, { asked: { caller }, lease, counter, at }: Movement): NewEvent {
  const customer = { id: lease.customerId, subject: counter.account.subject };
  return customerEvent(event, customer, { reason: null, ...caller }, at);
}
