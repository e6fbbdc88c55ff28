import type { StampedState } from '@licet/database';
import {
  accountAt,
  decide,
  meterAt,
  rolledUnits,
  type CustomerAccount,
  type Feature,
  type Instant,
  type Meter,
  unusedMeter,
} from '@licet/domain';
import { notFound } from '../../errors/api-error.js';
import { featureOf } from '../feature/feature-of.js';
import type { FeatureUsageType } from './usage-types.js';

/** What is used of a counted feature, by the same reckoning as a check; null where the feature is not counted. */
export function toFeatureUsage({ state, now }: StampedState, key: string): FeatureUsageType | null {
  const feature = featureOf(state.release, key);
  if (!feature) throw notFound('feature', `there is no feature \`${key}\`; \`features\` lists them`);
  if (state.kind !== 'KNOWN') return null;
  const account = accountAt(state.account, state.release, now);
  const meter = meterOf(account, feature, now);
  if (!meter) return null;
  const decision = decide(state, { feature: key, quantity: 0 }, now);
  return {
    customerId: state.account.id,
    feature: feature.key,
    used: decision.used ?? meter.used,
    reserved: decision.reserved ?? meter.reserved,
    limit: decision.limit,
    unlimited: decision.unlimited,
    remaining: decision.remaining,
    rolledOver: decision.limit === null ? 0 : rolledUnits(account, feature.key, now),
    windowStart: meter.window?.start ?? null,
    windowEnd: meter.window?.end ?? null,
  };
}

function meterOf(account: CustomerAccount, feature: Feature, at: Instant): Meter | null {
  switch (feature.type) {
    case 'METERED': {
      const meter = meterAt(account, feature, at);
      // Who has never had the feature, or has lost it, has no window but the one that still runs.
      const isHad = account.windowAnchors.has(feature.key) || account.meters.get(feature.key) === meter;
      return isHad ? meter : { ...meter, window: null };
    }
    case 'LIMIT':
    case 'SEATS':
      return account.meters.get(feature.key) ?? unusedMeter(feature.key, null);
    case 'BOOLEAN':
    case 'CONFIG':
      return null;
  }
}
