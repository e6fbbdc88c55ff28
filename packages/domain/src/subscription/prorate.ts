import type { Limit, PlanEntitlement } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { instant, type Instant } from '../time/instant.js';
import { isInUse, type Meter, type Span, unusedMeter } from '../usage/meter.js';
import { windowAt } from '../usage/window.js';
import { isLive } from './state.js';
import type { Proration, Subscription } from './subscription.js';

/** What the plan gives of a feature at `at`: in a window in which it was prorated, that. */
export function planEntitlementAt(
  subscription: Subscription,
  feature: FeatureKey,
  at: Instant,
): PlanEntitlement | undefined {
  const given = subscription.planVersion.plan.entitlements.get(feature);
  const proration = subscription.prorations.get(feature);
  if (given?.kind !== 'UNITS' || proration === undefined || at >= proration.until) return given;
  return { ...given, limit: proration.limit };
}

/**
 * `usage: prorate`: what the new plan gives of each windowed feature until the window that runs at `at` is over;
 * docs/rules.md, "Plan changes". `account`: as it was before the change.
 */
export function prorationsOf(
  account: CustomerAccount,
  { catalog }: Release,
  {
    before,
    after,
    at,
  }: { readonly before: Subscription; readonly after: Subscription; readonly at: Instant },
): ReadonlyMap<FeatureKey, Proration> {
  const prorations = new Map<FeatureKey, Proration>();
  for (const [key, given] of after.planVersion.plan.entitlements) {
    const feature = catalog.features.get(key);
    const window = feature?.type === 'METERED' ? windowAt(feature, account, at) : null;
    const was = planEntitlementAt(before, key, at);
    if (window === null || given.kind !== 'UNITS' || was?.kind !== 'UNITS') continue;
    const limit = prorated(was.limit, given.limit, window, at);
    if (limit !== given.limit && limit !== null) prorations.set(key, { limit, until: window.end });
  }
  return prorations;
}

/**
 * Counters whose window ends together with a prorated limit: nothing was used in it, and nobody would have to close it
 * otherwise. `toldUntil`: what has ended by then has been told.
 */
export function proratedCounters(
  account: CustomerAccount,
  { catalog }: Release,
  toldUntil: Instant,
): Meter[] {
  const ends = new Map<FeatureKey, Instant>();
  for (const { prorations } of account.subscriptions.filter(isLive))
    for (const [key, { until }] of prorations) if (until > toldUntil) ends.set(key, until);
  return [...ends].flatMap(([key, until]): Meter[] => {
    const feature = catalog.features.get(key);
    const stored = account.meters.get(key) ?? unusedMeter(key, null);
    const isClosed = stored.window !== null && (isInUse(stored) || stored.window.start >= until);
    // Of what rolls over every window is closed.
    if (feature?.type !== 'METERED' || feature.rollover !== null || isClosed) return [];
    const window = windowAt(feature, account, instant(until - 1));
    return window === null ? [] : [{ ...stored, window: { ...window, end: until } }];
  });
}

/** Old × elapsed share + new × rest, rounded down. In whole numbers of any size: units × milliseconds go beyond 2^53. */
function prorated(was: Limit, becomes: Limit, { start, end }: Span, at: Instant): Limit {
  if (was === null || becomes === null) return becomes;
  const sum = BigInt(was) * BigInt(at - start) + BigInt(becomes) * BigInt(end - at);
  return Number(sum / BigInt(end - start));
}
