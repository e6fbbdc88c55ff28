import {
  type Account,
  hasEnded,
  type Meter,
  type Seat,
  type Sold,
  type Subscription,
  tell,
} from './account.js';
import { calendarStart, lastFrom, nextFrom } from './calendar.js';
import { ADD_ONS, type AddOnKey } from './add-ons.js';
import { type FeatureKey, FEATURES, windowed } from './features.js';
import { limitOf, type PlanKey, PLANS } from './plans.js';
import { givesWindows } from './license-status.js';
import { leftOver, sumOf } from './rollover.js';

/** The plan lists it, or an add-on that was bought brings it. */
export function names(sold: Sold, feature: FeatureKey): boolean {
  return (
    PLANS[sold.plan].entitlements[feature] !== undefined ||
    addOnsOf(sold).some(([key]) => ADD_ONS[key].entitlements[feature] !== undefined)
  );
}

export function addOnsOf({ addOns }: Pick<Subscription, 'addOns'>): [AddOnKey, number][] {
  return (Object.keys(ADD_ONS) as AddOnKey[]).flatMap((key) => {
    const count = addOns[key];
    return count === undefined ? [] : [[key, count] satisfies [AddOnKey, number]];
  });
}

/** By name. */
export function featureKeys(): FeatureKey[] {
  return (Object.keys(FEATURES) as FeatureKey[]).sort();
}

/** The beginning of what gives a feature; null while nothing does. A pause is no break. */
function hadSince(account: Account, feature: FeatureKey, at: number): number | null {
  const bySubscription = account.subscriptions.some(
    (subscription) =>
      !hasEnded(subscription) && subscription.status !== 'SCHEDULED' && names(subscription, feature),
  );
  const byLicense = account.licenses.some((license) => givesWindows(license) && names(license, feature));
  if (bySubscription || byLicense) return at;
  const grants = account.grants.filter(
    (grant) => grant.feature === feature && grant.effect !== 'BLOCK' && grant.status === 'ACTIVE',
  );
  return grants.length === 0 ? null : Math.min(...grants.map(({ holdsFrom }) => holdsFrom));
}

/** Begins the windows of features that the customer has from `at` on, and did not have before. */
export function beginWindows(account: Account, at: number): void {
  for (const feature of featureKeys()) {
    const spec = windowed(feature);
    if (spec === null) continue;
    const since = hadSince(account, feature, at);
    const meter = meterOf(account, feature);
    if (since === null) {
      meter.lost ??= { at, turn: account.turn };
      continue;
    }
    // Handed over at one instant: no break.
    const handedOver = meter.lost === null || (meter.lost.at === at && meter.lost.turn === account.turn);
    const goesOn = meter.window !== null && handedOver;
    const atRest = isAtRest(account, feature);
    meter.lost = null;
    if (goesOn) continue;
    // A start that is dated back rolls over nothing from before it was written: of those windows nobody is told.
    const from = rolls(feature) ? Math.max(at, account.rollsFrom) : at;
    if (spec.anchor === 'calendar') {
      const isOver = meter.window !== null && meter.window.end <= from;
      if (meter.window === null || (isOver && atRest))
        meter.window = windowAt(account, feature, calendarStart(from, spec.window, account.zone), from);
    } else {
      // A used window runs to its end, so that a break is no way to a fresh limit; the next is counted anew.
      const running = isInUse(account, feature) ? meter.window : null;
      const window = windowAt(account, feature, since, from);
      meter.window = running && window ? { ...running, anchor: window.anchor } : window;
    }
  }
}

export function meterOf(account: Account, feature: FeatureKey): Meter {
  const meter = account.meters.get(feature) ?? {
    used: 0,
    everUsed: false,
    lost: null,
    window: null,
    told: new Set(),
    rolled: [],
    closed: [],
  };
  account.meters.set(feature, meter);
  return meter;
}

/** Those that cool down among them. */
export function takenSeats({ seats }: Account, feature: FeatureKey): Seat[] {
  return seats.filter((seat) => seat.feature === feature);
}

/** Units, or seats that are taken. */
export function usedOf(account: Account, feature: FeatureKey): number {
  return FEATURES[feature].type === 'seats'
    ? takenSeats(account, feature).length
    : meterOf(account, feature).used;
}

/** What open reservations and leases hold in the running window. */
export function reservedOf({ reservations, leases }: Account, feature: FeatureKey): number {
  return [...reservations, ...leases]
    .filter((one) => one.feature === feature && one.status === 'OPEN' && one.inWindow)
    .reduce((total, { quantity }) => total + quantity, 0);
}

function isInUse(account: Account, feature: FeatureKey): boolean {
  return meterOf(account, feature).used > 0 || reservedOf(account, feature) > 0;
}

/** What was used in a window that is over. */
export function correctWindow(account: Account, feature: FeatureKey, at: number, quantity: number): void {
  const window = meterOf(account, feature).closed.find(({ start, end }) => start <= at && at < end);
  if (window) window.used += quantity;
}

