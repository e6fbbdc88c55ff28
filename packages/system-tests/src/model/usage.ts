import { type Account, Refusal, tell } from './account.js';
import { type FeatureKey, FEATURES } from './catalog.js';
import { type Answer, entitlementOf } from './entitlements.js';
import { meterOf } from './windows.js';

/** A check and a spend in one: all of it, or nothing. */
export function consume(account: Account, feature: FeatureKey, quantity: number): Answer {
  const { type } = FEATURES[feature];
  if (type !== 'metered' && type !== 'limit') throw new Refusal('BAD_USER_INPUT');
  const answer = entitlementOf(account, feature, quantity);
  const meter = meterOf(account, feature);
  if (answer.allowed) Object.assign(meter, { used: meter.used + quantity, everUsed: true });
  return answer;
}

/** After the fact, whatever the limit: in the window of `at`. A closed one is told of, and turns nothing. */
export function recordUsage(account: Account, feature: FeatureKey, quantity: number, at: number): void {
  const { type } = FEATURES[feature];
  if (type !== 'metered' && type !== 'limit') throw new Refusal('BAD_USER_INPUT');
  const meter = meterOf(account, feature);
  if (meter.window !== null && at < meter.window.start) {
    meter.everUsed = true;
    tell(account, 'usage.corrected', feature, account.now);
  } else Object.assign(meter, { used: meter.used + quantity, everUsed: true });
}

/** Lowers a level, never below 0. */
export function releaseUsage(account: Account, feature: FeatureKey, quantity: number): void {
  if (FEATURES[feature].type !== 'limit') throw new Refusal('BAD_USER_INPUT');
  const meter = meterOf(account, feature);
  meter.used = Math.max(0, meter.used - quantity);
}
