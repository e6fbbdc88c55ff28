import fc from 'fast-check';
import type { FeatureKey } from '../../model/features.js';
import { DAY, mostly, type Weighted } from './arbitraries.js';

export type SeatAction =
  | {
      readonly kind: 'assignSeat' | 'releaseSeat';
      readonly feature: FeatureKey;
      readonly member: string;
    }
  | {
      readonly kind: 'leaseSeat';
      readonly feature: FeatureKey;
      readonly member: string;
      /** In minutes; null: the feature's. */
      readonly lasts: number | null;
    };

/** Those who take seats. */
export const MEMBERS = ['ann', 'bob', 'cy', 'dee'] as const;

const member = fc.constantFrom(...MEMBERS);
/** Mostly of the kind that is right. */
const seats = (right: FeatureKey): fc.Arbitrary<FeatureKey> =>
  mostly(9, fc.constant(right), fc.constantFrom<FeatureKey>('editors', 'viewers', 'calls'));

export const SEAT_ACTIONS: Weighted<SeatAction> = [
  [6, fc.record({ kind: fc.constant('assignSeat' as const), feature: seats('editors'), member })],
  [
    5,
    fc.record({
      kind: fc.constant('leaseSeat' as const),
      feature: seats('viewers'),
      member,
      lasts: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: DAY })),
    }),
  ],
  [
    4,
    fc.record({
      kind: fc.constant('releaseSeat' as const),
      feature: fc.constantFrom<FeatureKey>('editors', 'editors', 'viewers'),
      member,
    }),
  ],
];
