import fc from 'fast-check';
import type { Budget } from '../../model/files.js';
import { FEATURES } from '../../model/features.js';
import { isCounted } from '../../model/usage.js';
import { DAY, keys, mostly, type Weighted, which } from './arbitraries.js';
import { FINGERPRINTS } from './machine-actions.js';

export type FileAction =
  | {
      readonly kind: 'issueFile';
      readonly which: number;
      readonly fingerprint: string;
      readonly validFor: string;
      /** Each feature once. */
      readonly budgets: readonly Budget[];
    }
  /** Quarters of each budget. */
  | { readonly kind: 'settleFile'; readonly which: number; readonly quarters: number };

const feature = mostly(30, keys(FEATURES).filter(isCounted), keys(FEATURES));
const budget: fc.Arbitrary<Budget> = fc.record({ feature, quantity: fc.integer({ min: 1, max: 8 }) });
export const budgets = fc.uniqueArray(budget, {
  minLength: 1,
  maxLength: 3,
  selector: ({ feature }) => feature,
});

export const FILE_ACTIONS: Weighted<FileAction> = [
  [
    7,
    fc.record({
      kind: fc.constant('issueFile' as const),
      which,
      fingerprint: fc.constantFrom(...FINGERPRINTS),
      validFor: fc.oneof(
        fc.integer({ min: 1, max: 2 * DAY }).map((minutes) => `PT${String(minutes)}M`),
        fc.integer({ min: 1, max: 60 }).map((many) => `P${String(many)}D`),
      ),
      budgets,
    }),
  ],
  [6, fc.record({ kind: fc.constant('settleFile' as const), which, quarters: fc.nat(5) })],
];
