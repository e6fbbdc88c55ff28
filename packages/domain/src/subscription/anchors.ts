import type { Catalog, MeteredFeature } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import { endedAt, type Holding, holdingsOf, isLicense } from '../holding.js';
import type { FeatureKey } from '../ids.js';
import type { Instant } from '../time/instant.js';
import { isInUse, type Meter, type Span, unusedMeter } from '../usage/meter.js';
import { lentIn } from '../usage/quota-lease.js';
import { sumOf, withCounters } from '../usage/rollover.js';
import { meterAt, windowAt } from '../usage/window.js';
import type { AccountChange, CustomerEvent } from './command.js';
import type { Subscription } from './subscription.js';

/**
 * Window anchors brought in line with what is live at `at`: a feature gained is anchored there, one lost loses its anchor.
 * Called once for all that happens at one instant, so that a feature handed over without a break keeps its anchor.
 */
export function reconcileAnchors(account: CustomerAccount, release: Release, at: Instant): CustomerAccount {
  const named = namedByLive(account);
  const gained = windowedFeatures(release.catalog, named).filter(
    ({ key }) => !account.windowAnchors.has(key),
  );
  const kept = [...account.windowAnchors].filter(([key]) => named.has(key));
  if (gained.length === 0 && kept.length === account.windowAnchors.size) return account;
  const windowAnchors = new Map([...kept, ...gained.map(({ key }) => [key, at] as const)]);
  return gained.reduce<CustomerAccount>((result, feature) => restartIdle(result, feature, at), {
    ...account,
    windowAnchors,
  });
}

/**
 * `usage: reset`: every window of a feature that the subscription names before or after the change ends at `at` and
 * another begins; what was used in a window cut short is told as `usage.window_closed`.
 */
export function resetWindows(
  account: CustomerAccount,
  release: Release,
  change: { readonly before: Subscription; readonly after: Subscription; readonly at: Instant },
): AccountChange {
  const named = new Set([...namedBy(change.before), ...namedBy(change.after)]);
  const features = windowedFeatures(release.catalog, named);
  return features.reduce<AccountChange>(
    (result, feature) => {
      const reset = resetWindow(result.account, feature, change.at);
      return { account: reset.account, events: [...result.events, ...reset.events] };
    },
    { account: withoutProrations(withCounters(account, release), features), events: [] },
  );
}

/** A window that begins anew has its whole limit. */
function withoutProrations(account: CustomerAccount, features: readonly MeteredFeature[]): CustomerAccount {
  const reset = new Set(features.map(({ key }) => key));
  const subscriptions = account.subscriptions.map((one) =>
    [...one.prorations.keys()].some((key) => reset.has(key))
      ? { ...one, prorations: new Map([...one.prorations].filter(([key]) => !reset.has(key))) }
      : one,
  );
  return { ...account, subscriptions };
}

/** The features that a holding's plan or add-ons list. */
export function namedBy(holding: Holding): ReadonlySet<FeatureKey> {
  const addOns = isLicense(holding) ? [] : holding.addOns;
  const added = addOns.flatMap(({ addOn }) => [...addOn.entitlements.keys()]);
  return new Set([...holding.planVersion.plan.entitlements.keys(), ...added]);
}

/** By what is written of each, not by its dates: an import that began before them takes nothing away. */
function namedByLive(account: CustomerAccount): ReadonlySet<FeatureKey> {
  const granted = account.grants.filter(
    ({ effect, status }) => effect.kind !== 'BLOCK' && status === 'ACTIVE',
  );
  return new Set([
    ...holdingsOf(account)
      .filter(isHad)
      .flatMap((one) => [...namedBy(one)]),
    ...granted.map(({ feature }) => feature),
  ]);
}

/** A pause, or suspension, is no break: windows run on. */
function isHad(holding: Holding): boolean {
  const isAhead = isLicense(holding) ? holding.term.phase === 'SCHEDULED' : holding.status === 'SCHEDULED';
  return endedAt(holding) === null && !isAhead;
}

/** In the order of their keys, which is the order of their events. */
function windowedFeatures(catalog: Catalog, keys: ReadonlySet<FeatureKey>): readonly MeteredFeature[] {
  return [...keys].sort().flatMap((key) => {
    const feature = catalog.features.get(key);
    return feature?.type === 'METERED' && feature.window !== null ? [feature] : [];
  });
}

/** An unused window from before the break gives way to the one counted from the new anchor; a used one runs to its end. */
function restartIdle(account: CustomerAccount, feature: MeteredFeature, at: Instant): CustomerAccount {
  const meter = account.meters.get(feature.key);
  if (meter === undefined || isInUse(meter) || feature.window?.anchor !== 'subscription') {
    return account;
  }
  const meters = new Map(account.meters);
  meters.delete(feature.key);
  const window = windowAt(feature, { ...account, meters }, at);
  return { ...account, meters: new Map([...account.meters, [feature.key, { ...meter, window }]]) };
}

function resetWindow(account: CustomerAccount, feature: MeteredFeature, at: Instant): AccountChange {
  const meter = account.meters.get(feature.key);
  const anchored = (anchor: Instant): CustomerAccount => {
    return { ...account, windowAnchors: new Map(account.windowAnchors).set(feature.key, anchor) };
  };
  // A reset that an import dates before the running window leaves what was counted since alone.
  if (meter === undefined || meter.window === null || meter.window.start > at)
    return { account: anchored(later(account.windowAnchors.get(feature.key) ?? at, at)), events: [] };
  // Also where another zone has moved the anchor ahead.
  const moved = anchored(at);
  const cut = { start: meter.window.start, end: meter.window.end < at ? meter.window.end : at };
  const stopped = unusedMeter(feature.key, cut);
  const emptied = { ...moved, meters: new Map([...account.meters, [feature.key, stopped]]) };
  // A window that begins at that very instant is no other one: what is held in it is held on.
  const held = cut.start === at ? { reserved: meter.reserved, freesAt: meter.freesAt } : {};
  const fresh = { ...meterAt(emptied, feature, at), ...held };
  return {
    account: { ...moved, meters: new Map([...account.meters, [feature.key, fresh]]) },
    events:
      cut.start === cut.end
        ? rolledLost(meter, at)
        : windowCut(meter, cut, feature, { at, used: meter.used + lentIn(account, meter) }),
  };
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}

function windowCut(
  meter: Meter,
  window: Span,
  { key, rollover }: MeteredFeature,
  { at, used }: { readonly at: Instant; readonly used: number },
): CustomerEvent[] {
  const rolls = rollover !== null || meter.rolled.length > 0;
  if (!isInUse(meter) && !rolls) return [];
  const rolled = rolls ? { rolledIn: sumOf(meter.rolled), rolledOver: 0 } : {};
  return [{ type: 'usage.window_closed', at, feature: key, window, used, ...rolled }];
}

/** A window without length is not told of: what had been rolled into it is. */
function rolledLost({ feature, rolled }: Meter, at: Instant): CustomerEvent[] {
  const units = sumOf(rolled);
  return units === 0 ? [] : [{ type: 'usage.rollover_expired', at, feature, units, rolledOver: 0 }];
}
