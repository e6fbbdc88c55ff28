import { type Account, meet, Refusal, type Seat, type Subscription, tell } from './account.js';
import { boughtWith, type Lists, transitionOf } from './bought.js';
import { plus } from './calendar.js';
import { type FeatureKey, FEATURES } from './features.js';
import type { PlanKey } from './plans.js';
import { type Answer, bounds, entitlementOf, poolBound } from './entitlements.js';
import { featureKeys, takenSeats } from './windows.js';

/** What an assignment or lease is answered with; null: no seat. */
export interface SeatAnswer {
  readonly allowed: boolean;
  readonly code: string;
  readonly seat: Seat | null;
}

function seatsSpec(feature: FeatureKey): Extract<(typeof FEATURES)[FeatureKey], { type: 'seats' }> {
  const spec = FEATURES[feature];
  if (spec.type !== 'seats') throw new Refusal('BAD_USER_INPUT');
  return spec;
}

function seatOf(account: Account, feature: FeatureKey, member: string): Seat | undefined {
  return takenSeats(account, feature).find((seat) => seat.member === member);
}

interface Taking {
  /** Of the seat that the product has made. */
  readonly id: string;
  readonly feature: FeatureKey;
  readonly member: string;
}

/** A named seat; to its last holder also one that cools down. */
export function assignSeat(account: Account, taking: Taking): SeatAnswer {
  const { feature, member } = taking;
  if (seatsSpec(feature).kind !== 'named') throw new Refusal('BAD_USER_INPUT');
  const own = seatOf(account, feature, member);
  const { allowed, code } = asked(account, feature, own);
  if (!allowed) return { allowed, code, seat: heldBy(own) };
  if (!own) return { allowed, code, seat: take(account, taking, null) };
  if (own.freeAt !== null) {
    own.freeAt = null;
    tell(account, 'seat.assigned', own.id, account.now);
  }
  return { allowed, code, seat: own };
}

/** A floating one; renewed it never ends sooner. */
export function leaseSeat(account: Account, taking: Taking, ttl: string | null): SeatAnswer {
  const { feature, member } = taking;
  const spec = seatsSpec(feature);
  if (spec.kind !== 'floating') throw new Refusal('BAD_USER_INPUT');
  const own = seatOf(account, feature, member);
  const { allowed, code } = asked(account, feature, own);
  if (!allowed) return { allowed, code, seat: heldBy(own) };
  const until = plus(account.now, ttl ?? spec.lease, account.zone);
  if (!own) return { allowed, code, seat: take(account, taking, until) };
  own.leaseExpiresAt = Math.max(own.leaseExpiresAt ?? 0, until);
  return { allowed, code, seat: own };
}

/** Denied or not, a holder is answered with the seat it has. */
function heldBy(own: Seat | undefined): Seat | null {
  return own?.freeAt === null ? own : null;
}

/** Like one unit on top of those that are taken; who has one takes none. */
function asked(
  account: Account,
  feature: FeatureKey,
  own: Seat | undefined,
): Pick<Answer, 'allowed' | 'code'> {
  const answer = entitlementOf(account, feature, own ? 0 : 1);
  if (answer.code !== 'NO_SEAT') return answer;
  const cooling = takenSeats(account, feature).filter(({ freeAt }) => freeAt !== null).length;
  const wouldFit = cooling > 0 && entitlementOf(account, feature, 1 - cooling).allowed;
  return wouldFit ? { allowed: false, code: 'SEAT_COOLDOWN' } : answer;
}

function take(account: Account, { id, feature, member }: Taking, leaseExpiresAt: number | null): Seat {
  const seat: Seat = { id, feature, member, assignedAt: account.now, leaseExpiresAt, freeAt: null };
  account.seats.push(seat);
  tell(account, 'seat.assigned', id, account.now);
  return seat;
}

/** Always done. A named seat cools down before another member may have it. */
export function releaseSeat(account: Account, feature: FeatureKey, member: string): void {
  const spec = seatsSpec(feature);
  const own = seatOf(account, feature, member);
  if (!own || own.freeAt !== null) return;
  if (spec.kind === 'named') own.freeAt = plus(account.now, spec.cooldown, account.zone);
  else drop(account, own);
  tell(account, 'seat.released', own.id, account.now);
}

