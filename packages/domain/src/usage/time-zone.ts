import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import type { Subscription } from '../subscription/subscription.js';
import { sameLocalTime, spanFromAnchor } from '../time/calendar.js';
import type { Instant, TimeZone } from '../time/instant.js';
import { isInUse, type Meter, type Span } from './meter.js';
import { withCounters } from './rollover.js';
import { contains, meterAt } from './window.js';

/**
 * The customer in another time zone: a running window keeps its start, and its end moves to the same local
 * date and time in the new zone, to the present if that is past. Anchors keep their local time, so that no window
 * is added or skipped. Periods and trials keep their ends
 * (docs/rules.md, "Time").
 */
export function changeTimeZone(
  account: CustomerAccount,
  release: Release,
  zone: TimeZone,
  now: Instant,
): CustomerAccount {
  if (zone === account.timeZone) return account;
  const meters = new Map<FeatureKey, Meter>();
  for (const stored of withCounters(account, release).meters.values()) {
    const meter = runningMeter(stored, account, release, now);
    const window = runs(meter, now) ? moveEnd(meter.window, account.timeZone, zone, now) : meter.window;
    meters.set(meter.feature, { ...meter, window });
  }
  const windowAnchors = new Map<FeatureKey, Instant>();
  for (const [feature, at] of account.windowAnchors) {
    const anchor = sameLocalTime(at, account.timeZone, zone, 'earlier');
    const isHeld = runs(meters.get(feature), now);
    const begins = !isHeld && beginsAgain(account, release, { feature, from: at, to: anchor, zone, now });
    windowAnchors.set(feature, begins ? now : anchor);
  }
  const subscriptions = account.subscriptions.map((one) => movedProrations(one, account.timeZone, zone, now));
  return { ...account, timeZone: zone, windowAnchors, subscriptions, meters };
}

/** A prorated limit ends with its window. */
function movedProrations(
  subscription: Subscription,
  from: TimeZone,
  to: TimeZone,
  now: Instant,
): Subscription {
  const running = [...subscription.prorations].filter(([, { until }]) => until > now);
  if (running.length === 0) return subscription;
  const moved = running.map(([feature, { limit, until }]) => {
    return [feature, { limit, until: endIn(until, from, to, now) }] as const;
  });
  return { ...subscription, prorations: new Map(moved) };
}

/** A counter in which nothing was used since its window was over is told of the next one when it is asked: its end moves, too. */
function runningMeter(stored: Meter, account: CustomerAccount, release: Release, now: Instant): Meter {
  const feature = release.catalog.features.get(stored.feature);
  const isOver = stored.window !== null && stored.window.end <= now && !isInUse(stored);
  return isOver && feature?.type === 'METERED' ? meterAt(account, feature, now) : stored;
}

interface MovedAnchor {
  readonly feature: FeatureKey;
  readonly from: Instant;
  readonly to: Instant;
  readonly zone: TimeZone;
  readonly now: Instant;
}

/**
 * Whether the window that has begun in the old zone begins once more, later, in the new one: where no counter
 * holds it, its limit would be given twice.
 */
function beginsAgain(
  account: CustomerAccount,
  { catalog }: Release,
  { feature: key, from, to, zone, now }: MovedAnchor,
): boolean {
  const feature = catalog.features.get(key);
  if (to > now) return true;
  if (feature?.type !== 'METERED' || feature.window === null) return false;
  const { every } = feature.window;
  const begun = spanFromAnchor(from, every, account.timeZone, now).start;
  return sameLocalTime(begun, account.timeZone, zone) > now;
}

function runs(meter: Meter | undefined, now: Instant): meter is Meter & { readonly window: Span } {
  return meter?.window != null && contains(meter.window, now);
}

function moveEnd(window: Span, from: TimeZone, to: TimeZone, now: Instant): Span {
  return { start: window.start, end: endIn(window.end, from, to, now) };
}

function endIn(end: Instant, from: TimeZone, to: TimeZone, now: Instant): Instant {
  const moved = sameLocalTime(end, from, to);
  return moved > now ? moved : now;
}
