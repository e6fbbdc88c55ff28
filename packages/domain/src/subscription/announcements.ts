import type { CustomerAccount, Release } from '../customer.js';
import { speaksUntil } from '../decision/sources.js';
import { instant, type Instant } from '../time/instant.js';
import { isInUse } from '../usage/meter.js';
import { windowAt } from '../usage/window.js';
import type { CustomerEvent } from './command.js';
import { expiringSoonAt, nextExpiringSoon } from './expiring-soon.js';
import { isLive } from './state.js';

/** The first instant after `toldUntil` at which time is told of though it changes nothing in the account; null: none. */
export function nextAnnouncement(
  account: CustomerAccount,
  release: Release,
  toldUntil: Instant,
): Instant | null {
  let next = nextExpiringSoon(account, release, toldUntil);
  for (const { at } of endings(account, release)) {
    if (at > toldUntil && (next === null || at < next)) next = at;
  }
  return next;
}

/** What is told at `at`. */
export function announcementsAt(account: CustomerAccount, release: Release, at: Instant): CustomerEvent[] {
  return [
    ...endings(account, release).filter((event) => event.at === at),
    ...expiringSoonAt(account, release, at),
  ];
}

function endings(account: CustomerAccount, release: Release): CustomerEvent[] {
  return [...prorationEnds(account, release), ...archivals(account)];
}

/** From then on an ended subscription is no reason for a denial any more: docs/rules.md, "Decision codes", row 6. */
function archivals(account: CustomerAccount): CustomerEvent[] {
  const ended = account.subscriptions.filter((one) => !isLive(one));
  // Of several at one instant the lower id comes first.
  return ended
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .map((one) => {
      return { type: 'subscription.archived', at: speaksUntil(one, account), before: one, after: one };
    });
}

/** A prorated limit ends with its window, also where nothing was used and nobody needs to close that. */
function prorationEnds(account: CustomerAccount, release: Release): CustomerEvent[] {
  return account.subscriptions.filter(isLive).flatMap(({ prorations }) =>
    [...prorations].flatMap(([key, { until }]): CustomerEvent[] => {
      const feature = release.catalog.features.get(key);
      const meter = account.meters.get(key);
      const isClosed = meter?.window != null && (isInUse(meter) || meter.window.start >= until);
      // Of what rolls over every window is closed.
      if (feature?.type !== 'METERED' || feature.rollover !== null || isClosed) return [];
      const window = windowAt(feature, account, instant(until - 1));
      return window === null
        ? []
        : [
            {
              type: 'usage.window_closed',
              at: until,
              feature: key,
              window: { ...window, end: until },
              used: 0,
            },
          ];
    }),
  );
}
