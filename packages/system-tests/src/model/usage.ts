import { type Account, Refusal, tell } from './account.js';
import { type FeatureKey, FEATURES, isPrepaid } from './features.js';
import { draw } from './credits.js';
import { type Answer, entitlementOf } from './entitlements.js';
import { tellReached } from './thresholds.js';
import { correctWindow, meterOf } from './windows.js';

export function isCounted(feature: FeatureKey): boolean {
  const { type } = FEATURES[feature];
  return type === 'metered' || type === 'limit';
}

/** A check and a spend in one: all of it, or nothing. */
export function consume(account: Account, feature: FeatureKey, quantity: number): Answer {
  if (!isCounted(feature)) throw new Refusal('BAD_USER_INPUT');
  const answer = entitlementOf(account, feature, quantity);
  if (answer.allowed) spendNow(account, feature, quantity);
  return answer;
}

/** In the running window, or on the level. */
export function spendNow(account: Account, feature: FeatureKey, quantity: number): void {
  if (isPrepaid(feature)) draw(account, feature, quantity);
  count(account, feature, quantity);
}

/** What has been taken from credit blocks before, where it is prepaid. */
export function count(account: Account, feature: FeatureKey, quantity: number, at = account.now): void {
  if (quantity === 0) return;
  const meter = meterOf(account, feature);
  Object.assign(meter, { used: meter.used + quantity, everUsed: true });
  tellReached(account, feature, quantity, at);
}

/** After the fact, whatever the limit: in the window of `at`. A closed one is told of, and turns nothing. */
export function recordUsage(account: Account, feature: FeatureKey, quantity: number, at: number): void {
  if (!isCounted(feature)) throw new Refusal('BAD_USER_INPUT');
  const meter = meterOf(account, feature);
  if (meter.window !== null && at < meter.window.start) {
    meter.everUsed = true;
    correctWindow(account, feature, at, quantity);
    tell(account, 'usage.corrected', feature, account.now);
  } else spendNow(account, feature, quantity);
}

/** Lowers a level, never below 0. */
export function releaseUsage(account: Account, feature: FeatureKey, quantity: number): void {
  if (FEATURES[feature].type !== 'limit') throw new Refusal('BAD_USER_INPUT');
  const meter = meterOf(account, feature);
  meter.used = Math.max(0, meter.used - quantity);
}
