import fc from 'fast-check';
import { ADD_ONS, type AddOnKey } from '../../model/add-ons.js';
import type { FeatureKey } from '../../model/features.js';
import { PLANS, type PlanKey } from '../../model/plans.js';
import { DAY, keys, mostly, when, type When, type Weighted, which } from './arbitraries.js';

/** Lists by name; null: left out. */
export interface ListsAction {
  readonly addOns: Partial<Record<AddOnKey, number>> | null;
  readonly quantities: Partial<Record<FeatureKey, number>> | null;
}
export type TimingAction = 'NOW' | 'PERIOD_END' | { readonly at: When };

/** `startsIn`: in days. */
export type SubscribeAction = ListsAction & {
  readonly kind: 'subscribe';
  readonly plan: PlanKey;
  readonly trial: boolean;
  readonly startsIn: number | null;
};

/** On a subscription that is there. */
export type SubscriptionAction =
  | (ListsAction & {
      readonly kind: 'changePlan';
      readonly which: number;
      readonly plan: PlanKey;
      readonly timing: TimingAction | null;
      readonly from: PlanKey | null;
    })
  | (ListsAction & { readonly kind: 'adjust'; readonly which: number; readonly timing: TimingAction })
  | { readonly kind: 'withdraw' | 'uncancel' | 'resume'; readonly which: number }
  | { readonly kind: 'cancel'; readonly which: number; readonly timing: TimingAction }
  | { readonly kind: 'extendTrial'; readonly which: number; readonly until: When }
  | { readonly kind: 'pause'; readonly which: number; readonly resumesAt: When | null | undefined }
  | {
      readonly kind: 'payment';
      readonly which: number;
      readonly outcome: 'SUCCEEDED' | 'FAILED';
      readonly minutesAgo: number;
    };

const timing: fc.Arbitrary<TimingAction> = fc.oneof(
  fc.constant<TimingAction>('NOW'),
  fc.constant<TimingAction>('PERIOD_END'),
  fc.record({ at: when }),
);
const addOns = fc.option(
  fc.dictionary(keys(ADD_ONS), fc.integer({ min: 1, max: 3 }), { maxKeys: 2 }).map((given) => ({ ...given })),
  { freq: 2 },
);
export const quantities = fc.option(
  fc.constantFrom<Partial<Record<FeatureKey, number>>>({}, { editors: 2 }, { editors: 12 }, { editors: 30 }),
  { freq: 2 },
);
const lists = { addOns, quantities };
const NO_LISTS = { addOns: fc.constant(null), quantities: fc.constant(null) };

/** Mostly of those that are sold by subscription. */
const subscribed = mostly(
  5,
  fc.constantFrom<PlanKey>('free', 'pro', 'plus', 'enterprise', 'basic', 'max'),
  keys(PLANS),
);

/** Now, later, or long ago; in days. */
export const startsIn = (present: number): fc.Arbitrary<number | null> =>
  fc.oneof(
    { weight: present, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: -400, max: -1 }) },
  );

const subscribeWith = (given: typeof lists | typeof NO_LISTS): fc.Arbitrary<SubscribeAction> =>
  fc.record({
    kind: fc.constant('subscribe' as const),
    plan: subscribed,
    trial: fc.boolean(),
    startsIn: startsIn(4),
    ...given,
  });
const changePlanWith = (given: typeof lists | typeof NO_LISTS): fc.Arbitrary<SubscriptionAction> =>
  fc.record({
    kind: fc.constant('changePlan' as const),
    which,
    plan: subscribed,
    timing: fc.oneof(timing, fc.constant<TimingAction | null>(null)),
    from: mostly(5, fc.constant(null), keys(PLANS)),
    ...given,
  });

export const SUBSCRIPTION_ACTIONS: Weighted<SubscribeAction | SubscriptionAction> = [
  [9, mostly(2, subscribeWith(NO_LISTS), subscribeWith(lists))],
  [9, mostly(2, changePlanWith(NO_LISTS), changePlanWith(lists))],
  [2, fc.record({ kind: fc.constant('adjust' as const), which, timing, ...lists })],
  [1, fc.record({ kind: fc.constant('withdraw' as const), which })],
  [2, fc.record({ kind: fc.constant('uncancel' as const), which })],
  [2, fc.record({ kind: fc.constant('resume' as const), which })],
  [3, fc.record({ kind: fc.constant('cancel' as const), which, timing })],
  [2, fc.record({ kind: fc.constant('extendTrial' as const), which, until: when })],
  [
    3,
    fc.record({
      kind: fc.constant('pause' as const),
      which,
      resumesAt: fc.oneof(when, fc.constant(null), fc.constant(undefined)),
    }),
  ],
  [
    4,
    fc.record({
      kind: fc.constant('payment' as const),
      which,
      outcome: fc.constantFrom<'SUCCEEDED' | 'FAILED'>('FAILED', 'SUCCEEDED'),
      minutesAgo: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10 * DAY })),
    }),
  ],
];
