import { isPrepaid } from '../credits/credit-block.js';
import { sameSeatTest, type SeatTest, seatTest } from '../seats/seat-test.js';
import { accountAt } from '../subscription/due.js';
import type { Instant } from '../time/instant.js';
import type { Asked } from './asked.js';
import type { Meter } from '../usage/meter.js';
import { windowAt } from '../usage/window.js';
import type { Units } from './combine.js';
import type { Decision, EntitlementSource } from './decision.js';
import { type Entitled, entitlementOf, nextBoundary } from './entitlement.js';
import { counterOf, type Subject } from './subject.js';

/**
 * What a customer has of one feature in [from, until), worked out before anybody asks: a quantity is all that is
 * left to compare.
 */
export type CompiledFeature = Settled | Counted | Asked;

/** The answer is the same for every quantity. */
export interface Settled {
  readonly kind: 'SETTLED';
  readonly from: Instant;
  /** Null: for ever. */
  readonly until: Instant | null;
  readonly decision: Decision;
}

/** The answer depends on the quantity: the right stands beside its counter. */
export interface Counted {
  readonly kind: 'COUNTED';
  readonly from: Instant;
  readonly until: Instant | null;
  /** Whether every answer changes at `until`. Else it depends on the quantity whether one does. */
  readonly turnsForAll: boolean;
  readonly customerId: string;
  readonly feature: string;
  readonly sources: readonly EntitlementSource[];
  readonly units: Units;
  /** What would be left without sources in grace, and without grants; null: nothing. */
  readonly withoutGrace: Units | null;
  readonly withoutGrants: Units | null;
  /** Moved in place: a right outlives many spends, and a new one for each would be left to the garbage collector. */
  used: number;
  reserved: number;
  /** When time may free what is held: the answers then are others, whatever the quantity. */
  freesAt: Instant | null;
  readonly resetsAt: Instant | null;
  readonly isPrepaid: boolean;
  /** Row 18. */
  readonly seat: SeatTest;
}

/** A right to units at `at`, with the counter that it is held against. */
export function countedAt(subject: Subject, entitlement: Entitled, units: Units, at: Instant): Counted {
  const { account, feature } = subject;
  const meter = counterOf(account, feature, at);
  return {
    kind: 'COUNTED',
    from: at,
    until: at,
    turnsForAll: false,
    customerId: account.id,
    feature: feature.key,
    sources: entitlement.sources,
    units,
    withoutGrace: unitsIn(entitlement.withoutGrace),
    withoutGrants: unitsIn(entitlement.withoutGrants),
    used: meter?.used ?? 0,
    reserved: meter?.reserved ?? 0,
    freesAt: freesAfter(meter, at),
    resetsAt: feature.type === 'METERED' ? (windowAt(feature, account, at)?.end ?? null) : null,
    isPrepaid: isPrepaid(feature),
    seat: seatTest(subject, at),
  };
}

/** Of an account that cannot be read again nothing more is known than that the units are still held. */
export function freesAfter(meter: Meter | null, at: Instant): Instant | null {
  const frees = meter?.freesAt ?? null;
  return frees !== null && frees > at ? frees : null;
}

function unitsIn(allowance: Entitled['withoutGrace']): Units | null {
  return allowance?.kind === 'UNITS' ? allowance : null;
}

/** The same right with the instant at which time turns it into another one. */
export function withEnd(counted: Counted, subject: Subject): Counted {
  const until = earliest(nextBoundary(subject, counted.from), counted.resetsAt);
  // Where the window ends, every answer shows it.
  if (until === null || until === counted.resetsAt) return { ...counted, until, turnsForAll: true };
  const later = { ...subject, account: accountAt(subject.account, subject.release, until) };
  const after = entitlementOf(later, until);
  const next =
    after.kind === 'ENTITLED' && after.allowance.kind === 'UNITS'
      ? countedAt(later, after, after.allowance, until)
      : null;
  return { ...counted, until, turnsForAll: next === null || !showsTheSame(counted, next) };
}

/** Whether two rights look the same in a decision, whatever its quantity. */
function showsTheSame(one: Counted, other: Counted): boolean {
  return (
    one.units.limit === other.units.limit &&
    one.used === other.used &&
    one.reserved === other.reserved &&
    one.resetsAt === other.resetsAt &&
    sameSeatTest(one.seat, other.seat) &&
    sameSources(one.sources, other.sources)
  );
}

export function sameSources(one: readonly EntitlementSource[], other: readonly EntitlementSource[]): boolean {
  return (
    one.length === other.length &&
    one.every((source, index) => {
      const twin = other[index];
      return twin?.kind === source.kind && twin.id === source.id && twin.key === source.key;
    })
  );
}

export function earliest(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
