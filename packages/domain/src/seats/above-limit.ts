import { NOBODY } from '../decision/asker.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { AccountChange, CustomerEvent } from '../subscription/command.js';
import { entitlementOf } from '../decision/entitlement.js';
import type { SeatsFeature } from '../catalog/catalog.js';
import type { LiveSubscription } from '../subscription/subscription.js';
import type { Instant } from '../time/instant.js';
import { givenBackUntil, isBorrowed, isHeld, putSeat, type Seat } from './seat.js';

/**
 * Whether a change of plan leaves more seats held than the customer then has; where no source gives any, that is any. What was
 * above the limit before is no matter of the change.
 */
export function endsAboveLimit(
  before: CustomerAccount,
  after: CustomerAccount,
  release: Release,
  at: Instant,
): SeatsFeature | null {
  const limitIn = (account: CustomerAccount, feature: SeatsFeature): number =>
    mostIn(account, release, feature, at) ?? 0;
  const above = seatsFeatures(release).find((feature) => {
    const limit = limitIn(after, feature);
    return heldIn(after, feature) > limit && limit < limitIn(before, feature);
  });
  return above ?? null;
}

/**
 * `releaseNewestAfter`: the time is over, and of each feature those that were assigned last go until the others fit.
 * Without a live source seats are kept and give nothing (docs/rules.md, "Seats").
 */
export function releaseNewest(
  account: CustomerAccount,
  subscription: LiveSubscription,
  release: Release,
  at: Instant,
): AccountChange {
  const subscriptions = account.subscriptions.map((one) =>
    one.id === subscription.id ? { ...subscription, seatsReleasedAt: null } : one,
  );
  let current: CustomerAccount = { ...account, subscriptions };
  const events: CustomerEvent[] = [];
  for (const feature of seatsFeatures(release)) {
    const most = mostIn(current, release, feature, at);
    if (most === null) continue;
    let above = (current.meters.get(feature.key)?.used ?? 0) - most;
    for (const seat of goingFirst(current, feature, at)) {
      if (above <= 0) break;
      above -= 1;
      const after = givenBackUntil(seat, at, at);
      current = putSeat(current, seat, after);
      if (isHeld(seat)) events.push({ type: 'seat.released', at, seat: { before: seat, after } });
      else if (after === null) events.push({ type: 'seat.freed', at, seat: { before: seat, after } });
    }
  }
  return { account: current, events };
}

/** The most that may be taken of an account at `at`, to which it has been brought; null: no source gives any. */
function mostIn(
  account: CustomerAccount,
  release: Release,
  feature: SeatsFeature,
  at: Instant,
): number | null {
  const right = entitlementOf({ account, release, feature, context: 'ANY', asker: NOBODY }, at);
  if (right.kind !== 'ENTITLED' || right.allowance.kind !== 'UNITS') return null;
  return right.allowance.ceiling ?? Infinity;
}

/**
 * Nobody loses a seat to one that nobody holds. Of those of one instant the higher id goes first. Those that machines out of
 * reach use go last, and with their files: they are used till then all the same.
 */
function goingFirst(account: CustomerAccount, { key }: SeatsFeature, at: Instant): Seat[] {
  const place = (seat: Seat): number => (isBorrowed(seat, at) ? 2 : 0) + (isHeld(seat) ? 1 : 0);
  return account.seats
    .filter(({ feature }) => feature === key)
    .sort(
      (one, other) =>
        place(one) - place(other) || other.assignedAt - one.assignedAt || (one.id < other.id ? 1 : -1),
    );
}

function heldIn({ seats }: CustomerAccount, { key }: SeatsFeature): number {
  return seats.filter((seat) => seat.feature === key && isHeld(seat)).length;
}

function seatsFeatures({ catalog }: Release): SeatsFeature[] {
  return [...catalog.features.values()].flatMap((feature) => (feature.type === 'SEATS' ? [feature] : []));
}
