import fc from 'fast-check';
import { type FeatureKey, FEATURES } from '../../model/features.js';
import { PLANS, type PlanKey } from '../../model/plans.js';
import { keys, mostly, type Weighted, which } from './arbitraries.js';
import { named, type NamedAction } from './machine-actions.js';
import { MEMBERS } from './seat-actions.js';
import { type ListsAction, quantities, startsIn } from './subscription-actions.js';

/** Of a licence; in days from its start, or where it is there from now; null: left out. */
export interface DatesAction {
  readonly lasts: number | null;
  readonly maintained: number | null;
  readonly quantities: ListsAction['quantities'];
  /** Undefined: left out. */
  readonly machineLimit: number | null | undefined;
}
export type IssueAction = DatesAction & {
  readonly kind: 'issueLicense';
  readonly plan: PlanKey;
  readonly startsIn: number | null;
};
/** On a licence that is there. */
export type LicenseAction =
  | (DatesAction & { readonly kind: 'renewLicense'; readonly which: number })
  | {
      readonly kind: 'suspendLicense' | 'reinstateLicense' | 'revokeLicense' | 'rotateKey';
      readonly which: number;
    };

/** A key that is shown: the licence's own, one that it had before, or one of no licence. */
export type ShownKey = 'OWN' | 'FORMER' | 'NOBODYS';
export type ValidateAction = NamedAction & {
  readonly kind: 'validateLicense';
  readonly which: number;
  readonly key: ShownKey;
  /** How it is typed. */
  readonly typed: 'AS_SHOWN' | 'BY_HAND';
  /** In years from the present; null: one that nobody knows; undefined: left out. */
  readonly version: number | null | undefined;
  readonly member: string | null;
  readonly features: readonly FeatureKey[];
  /** Who shows it: the vendor's service, a bearer of this very key, or somebody without a header. */
  readonly by: 'API_KEY' | 'LICENSE_KEY' | 'NOBODY';
};

/** Mostly as the plan says. */
const dates = (weight: number): { [Key in keyof DatesAction]: fc.Arbitrary<DatesAction[Key]> } => ({
  lasts: mostly(weight, fc.constant(null), fc.integer({ min: -2, max: 500 })),
  maintained: mostly(weight, fc.constant(null), fc.integer({ min: -2, max: 500 })),
  quantities: mostly(weight, fc.constant(null), quantities),
  machineLimit: mostly(2 * weight, fc.constant(undefined), fc.option(fc.integer({ min: 1, max: 3 }))),
});
const unnamed = fc.constant({ fingerprint: null, components: null });

export const LICENSE_ACTIONS: Weighted<IssueAction | LicenseAction | ValidateAction> = [
  [
    8,
    fc.record({
      kind: fc.constant('issueLicense' as const),
      plan: mostly(2, fc.constantFrom<PlanKey>('forever', 'station', 'node'), keys(PLANS)),
      startsIn: startsIn(3),
      ...dates(3),
    }),
  ],
  [4, fc.record({ kind: fc.constant('renewLicense' as const), which, ...dates(2) })],
  [
    2,
    fc.record({
      kind: fc.constant('renewLicense' as const),
      which,
      ...dates(2),
      lasts: fc.constant(null),
      maintained: fc.constant(null),
      machineLimit: fc.option<number | null>(fc.integer({ min: 1, max: 3 })),
    }),
  ],
  [2, fc.record({ kind: fc.constant('suspendLicense' as const), which })],
  [2, fc.record({ kind: fc.constant('reinstateLicense' as const), which })],
  [1, fc.record({ kind: fc.constant('revokeLicense' as const), which })],
  [2, fc.record({ kind: fc.constant('rotateKey' as const), which })],
  [
    9,
    fc
      .record({
        which,
        named: mostly(2, named, unnamed),
        key: fc.constantFrom<ShownKey>('OWN', 'OWN', 'OWN', 'FORMER', 'NOBODYS'),
        typed: fc.constantFrom<ValidateAction['typed']>('AS_SHOWN', 'BY_HAND'),
        version: fc.constantFrom(undefined, undefined, -1, 0, null),
        member: fc.option(fc.constantFrom(...MEMBERS)),
        features: fc.subarray(Object.keys(FEATURES) as FeatureKey[]),
        by: fc.constantFrom<ValidateAction['by']>('API_KEY', 'LICENSE_KEY', 'NOBODY'),
      })
      .map(({ named, ...rest }) => ({ kind: 'validateLicense' as const, ...named, ...rest })),
  ],
];
