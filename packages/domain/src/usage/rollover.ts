import type { MeteredFeature } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { addDuration } from '../time/calendar.js';
import { instant, type Instant, type TimeZone } from '../time/instant.js';
import { isInUse, type Meter, type RolledUnits, type Span } from './meter.js';
import { meterAt, windowAt } from './window.js';

/** Rolled-over units: docs/rules.md, "Spending". */

export function sumOf(rolled: readonly RolledUnits[]): number {
  return rolled.reduce((sum, { units }) => sum + units, 0);
}

/**
 * How much of what earlier windows have left is part of the feature's limit at `at`; what is spent of it counts on. Whoever
 * asks for the instant before a window asks what was given when it began.
 */
export function rolledUnits({ meters }: CustomerAccount, key: FeatureKey, at: Instant): number {
  const meter = meters.get(key);
  if (meter === undefined || meter.rolled.length === 0 || meter.window === null) return 0;
  return at < meter.window.end ? sumOf(meter.rolled) : 0;
}

/** The customer as one that has nothing left from earlier windows of the feature. */
export function withoutRolled(account: CustomerAccount, key: FeatureKey): CustomerAccount {
  const meter = account.meters.get(key);
  if (meter === undefined || meter.rolled.length === 0) return account;
  return { ...account, meters: new Map(account.meters).set(key, { ...meter, rolled: [] }) };
}

interface Drawn {
  readonly lot: RolledUnits;
  readonly spent: number;
}

/** Rolled units are spent before the window's own, the soonest to end first. */
function drawn({ rolled, used }: Pick<Meter, 'rolled' | 'used'>): Drawn[] {
  let rest = used;
  return rolled.map((lot) => {
    const spent = Math.min(rest, lot.units);
    rest -= spent;
    return { lot, spent };
  });
}

/** When the next rolled units end before the window does and something of them is left; null: none do. */
export function nextRolledEnd(meter: Meter): Instant | null {
  const next = drawn(meter).find(({ lot, spent }) => spent < lot.units)?.lot.until;
  return next !== undefined && meter.window !== null && next < meter.window.end ? next : null;
}

/** Whether rolled units end before the window does, spent or not. */
export function endsWithin({ rolled, window }: Meter): boolean {
  return window !== null && rolled.some(({ until }) => until < window.end);
}

/** The counter from `at` on, and how much has ended unspent. */
export function endRolled(meter: Meter, at: Instant): { readonly meter: Meter; readonly lost: number } {
  const rolled = drawn(meter)
    .map(({ lot, spent }) => (lot.until <= at ? { ...lot, units: spent } : lot))
    .filter(({ units }) => units > 0);
  return { meter: { ...meter, rolled }, lost: sumOf(meter.rolled) - sumOf(rolled) };
}

interface Closing {
  readonly window: Span;
  readonly rollover: MeteredFeature['rollover'];
  /** The limit at the window's end without rolled units; null: it rolls nothing over (unlimited, NONE, no right to it). */
  readonly own: number | null;
  readonly zone: TimeZone;
}

/** What the window after this one begins with. What is held may still be committed into this one: it is not left over. */
export function carriedOver(
  { used, reserved, rolled }: Meter,
  { window, rollover, own, zone }: Closing,
): readonly RolledUnits[] {
  const taken = used + reserved;
  const left = drawn({ rolled, used: taken }).map(({ lot, spent }) => ({ ...lot, units: lot.units - spent }));
  const ownTaken = Math.max(0, taken - sumOf(rolled));
  const lots = [...left, ...lotOf(rollover, own === null ? 0 : own - ownTaken, window, zone)]
    .filter(({ units, until }) => units > 0 && until > window.end)
    .toSorted((one, other) => one.until - other.until);
  return atMost(lots, rollover?.atMost ?? Number.MAX_SAFE_INTEGER);
}

function lotOf(
  rollover: MeteredFeature['rollover'],
  units: number,
  { end }: Span,
  zone: TimeZone,
): RolledUnits[] {
  return rollover === null || units <= 0 ? [] : [{ units, until: addDuration(end, rollover.for, zone) }];
}

/** The newest have room first. */
function atMost(lots: readonly RolledUnits[], most: number): RolledUnits[] {
  let room = most;
  return lots
    .toReversed()
    .map((lot) => {
      const units = Math.min(lot.units, room);
      room -= units;
      return { ...lot, units };
    })
    .filter(({ units }) => units > 0)
    .toReversed();
}

/**
 * The counters whose windows somebody has to close: those that hold something, and of features that roll over every one that
 * the customer has, whether it was ever written or not.
 */
export function countersToClose(account: CustomerAccount, release: Release): Meter[] {
  const { catalog } = release;
  const counters = [...account.meters.values()].filter(holdsSomething);
  for (const [key, anchor] of account.windowAnchors) {
    const feature = catalog.features.get(key);
    if (feature?.type !== 'METERED' || feature.rollover === null || feature.window === null) continue;
    const stored = account.meters.get(key);
    if (stored === undefined || !holdsSomething(stored))
      counters.push(idleCounter(account, release, feature, anchor));
  }
  return counters;
}

function holdsSomething(meter: Meter): boolean {
  return isInUse(meter) || meter.rolled.length > 0;
}

/**
 * The counter of a feature in which nothing was used. Nobody has closed its window while the customer did not have the feature,
 * or a former release did not roll it over: it runs since then.
 */
function idleCounter(
  account: CustomerAccount,
  { publication }: Release,
  feature: MeteredFeature,
  anchor: Instant,
): Meter {
  const stored = account.meters.get(feature.key);
  const since = later(publication.at, account.turnedUntil);
  if (stored?.window && stored.window.end > anchor && stored.window.end >= since) return stored;
  // One that ends at that very instant is still to be closed.
  return meterAt(account, feature, later(instant(since - 1), anchor));
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}

/** The customer with a counter for each feature that rolls over: what moves windows moves those that nobody has used, too. */
export function withCounters(account: CustomerAccount, release: Release): CustomerAccount {
  const unwritten = countersToClose(account, release).filter(({ feature }) => !account.meters.has(feature));
  if (unwritten.length === 0) return account;
  const added = unwritten.map((meter) => [meter.feature, meter] as const);
  return { ...account, meters: new Map([...account.meters, ...added]) };
}

/** Until when time leaves the rolled units as they are after `at`, the window's end included; null: for ever. */
export function rolledUntil(account: CustomerAccount, feature: MeteredFeature, at: Instant): Instant | null {
  const meter = account.meters.get(feature.key);
  const isHad = feature.rollover !== null && account.windowAnchors.has(feature.key);
  if (!isHad && (meter === undefined || meter.rolled.length === 0)) return null;
  return (meter && nextRolledEnd(meter)) ?? windowAt(feature, account, at)?.end ?? null;
}
