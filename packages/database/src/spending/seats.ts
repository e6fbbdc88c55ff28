import {
  type CustomerId,
  freeAt,
  type Instant,
  isHeld,
  type MemberId,
  parseMemberId,
  type Seat,
  type SeatEventType,
  type SeatOutcome,
  type TenantId,
} from '@licet/domain';
import type { EventCustomer, NewEvent } from '../event-log/append.js';
import { seatToJson } from '../mapping/seat.js';
import type { SeatChange, SeatKey } from '../repositories/seats.js';
import type { Statement } from '../connection/transaction.js';
import { lowerDue } from './reservations.js';
import { type Asked, isSeatRequest } from './request.js';

/** The seats that these requests are about. */
export function seatKeysIn(asked: readonly Asked[]): SeatKey[] {
  return asked.flatMap(({ request, meter }) => {
    const memberId = isSeatRequest(request) ? parseMemberId(request.memberId) : null;
    return meter === null || memberId === null ? [] : [{ ...meter, memberId }];
  });
}

/** What a batch makes of seats: each request in its turn, each row written once. */
export class SeatChanges {
  readonly #changes = new Map<string, SeatChange>();
  readonly #renewed = new Map<string, Seat>();
  readonly #events: NewEvent[] = [];

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  note(asked: Asked, customer: EventCustomer, { before, after }: SeatOutcome, at: Instant): void {
    const seat = after ?? before;
    if (seat === null || before === after) return;
    const name = nameOf(customer.id, seat.feature, seat.memberId);
    const first = this.#changes.get(name);
    this.#changes.set(name, {
      customerId: customer.id,
      before: first === undefined ? before : first.before,
      after,
    });
    const type = toldAs(before, after);
    if (type === null) this.#renewed.set(seat.id, seat);
    else this.#events.push(seatEvent(type, asked, customer, { before, after }, at));
  }

  /** One for each seat that was taken or given back. Renewals are told by the batch's own event. */
  get events(): readonly NewEvent[] {
    return this.#events;
  }

  get changes(): readonly SeatChange[] {
    return [...this.#changes.values()];
  }

  /** Leases of the pool that were renewed, by the ids of their seats. */
  renewedIn(customerId: CustomerId, feature: string): readonly Seat[] {
    const own = new Set(
      this.changes.flatMap(({ customerId: id, after }) => (id === customerId && after ? [after.id] : [])),
    );
    return [...this.#renewed.values()].filter((seat) => seat.feature === feature && own.has(seat.id));
  }
}

/** The customers are locked: the worker looks at each when the first of these frees itself. */
export function dueStatements(tenantId: TenantId, { changes }: SeatChanges): Statement[] {
  const ends = changes.flatMap(({ customerId, after }) => {
    const expiresAt = after && freeAt(after);
    return expiresAt === null ? [] : [{ customerId, expiresAt }];
  });
  return ends.length === 0 ? [] : [lowerDue(tenantId, ends)];
}

/** Null: a lease was renewed. */
function toldAs(before: Seat | null, after: Seat | null): SeatEventType | null {
  if (after === null || !isHeld(after)) return 'seat.released';
  return before === null || !isHeld(before) || before.kind !== after.kind ? 'seat.assigned' : null;
}

function seatEvent(
  type: SeatEventType,
  { caller }: Asked,
  customer: EventCustomer,
  { before, after }: Pick<SeatOutcome, 'before' | 'after'>,
  at: Instant,
): NewEvent {
  return {
    type,
    subjectType: 'seat',
    subjectId: (after ?? before)?.id ?? '',
    customer,
    actor: caller.actor,
    reason: null,
    requestId: caller.requestId,
    at,
    recordedAt: at,
    data: { before: before && seatToJson(before), after: after && seatToJson(after) },
    listed: true,
  };
}

function nameOf(customerId: CustomerId, feature: string, memberId: MemberId): string {
  return JSON.stringify([customerId, feature, memberId]);
}
