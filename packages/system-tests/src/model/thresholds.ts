import { type Account, meet, tell } from './account.js';
import { entitlementOf } from './entitlements.js';
import { FEATURES, type FeatureKey, notifyAt, type Threshold } from './features.js';
import type { Units } from './plans.js';
import { meterOf } from './windows.js';

/** Tells of what `used` reaches of `notifyAt` by having risen by so much. */
export function tellReached(account: Account, feature: FeatureKey, rise: number, at: number): void {
  const { used } = meterOf(account, feature);
  const { limit } = entitlementOf(account, feature, 0);
  const reached = notifyAt(feature).filter((threshold) => {
    const units = unitsOf(threshold, limit);
    return units !== null && used - rise < units && units <= used;
  });
  const fresh = reached.filter((threshold) => isToldNow(account, feature, threshold));
  for (const threshold of fresh)
    tell(account, 'usage.threshold_reached', reachedText({ feature, threshold, used, limit }), at);
  if (fresh.length > 1) meet(account, 'a spend reaches several thresholds');
  if (fresh.length > 0)
    meet(account, `a ${at === account.now ? 'spend' : 'lease that ends'} reaches a threshold`);
}

/** Once in a window; of a level each time. */
function isToldNow(account: Account, feature: FeatureKey, threshold: Threshold): boolean {
  const { told, window } = meterOf(account, feature);
  const name = `${String(window?.start)} ${String(threshold)}`;
  const again = told.has(name);
  told.add(name);
  if (again && window === null && FEATURES[feature].type === 'limit')
    meet(account, 'a level reaches a threshold again');
  if (again && window !== null) meet(account, 'a threshold is not told again in its window');
  return !again || window === null;
}

/** A share is rounded up to a whole unit; of what is unlimited, or not had, there is none. */
function unitsOf(threshold: Threshold, limit: Units | null): number | null {
  if (typeof threshold === 'number') return threshold;
  return typeof limit === 'number' ? Math.ceil((limit * Number(threshold.replace('%', ''))) / 100) : null;
}

export interface Reached {
  readonly feature: string;
  readonly threshold: Threshold;
  readonly used: number;
  readonly limit: unknown;
}

export function reachedText({ feature, threshold, used, limit }: Reached): string {
  const whole = typeof limit === 'number' ? String(limit) : 'no limit';
  return `${feature} at ${String(threshold)}, ${String(used)} of ${whole}`;
}
