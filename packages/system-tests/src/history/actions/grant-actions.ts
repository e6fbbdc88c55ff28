import fc from 'fast-check';
import type { FeatureKey } from '../../model/features.js';
import { type Weighted, which } from './arbitraries.js';
import { feature } from './usage-actions.js';

/** In days. */
export type GrantAction =
  | {
      readonly kind: 'grant';
      readonly feature: FeatureKey;
      readonly effect: 'ADD' | 'REPLACE' | 'BLOCK';
      readonly units: number;
      readonly startsIn: number | null;
      readonly lasts: number | null;
    }
  | { readonly kind: 'revoke'; readonly which: number };

export const GRANT_ACTIONS: Weighted<GrantAction> = [
  [
    3,
    fc.record({
      kind: fc.constant('grant' as const),
      feature,
      effect: fc.constantFrom<'ADD' | 'REPLACE' | 'BLOCK'>('ADD', 'REPLACE', 'BLOCK'),
      units: fc.integer({ min: 1, max: 15 }),
      startsIn: fc.oneof(fc.constant(null), fc.integer({ min: -20, max: 20 })),
      lasts: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 60 })),
    }),
  ],
  [1, fc.record({ kind: fc.constant('revoke' as const), which })],
];
