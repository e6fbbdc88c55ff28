import type { CustomerAccount } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import type { Subscription } from '../subscription/subscription.js';
import { sameLocalTime } from '../time/calendar.js';
import type { Instant, TimeZone } from '../time/instant.js';
import type { Meter, Span } from './meter.js';
import { contains } from './window.js';

/**
 * The customer in another time zone: a running window keeps its start, and its end moves to the same local
 * date and time in the new zone, to the present if that is past. Anchors keep their local time, so that no window
 * is added or skipped. Periods and trials keep their ends
 * (docs/rules.md, "Time").
 */
export function changeTimeZone(account: CustomerAccount, zone: TimeZone, now: Instant): CustomerAccount {
  if (zone === account.timeZone) return account;
  const meters = new Map<FeatureKey, Meter>();
  for (const meter of account.meters.values()) {
    const window = runs(meter, now) ? moveEnd(meter.window, account.timeZone, zone, now) : meter.window;
    meters.set(meter.feature, { ...meter, window });
  }
  const windowAnchors = new Map<FeatureKey, Instant>();
  for (const [feature, at] of account.windowAnchors) {
    const anchor = sameLocalTime(at, account.timeZone, zone, 'earlier');
    // Where no window is stored yet, an anchor ahead would end one there, and give its limit once more.
    const ahead = anchor > now && !runs(account.meters.get(feature), now);
    windowAnchors.set(feature, ahead ? now : anchor);
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
