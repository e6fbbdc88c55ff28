import type { FeatureKey } from './features.js';
import type { BlocksSpec, PlanKey } from './plans.js';

export type AddOnKey = 'more-calls' | 'more-credits' | 'sso-pack' | 'more-storage';

export interface AddOnSpec {
  readonly with: readonly PlanKey[];
  readonly entitlements: Readonly<Partial<Record<FeatureKey, true | number | BlocksSpec>>>;
}
export const ADD_ONS: Readonly<Record<AddOnKey, AddOnSpec>> = {
  'more-calls': { with: ['pro', 'enterprise'], entitlements: { calls: 9 } },
  'more-credits': {
    with: ['pro', 'basic'],
    entitlements: { credits: { blocks: [{ quantity: 2, given: 'everyPeriod', expiresAfter: 'P25D' }] } },
  },
  'sso-pack': { with: ['free', 'plus'], entitlements: { sso: true } },
  'more-storage': { with: ['basic'], entitlements: { storage: 5 } },
};
