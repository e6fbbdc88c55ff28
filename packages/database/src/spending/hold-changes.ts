import {
  type CreditHold,
  earliest,
  type Instant,
  type SpendRequest as Question,
  type TenantId,
} from '@licet/domain';
import type { Statement } from '../connection/transaction.js';
import type { NewEvent } from '../event-log/append.js';
import type { Counter } from './counter.js';
import { holdStatements, type LockedHold } from './hold-rows.js';
import { leasedEvent, madeLease, returnedEvents } from './quota-leases.js';
import type { Asked, KeptVerdict } from './request.js';
import { madeReservation } from './reservations.js';

/** How a reservation, or lease, is settled. `delta`: of what its counter had used. */
interface Settling {
  readonly asked: Asked;
  readonly question: Question;
  readonly delta: number;
  readonly at: Instant;
}

/** What a batch makes of reservations and quota leases. */
export class HoldChanges {
  readonly #made: LockedHold[] = [];
  readonly #settled: LockedHold[] = [];
  readonly #events: NewEvent[] = [];

  /** What a granted request holds of its counter, which has it in `reserved` already. `holds`: the credit blocks. */
  make(counter: Counter, asked: Asked, verdict: KeptVerdict, holds: readonly CreditHold[]): void {
    const { request } = asked;
    if (request.kind === 'reserve') this.#put(counter, madeReservation(counter, request, verdict, holds));
    if (request.kind !== 'lend') return;
    const lease = madeLease(counter, verdict, holds);
    this.#put(counter, lease);
    this.#events.push(leasedEvent({ asked, lease, counter, at: verdict.asOf }, request.quantity));
  }

  #put(counter: Counter, hold: LockedHold): void {
    this.#made.push(hold);
    counter.freesAt = earliest(counter.freesAt, hold.expiresAt);
  }

  /** `counter`: as it stands afterwards. */
  settle(hold: LockedHold, counter: Counter | undefined, { asked, question, delta, at }: Settling): void {
    this.#settled.push(hold);
    if (counter === undefined || hold.kind !== 'LEASE') return;
    this.#events.push(...returnedEvents({ asked, lease: hold, counter, at }, question, delta));
  }

  get made(): readonly LockedHold[] {
    return this.#made;
  }

  get settled(): readonly LockedHold[] {
    return this.#settled;
  }

  /** One for each lease that was made or returned; reservations are told of by the batch's own event. */
  get events(): readonly NewEvent[] {
    return this.#events;
  }

  statements(tenantId: TenantId): Statement[] {
    return holdStatements(tenantId, this.#made, this.#settled);
  }
}