function drop(account: Account, seat: Seat): void {
  account.seats.splice(account.seats.indexOf(seat), 1);
}

export interface SeatDue {
  readonly at: number;
  readonly id: string;
  happen(): void;
}

export function seatDues(account: Account): SeatDue[] {
  const ends = account.seats.flatMap((seat): SeatDue[] => {
    const { id, leaseExpiresAt, freeAt } = seat;
    const at = leaseExpiresAt ?? freeAt;
    const event = leaseExpiresAt === null ? 'seat.freed' : 'seat.expired';
    if (at === null) return [];
    const happen = (): void => {
      drop(account, seat);
      tell(account, event, id, at);
    };
    return [{ at, id, happen }];
  });
  const releases = account.subscriptions.flatMap((subscription): SeatDue[] => {
    const { id, seatsRelease } = subscription;
    if (seatsRelease === null) return [];
    const happen = (): void => {
      subscription.seatsRelease = null;
      for (const feature of seatsRelease.features) releaseNewest(account, feature, seatsRelease.at);
    };
    return [{ at: seatsRelease.at, id, happen }];
  });
  return [...ends, ...releases];
}

/** Until the others fit: first those that only cool down, then those that were assigned last. */
function releaseNewest(account: Account, feature: FeatureKey, at: number): void {
  const bound = poolBound(account, feature);
  if (bound === null || bound.ceiling === 'unlimited') return;
  const goFirst = [...takenSeats(account, feature)].sort(
    (one, other) =>
      Number(other.freeAt !== null) - Number(one.freeAt !== null) ||
      other.assignedAt - one.assignedAt ||
      (one.id < other.id ? 1 : -1),
  );
  for (const seat of goFirst.slice(0, Math.max(0, goFirst.length - bound.ceiling))) {
    drop(account, seat);
    meet(account, 'seats above are released');
    tell(account, seat.freeAt === null ? 'seat.released' : 'seat.freed', seat.id, at);
  }
}

/** The pools that a change makes smaller, and in which more are held than fit afterwards. */
function poolsAbove(account: Account, changed: Account): { lowered: FeatureKey[]; above: FeatureKey[] } {
  const lowered = featureKeys().filter((feature) => {
    if (FEATURES[feature].type !== 'seats') return false;
    const [before, after] = [bounds(account, feature).limit, bounds(changed, feature).limit];
    return after !== 'unlimited' && (before === 'unlimited' || after < before);
  });
  const above = lowered.filter((feature) => {
    const held = takenSeats(account, feature).filter(({ freeAt }) => freeAt === null).length;
    const { ceiling } = bounds(changed, feature);
    return ceiling !== 'unlimited' && held > ceiling;
  });
  return { lowered, above };
}

/** As if a subscription were on another plan. */
function withPlan(account: Account, subscription: Subscription, plan: PlanKey, lists: Lists): Account {
  const moved = { ...subscription, plan, ...boughtWith(subscription, plan, lists) };
  const subscriptions = account.subscriptions.map((one) => (one === subscription ? moved : one));
  return { ...account, subscriptions };
}

/** Whether a transition that refuses seats above the limit has to. */
export function refusesSeats(
  account: Account,
  subscription: Subscription,
  plan: PlanKey,
  lists: Lists,
): boolean {
  if (transitionOf(subscription.plan, plan)?.seatsAbove !== 'refuse') return false;
  return poolsAbove(account, withPlan(account, subscription, plan, lists)).above.length > 0;
}

/** What becomes of the seats once a plan has changed: nothing yet, or the newest go when the time is over. */
export function seatsReleaseAfter(
  account: Account,
  subscription: Subscription,
  to: { readonly plan: PlanKey; readonly lists: Lists },
  at: number,
): Subscription['seatsRelease'] {
  const seatsAbove = transitionOf(subscription.plan, to.plan)?.seatsAbove;
  const { lowered, above } = poolsAbove(account, withPlan(account, subscription, to.plan, to.lists));
  if (typeof seatsAbove !== 'object') {
    if (above.length > 0) meet(account, 'seats above are kept');
    return null;
  }
  if (lowered.length === 0) return null;
  return { at: plus(at, seatsAbove.releaseNewestAfter, account.zone), features: lowered };
}
