import { type Account, tell } from './account.js';
import { endBlock, giveCredits } from './credits.js';
import { ownLimit } from './entitlements.js';
import { correctableUntil, leaseDues } from './leases.js';
import { licenseDues } from './licenses.js';
import { placeDues } from './machines.js';
import { expire } from './reservations.js';
import { endLots, nextEnd } from './rollover.js';
import { seatDues } from './seats.js';
import { subscriptionDues } from './subscription-dues.js';
import { beginWindows, featureKeys, isAtRest, turnWindow } from './windows.js';

interface Due {
  readonly at: number;
  /** Due at one instant, in this order. */
  readonly kind: number;
  readonly id: string;
  happen(): void;
}

const [
  CANCEL,
  CHANGE,
  TRIAL,
  GRACE,
  RESUME,
  PERIOD,
  WINDOW,
  LOT,
  LICENSE,
  GRANT,
  BLOCK,
  SEAT,
  RESERVATION,
  LEASE,
  PLACE,
  START,
  ARCHIVE,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

const SUBSCRIPTION_KINDS = {
  cancel: CANCEL,
  change: CHANGE,
  trial: TRIAL,
  grace: GRACE,
  resume: RESUME,
  period: PERIOD,
  start: START,
  archive: ARCHIVE,
};
const LICENSE_KINDS = { start: START, end: LICENSE, period: PERIOD, archive: ARCHIVE, place: PLACE };

/** Lets time pass up to `now`: all that is due, in order, each at its own instant. */
export function passTime(account: Account, now: number): void {
  let at = account.commandAt ?? account.now;
  account.commandAt = null;
  account.now = now;
  noteOwn(account);
  // What a command gives is told before the end of leases whose windows it has cut.
  if (account.leases.some(({ takenAlong }) => takenAlong === at)) giveCredits(account, at);
  for (;;) {
    const [first] = dues(account).sort(inOrder);
    // After all else that happens at an instant.
    if ((!first || first.at > at) && giveCredits(account, at)) continue;
    if (!first || first.at > now) return;
    if (first.at !== at) noteOwn(account);
    at = first.at;
    first.happen();
  }
}

/** What changes at the very end of a window did not count in it. */
function noteOwn(account: Account): void {
  account.own = new Map(featureKeys().map((feature) => [feature, ownLimit(account, feature)]));
}

/** The instants ahead at which time changes something, or what may still be done. */
export function boundaries(account: Account): number[] {
  const correctable = account.leases.filter(({ status, inWindow }) => status === 'SPENT' && inWindow);
  const all = [...dues(account).map(({ at }) => at), ...correctable.map(correctableUntil)].filter(
    (at) => at > account.now,
  );
  return [...new Set(all)].sort((one, other) => one - other);
}

function inOrder(one: Due, other: Due): number {
  return one.at - other.at || one.kind - other.kind || (one.id < other.id ? -1 : 1);
}

function dues(account: Account): Due[] {
  const subscriptions = account.subscriptions
    .flatMap((subscription) => subscriptionDues(account, subscription))
    .map(({ kind, ...due }) => ({ ...due, kind: SUBSCRIPTION_KINDS[kind] }));
  const windows = [...account.meters].flatMap(([feature, meter]) =>
    meter.window === null || isAtRest(account, feature)
      ? []
      : [
          {
            at: meter.window.end,
            kind: WINDOW,
            id: feature,
            happen: () => turnWindow(account, feature, meter),
          },
        ],
  );
  const lots = [...account.meters].flatMap(([feature, meter]): Due[] => {
    const at = nextEnd(meter);
    return at === null
      ? []
      : [{ at, kind: LOT, id: feature, happen: () => endLots(account, feature, meter, at) }];
  });
  const licenses = account.licenses.flatMap((license) =>
    [...licenseDues(account, license), ...placeDues(account, license)].map(({ kind, ...due }) => ({
      ...due,
      kind: LICENSE_KINDS[kind],
    })),
  );
  const grants = account.grants.flatMap((grant): Due[] => {
    const { id, startsAt, expiresAt } = grant;
    if (grant.status === 'SCHEDULED')
      return [{ at: startsAt, kind: START, id, happen: () => become('ACTIVE', 'started', startsAt) }];
    if (grant.status === 'ACTIVE' && expiresAt !== null)
      return [{ at: expiresAt, kind: GRANT, id, happen: () => become('EXPIRED', 'expired', expiresAt) }];
    return [];
    function become(status: 'ACTIVE' | 'EXPIRED', event: string, at: number): void {
      grant.status = status;
      beginWindows(account, at);
      tell(account, `grant.${event}`, id, at);
    }
  });
  const blocks = account.blocks.flatMap((block): Due[] => {
    const { id, status, expiresAt: at } = block;
    if (status !== 'LIVE' || at === null) return [];
    return [{ at, kind: BLOCK, id, happen: () => endBlock(account, block, 'EXPIRED', at) }];
  });
  const reservations = account.reservations
    .filter(({ status }) => status === 'OPEN')
    .map((one): Due => {
      const { id, expiresAt: at } = one;
      return { at, kind: RESERVATION, id, happen: () => expire(account, one) };
    });
  return [
    ...subscriptions,
    ...windows,
    ...lots,
    ...licenses,
    ...grants,
    ...blocks,
    ...seatDues(account).map((due) => ({ ...due, kind: SEAT })),
    ...reservations,
    ...leaseDues(account).map((due) => ({ ...due, kind: LEASE })),
  ];
}
