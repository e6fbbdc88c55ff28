import type { Limit, PlanEntitlement } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import type { Instant } from '../time/instant.js';
import type { Span } from '../usage/meter.js';
import { windowAt } from '../usage/window.js';
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

/** Old × elapsed share + new × rest, rounded down. In whole numbers of any size: units × milliseconds go beyond 2^53. */
function prorated(was: Limit, becomes: Limit, { start, end }: Span, at: Instant): Limit {
  if (was === null || becomes === null) return becomes;
  const sum = BigInt(was) * BigInt(at - start) + BigInt(becomes) * BigInt(end - at);
  return Number(sum / BigInt(end - start));
}
