import {
  type CustomerId,
  freeAt,
  type Instant,
  isHeld,
  parseMemberId,
  type Release,
  type Seat,
  seatEvent,
  type SeatId,
  type SeatOutcome,
  type SpendRequest as Question,
  type TenantId,
} from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import type { EventCustomer, NewEvent } from '../event-log/append.js';
import { meterId, type MeterKey } from '../repositories/meters.js';
import type { SeatChange, SeatKey } from '../repositories/seats.js';
import { customerEvent } from '../repositories/told-of.js';
import { type Asked, isSeatRequest } from './request.js';
import { lowerDue } from './hold-rows.js';
import { type LockedHolds, questionOf } from './settlement.js';

/** The seats that these requests are about. */
export function seatKeysIn(asked: readonly Asked[]): SeatKey[] {
  return asked.flatMap(({ request, meter }) => {
    const memberId = isSeatRequest(request) ? parseMemberId(request.memberId) : null;
    return meter === null || memberId === null ? [] : [{ memberId, ...meter }];
  });
}

/** The seat that a spend needs: of the member whom it names, where its feature needs one; null: none. */
export function neededSeat(
  question: Question,
  { customerId, feature: spent }: MeterKey,
  { catalog }: Release,
): SeatKey | null {
  if (!asks(question) || question.memberId == null) return null;
  const memberId = parseMemberId(question.memberId);
  const feature = catalog.features.get(spent)?.needsSeat ?? null;
  return memberId === null || feature === null ? null : { customerId, feature, memberId };
}

function asks(question: Question): question is Extract<Question, { kind: 'consume' | 'reserve' | 'lend' }> {
  return question.kind === 'consume' || question.kind === 'reserve' || question.kind === 'lend';
}

/** The seats that these requests need, where reservations stand as they do. They are read after the locks, and not locked. */
export function neededSeatsIn(
  asked: readonly Asked[],
  holds: LockedHolds,
  { release, clock }: { readonly release: Release; readonly clock: Instant },
): SeatKey[] {
  return asked.flatMap(({ request, meter }) => {
    if (meter === null || isSeatRequest(request)) return [];
    const question = questionOf(request, holds, undefined, clock);
    const key = 'ok' in question ? null : neededSeat(question, meter, release);
    return key === null ? [] : [key];
  });
}

/** A pool as a batch moves it; by member. */
interface Pool {
  readonly seats: Map<string, Seat>;
  readonly changes: Map<string, SeatChange>;
  /** Leases that were renewed. */
  readonly renewed: Map<SeatId, Seat>;
}

/** What a batch makes of seats: each request in its turn, each row written once. */
export class SeatChanges {
  /** By `meterId`. */
  readonly #pools = new Map<string, Pool>();
  readonly #events: NewEvent[] = [];

  /** Begins with the seats of a pool as they were read; returns those that cool down. */
  begin({ customerId, feature }: MeterKey, read: ReadonlyMap<string, readonly Seat[]>): Seat[] {
    const name = meterId(customerId, feature);
    const seats = read.get(name) ?? [];
    this.#pools.set(name, {
      seats: new Map(seats.map((seat) => [seat.memberId, seat])),
      changes: new Map(),
      renewed: new Map(),
    });
    return seats.filter((seat) => !isHeld(seat));
  }

  /** The seat that a spend needs: as the batch has left it, where it moves that pool; else as it was `read`. */
  needed(
    { customerId, feature, memberId }: SeatKey,
    read: ReadonlyMap<string, readonly Seat[]>,
  ): Seat | null {
    const name = meterId(customerId, feature);
    if (this.#pools.has(name)) return this.of(name, memberId);
    return read.get(name)?.find((seat) => seat.memberId === memberId) ?? null;
  }

  /** The member's seat as it stands; null: there is none. `pool`: its `meterId`. */
  of(pool: string, memberId: string): Seat | null {
    return this.#pools.get(pool)?.seats.get(memberId) ?? null;
  }

  get isEmpty(): boolean {
    for (const { changes } of this.#pools.values()) if (changes.size > 0) return false;
    return true;
  }

  note(asked: Asked, customer: EventCustomer, { before, after }: SeatOutcome, at: Instant): void {
    const seat = after ?? before;
    const pool = this.#pools.get(asked.meterId);
    if (seat === null || before === after || pool === undefined) return;
    const { memberId } = seat;
    const first = pool.changes.get(memberId);
    pool.changes.set(memberId, {
      customerId: customer.id,
      before: first === undefined ? before : first.before,
      after,
    });
    if (after === null) pool.seats.delete(memberId);
    else pool.seats.set(memberId, after);
    const event = seatEvent({ before, after }, at);
    if (event === null) {
      pool.renewed.set(seat.id, seat);
      return;
    }
    pool.renewed.delete(seat.id);
    this.#events.push(customerEvent(event, customer, { reason: null, ...asked.caller }, at));
  }

  /** One for each seat that was taken or given back. Renewals are told by the batch's own event. */
  get events(): readonly NewEvent[] {
    return this.#events;
  }

  get changes(): readonly SeatChange[] {
    return [...this.#pools.values()].flatMap(({ changes }) => [...changes.values()]);
  }

  /** Leases of the pool that were renewed. */
  renewedIn({ customerId, feature }: MeterKey): readonly Seat[] {
    return [...(this.#pools.get(meterId(customerId, feature))?.renewed.values() ?? [])];
  }
}

/** Those of a customer that cool down, after one of them has changed. */
export function coolingAfter(cooling: readonly Seat[], { before, after }: SeatOutcome): Seat[] {
  const feature = (after ?? before)?.feature;
  const others = cooling.filter((seat) => seat.feature === feature && seat.id !== before?.id);
  return cools(after) ? [...others, after] : others;
}

export function cools(seat: Seat | null): seat is Seat {
  return seat !== null && !isHeld(seat);
}

/** The customers are locked: the worker looks at each when the first of these frees itself. */
export function dueStatements(tenantId: TenantId, { changes }: SeatChanges): Statement[] {
  const ends = changes.flatMap(({ customerId, after }): { customerId: CustomerId; expiresAt: Instant }[] => {
    const expiresAt = after && freeAt(after);
    return expiresAt === null ? [] : [{ customerId, expiresAt }];
  });
  return ends.length === 0 ? [] : [lowerDue(tenantId, ends)];
}