export function windowAt(account: Account, feature: FeatureKey, anchor: number, at: number): Meter['window'] {
  const spec = windowed(feature);
  if (spec === null) return null;
  const end = nextFrom(anchor, spec.window, account.zone, at);
  return { start: lastFrom(anchor, spec.window, account.zone, at), end, anchor };
}

/** At its end: the next one runs, and what was prorated for it is whole again. */
export function turnWindow(account: Account, feature: FeatureKey, meter: Meter): void {
  if (meter.window === null) return;
  const { anchor, end } = meter.window;
  const isProrated = account.subscriptions.some((one) => givesOtherNumber(one, feature));
  const isHad = !wasLost(meter) || meter.rolled.length > 0;
  const rolled = leftOver(account, feature, meter, { taken: meter.used + reservedOf(account, feature), end });
  closeWindow(account, feature, meter, end, isProrated || (rolls(feature) && isHad));
  meter.rolled = rolled;
  const spec = windowed(feature);
  if (spec !== null)
    meter.window = { anchor, start: end, end: nextFrom(anchor, spec.window, account.zone, end) };
}

/** Nobody closes its windows: it rolls over, and the customer neither had it at their end nor has anything in it. */
export function isAtRest(account: Account, feature: FeatureKey): boolean {
  const meter = meterOf(account, feature);
  return rolls(feature) && wasLost(meter) && meter.rolled.length === 0 && !isInUse(account, feature);
}

/** Before the window ends: what is lost at that very instant was had in all of it. */
function wasLost({ lost, window }: Meter): boolean {
  return lost !== null && (window === null || lost.at < window.end);
}

/** Whether it is written down which window runs. */
export function hasCounter(account: Account, feature: FeatureKey): boolean {
  return meterOf(account, feature).everUsed || rolls(feature);
}

function rolls(feature: FeatureKey): boolean {
  return windowed(feature)?.rollover !== undefined;
}

/** Whether its number for this window is another than for the next: that the window ends is told also where nothing was used. */
function givesOtherNumber(subscription: Subscription, feature: FeatureKey): boolean {
  const prorated = subscription.prorated.get(feature);
  const own = limitOf(PLANS[subscription.plan].entitlements[feature])?.limit;
  return !hasEnded(subscription) && prorated !== undefined && prorated !== own;
}

/** `usage: reset`: a new window of each feature that the old plan gave, or the new one gives, begins now. */
export function resetWindows(account: Account, plans: readonly PlanKey[], at: number): void {
  for (const feature of featureKeys()) {
    const spec = windowed(feature);
    if (spec === null || !plans.some((plan) => PLANS[plan].entitlements[feature])) continue;
    const meter = meterOf(account, feature);
    // Dated before the running window, by an import or a late payment: what was counted since is left alone.
    if (meter.window !== null && at < meter.window.start) {
      if (spec.anchor !== 'subscription') continue;
      const anchor = Math.max(meter.window.anchor, at);
      if (meter.everUsed) meter.window.anchor = anchor;
      else meter.window = windowAt(account, feature, anchor, account.now);
      continue;
    }
    // A window that begins at that very instant is not closed: what had been rolled into it is told as lost.
    if (meter.window?.start === at && sumOf(meter) > 0) tell(account, 'usage.rollover_expired', feature, at);
    closeWindow(account, feature, meter, at, rolls(feature));
    meter.rolled = [];
    const anchor = spec.anchor === 'calendar' ? calendarStart(at, spec.window, account.zone) : at;
    const window = windowAt(account, feature, anchor, at);
    // Where nothing was ever counted there is no counter that would hold another start than the calendar's.
    const isHeld = spec.anchor === 'subscription' || hasCounter(account, feature);
    meter.window = window && { ...window, start: isHeld ? at : window.start };
  }
}

function closeWindow(account: Account, feature: FeatureKey, meter: Meter, at: number, always = false): void {
  // Cut at the instant at which it begins, it is no window.
  const hasLength = meter.window === null || meter.window.start < at;
  spendLeasesOfWindow(account, feature, { meter, at });
  if (hasLength && (isInUse(account, feature) || always)) {
    tell(account, 'usage.window_closed', feature, at);
    if (meter.window) meter.closed.push({ start: meter.window.start, end: at, used: meter.used });
  }
  meter.used = 0;
  for (const one of account.reservations) if (one.feature === feature) one.inWindow = false;
  for (const subscription of account.subscriptions) subscription.prorated.delete(feature);
}

/** Leases end with the window, and count in it; that they have is told when it is their turn. Budgets count in it, and go on. */
function spendLeasesOfWindow(
  { leases, met }: Account,
  feature: FeatureKey,
  { meter, at }: { readonly meter: Meter; readonly at: number },
): void {
  for (const lease of leases) {
    if (lease.feature !== feature || !lease.inWindow) continue;
    lease.inWindow = false;
    if (lease.status !== 'OPEN') continue;
    meter.used += lease.quantity;
    if (lease.file !== null) {
      met.push('a budget is spent in a window that is over');
      continue;
    }
    lease.status = 'SPENT';
    lease.takenAlong = at;
    met.push('a lease ends with its window');
  }
}
