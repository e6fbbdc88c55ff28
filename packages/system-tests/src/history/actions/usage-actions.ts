import fc from 'fast-check';
import { type FeatureKey, FEATURES } from '../../model/features.js';
import { isCounted } from '../../model/usage.js';
import { DAY, days, keys, type Weighted, which } from './arbitraries.js';

export type UsageAction =
  | { readonly kind: 'consume' | 'releaseUsage'; readonly feature: FeatureKey; readonly quantity: number }
  | { readonly kind: 'consumeMany'; readonly spends: readonly Spend[] }
  | {
      readonly kind: 'recordUsage';
      readonly feature: FeatureKey;
      readonly quantity: number;
      readonly minutesAgo: number;
      /** The door that it comes through. */
      readonly as: 'USAGE_EVENT' | 'CLOUD_EVENT';
    }
  | {
      readonly kind: 'reserve';
      readonly feature: FeatureKey;
      readonly quantity: number;
      /** In minutes: at most a day. */
      readonly lasts: number;
    }
  /** Quarters of what is reserved; null: left out. */
  | { readonly kind: 'commit'; readonly which: number; readonly quarters: number | null }
  | { readonly kind: 'releaseReservation'; readonly which: number }
  | {
      readonly kind: 'leaseQuota';
      readonly feature: FeatureKey;
      readonly quantity: number;
      readonly ttl: string;
    }
  /** Quarters of what is lent. */
  | { readonly kind: 'returnQuota'; readonly which: number; readonly quarters: number }
  | {
      readonly kind: 'addCredits';
      readonly quantity: number;
      readonly priority: number;
      /** In minutes; null: for ever. */
      readonly lasts: number | null;
    }
  | { readonly kind: 'voidCredits'; readonly which: number };

export interface Spend {
  readonly feature: FeatureKey;
  readonly quantity: number;
}

const decided = keys(FEATURES).filter((key) => FEATURES[key].type !== 'seats');
export const feature = fc.oneof(
  { weight: 4, arbitrary: decided },
  { weight: 1, arbitrary: fc.constant<FeatureKey>('credits') },
);
const quantity = fc.integer({ min: 1, max: 12 });
const spend: fc.Arbitrary<Spend> = fc.record({ feature: keys(FEATURES).filter(isCounted), quantity });

export const USAGE_ACTIONS: Weighted<UsageAction> = [
  [5, fc.record({ kind: fc.constant('consume' as const), feature, quantity })],
  [
    2,
    fc.record({
      kind: fc.constant('consumeMany' as const),
      spends: fc.array(spend, { minLength: 1, maxLength: 4 }),
    }),
  ],
  [1, fc.record({ kind: fc.constant('releaseUsage' as const), feature, quantity })],
  [
    2,
    fc.record({
      kind: fc.constant('recordUsage' as const),
      feature,
      quantity,
      minutesAgo: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 35 * DAY })),
      as: fc.constantFrom('USAGE_EVENT' as const, 'CLOUD_EVENT' as const),
    }),
  ],
  [
    6,
    fc.record({
      kind: fc.constant('reserve' as const),
      feature,
      quantity: fc.integer({ min: 1, max: 8 }),
      lasts: fc.oneof(fc.integer({ min: 1, max: DAY }), fc.constant(DAY)),
    }),
  ],
  [
    4,
    fc.record({
      kind: fc.constant('commit' as const),
      which,
      quarters: fc.oneof(fc.constant(null), fc.nat(5)),
    }),
  ],
  [5, fc.record({ kind: fc.constant('releaseReservation' as const), which })],
  [
    6,
    fc.record({
      kind: fc.constant('leaseQuota' as const),
      feature,
      quantity,
      ttl: fc.oneof(
        fc.integer({ min: 1, max: DAY }).map((minutes) => `PT${String(minutes)}M`),
        fc.integer({ min: 1, max: 40 }).map((many) => `P${String(many)}D`),
        fc.constantFrom('P1Y', 'P13M'),
      ),
    }),
  ],
  [7, fc.record({ kind: fc.constant('returnQuota' as const), which, quarters: fc.nat(5) })],
  [
    3,
    fc.record({
      kind: fc.constant('addCredits' as const),
      quantity: fc.integer({ min: 1, max: 10 }),
      priority: fc.integer({ min: -1, max: 3 }),
      lasts: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 2 * DAY }), days(60)),
    }),
  ],
  [1, fc.record({ kind: fc.constant('voidCredits' as const), which })],
];
