import { type Account, type License, meet, type Meter, type Sold, tell } from './account.js';
import { calendarStart, lastFrom, nextFrom, sameLocalTime } from './calendar.js';
import { type FeatureKey, type WindowedSpec, windowed } from './features.js';
import { PLANS } from './plans.js';
import { featureKeys, hasCounter, meterOf, windowAt } from './windows.js';

/** Another zone for the customer: windows that run keep their start, and end at the same local time in it. */
export function moveZone(account: Account, customerId: string, zone: string): void {
  const { zone: from, now } = account;
  if (zone === from) return;
  for (const feature of featureKeys()) {
    const spec = windowed(feature);
    if (spec !== null) moveWindow(account, feature, spec, zone);
  }
  for (const license of account.licenses) movePeriod(license, zone, now);
  account.zone = zone;
  tell(account, 'customer.updated', customerId, now);
}

function moveWindow(account: Account, feature: FeatureKey, spec: WindowedSpec, zone: string): void {
  const { zone: from, now } = account;
  const meter = meterOf(account, feature);
  if (meter.window === null) return;
  const { start, end, anchor } = runningWindow(account, feature, spec, meter.window);
  const movedAnchor = sameLocalTime(anchor, from, zone, 'earlier');
  if (!hasCounter(account, feature)) {
    meter.window = movedUncounted(account, spec, { start, anchor: movedAnchor }, zone);
    return;
  }
  const moved = sameLocalTime(end, from, zone);
  if (moved <= now) meet(account, 'another zone ends a window');
  if (moved > end) meet(account, 'another zone makes a window longer');
  meter.window = { start, end: Math.max(moved, now), anchor: movedAnchor };
}

/** Nobody has turned it while it was at rest. */
function runningWindow(
  account: Account,
  feature: FeatureKey,
  spec: WindowedSpec,
  window: NonNullable<Meter['window']>,
): NonNullable<Meter['window']> {
  const { zone, now } = account;
  if (window.end > now) return window;
  const anchor = spec.anchor === 'calendar' ? calendarStart(now, spec.window, zone) : window.anchor;
  return windowAt(account, feature, anchor, now) ?? window;
}

/** Counted from the move where the window that has just begun would begin once more; else from where its anchor lies now. */
function movedUncounted(
  { zone: from, now }: Account,
  { anchor: kind, window }: WindowedSpec,
  { start, anchor }: { readonly start: number; readonly anchor: number },
  zone: string,
): Meter['window'] {
  const again = anchor > now || sameLocalTime(start, from, zone) > now;
  const origin = kind === 'calendar' ? calendarStart(now, window, zone) : again ? now : anchor;
  return {
    start: lastFrom(origin, window, zone, now),
    end: nextFrom(origin, window, zone, now),
    anchor: origin,
  };
}

/** Its period goes on: the one in the new zone that begins nearest. */
function movePeriod(license: License, zone: string, now: number): void {
  const { period } = PLANS[license.plan];
  if (period === undefined || now < license.startsAt) return;
  const nearest = (start: number): number => {
    const last = lastFrom(license.startsAt, period, zone, start);
    const next = nextFrom(license.startsAt, period, zone, start);
    return next - start < start - last ? next : last;
  };
  license.periodStart = nearest(license.periodStart);
  moveGifts(license, nearest);
}

function moveGifts({ given }: Sold, nearest: (start: number) => number): void {
  for (const [name, start] of given) given.set(name, nearest(start));
}
