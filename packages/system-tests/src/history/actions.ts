import fc from 'fast-check';
import { ADD_ONS, type AddOnKey, type FeatureKey, FEATURES, PLANS, type PlanKey } from '../model/catalog.js';

/** A time relative to the history: near something that is due, or so many minutes from the present. */
export type When =
  { readonly near: number; readonly milliseconds: -1 | 0 | 1 } | { readonly minutes: number };

/** Lists by name; null: left out. */
export interface ListsAction {
  readonly addOns: Partial<Record<AddOnKey, number>> | null;
  readonly quantities: Partial<Record<FeatureKey, number>> | null;
}
/** Of a licence; in days from its start, or where it is there from now; null: left out. */
export interface DatesAction {
  readonly lasts: number | null;
  readonly maintained: number | null;
  readonly quantities: ListsAction['quantities'];
  /** Undefined: left out. */
  readonly machineLimit: number | null | undefined;
}
/** One that the licence is activated on, by its id; or by a fingerprint. */
export interface MachineAction {
  readonly which: number;
  readonly machine: number | string;
}
export type TimingAction = 'NOW' | 'PERIOD_END' | { readonly at: When };

/** A step of a history before it is known what it meets there; `which` picks among what there is. */
export type Action =
  | { readonly kind: 'pass'; readonly to: When }
  | { readonly kind: 'worker'; readonly runs: boolean }
  | (ListsAction & {
      readonly kind: 'subscribe';
      readonly plan: PlanKey;
      readonly trial: boolean;
      readonly startsIn: number | null;
    })
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
    }
  | { readonly kind: 'consume' | 'releaseUsage'; readonly feature: FeatureKey; readonly quantity: number }
  | {
      readonly kind: 'grant';
      readonly feature: FeatureKey;
      readonly effect: 'ADD' | 'REPLACE' | 'BLOCK';
      readonly units: number;
      readonly startsIn: number | null;
      readonly lasts: number | null;
    }
  | { readonly kind: 'revoke'; readonly which: number }
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
      readonly kind: 'addCredits';
      readonly quantity: number;
      readonly priority: number;
      /** In minutes; null: for ever. */
      readonly lasts: number | null;
    }
  | { readonly kind: 'voidCredits'; readonly which: number }
  | (DatesAction & {
      readonly kind: 'issueLicense';
      readonly plan: PlanKey;
      readonly startsIn: number | null;
    })
  | (DatesAction & { readonly kind: 'renewLicense'; readonly which: number })
  | {
      readonly kind: 'suspendLicense' | 'reinstateLicense' | 'revokeLicense' | 'rotateKey';
      readonly which: number;
    }
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
    }
  | {
      readonly kind: 'activateMachine';
      readonly which: number;
      readonly fingerprint: string | null;
      readonly components: readonly string[] | null;
      readonly name: string | null | undefined;
    }
  | (MachineAction & { readonly kind: 'deactivateMachine' })
  /** `lasts`: in minutes; null: left out. */
  | (MachineAction & { readonly kind: 'heartbeatMachine'; readonly lasts: number | null })
  | { readonly kind: 'again' }
  | {
      readonly kind: 'recordUsage';
      readonly feature: FeatureKey;
      readonly quantity: number;
      readonly minutesAgo: number;
    };

/** As which machines name themselves. */
export const FINGERPRINTS = ['m1', 'm2', 'm3'] as const;

/** Those who take seats. */
export const MEMBERS = ['ann', 'bob', 'cy', 'dee'] as const;

const DAY = 24 * 60;
const keys = <Key extends string>(of: Readonly<Record<Key, unknown>>): fc.Arbitrary<Key> =>
  fc.constantFrom(...(Object.keys(of) as Key[]));
const which = fc.nat(3);
const days = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max }).map((many) => many * DAY);

const when: fc.Arbitrary<When> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ near: fc.nat(3), milliseconds: fc.constantFrom<-1 | 0 | 1>(0, -1, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ minutes: fc.oneof(fc.integer({ min: 1, max: 600 }), days(45), days(400)) }),
  },
);
const timing: fc.Arbitrary<TimingAction> = fc.oneof(
  fc.constant<TimingAction>('NOW'),
  fc.constant<TimingAction>('PERIOD_END'),
  fc.record({ at: when }),
);
const addOns = fc.option(
  fc.dictionary(keys(ADD_ONS), fc.integer({ min: 1, max: 3 }), { maxKeys: 2 }).map((given) => ({ ...given })),
  { freq: 2 },
);
const quantities = fc.option(
  fc.constantFrom<Partial<Record<FeatureKey, number>>>({}, { editors: 2 }, { editors: 12 }, { editors: 30 }),
  { freq: 2 },
);
const lists = { addOns, quantities };
const NO_LISTS = { addOns: fc.constant(null), quantities: fc.constant(null) };
const mostly = <T>(weight: number, plain: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: plain }, { weight: 1, arbitrary: other });
/** Mostly of those that are sold by subscription. */
const subscribed = mostly(
  5,
  fc.constantFrom<PlanKey>('free', 'pro', 'plus', 'enterprise', 'basic', 'max'),
  keys(PLANS),
);
const decided = keys(FEATURES).filter((key) => FEATURES[key].type !== 'seats');
const feature = fc.oneof(
  { weight: 4, arbitrary: decided },
  { weight: 1, arbitrary: fc.constant<FeatureKey>('credits') },
);
const subscribeWith = (given: typeof lists | typeof NO_LISTS): fc.Arbitrary<Action> =>
  fc.record({
    kind: fc.constant('subscribe' as const),
    plan: subscribed,
    trial: fc.boolean(),
    startsIn: fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: -400, max: -1 }) },
    ),
    ...given,
  });
const changePlanWith = (given: typeof lists | typeof NO_LISTS): fc.Arbitrary<Action> =>
  fc.record({
    kind: fc.constant('changePlan' as const),
    which,
    plan: subscribed,
    timing: fc.oneof(timing, fc.constant<TimingAction | null>(null)),
    from: mostly(5, fc.constant(null), keys(PLANS)),
    ...given,
  });

const member = fc.constantFrom(...MEMBERS);
/** Mostly of the kind that is right. */
const seats = (right: FeatureKey): fc.Arbitrary<FeatureKey> =>
  mostly(9, fc.constant(right), fc.constantFrom<FeatureKey>('editors', 'viewers', 'calls'));

const fingerprint = fc.constantFrom(...FINGERPRINTS);
const components = fc.subarray(['board', 'disk', 'card', 'chip'], { minLength: 1 });
const named = fc.oneof(
  fc.record({ fingerprint, components: fc.constant(null) }),
  fc.record({ fingerprint: fc.constant(null), components }),
  fc.record({ fingerprint, components }),
);
const machine = fc.oneof(fc.nat(2), fingerprint);

/** Mostly as the plan says. */
const dates = (weight: number): { [Key in keyof DatesAction]: fc.Arbitrary<DatesAction[Key]> } => ({
  lasts: mostly(weight, fc.constant(null), fc.integer({ min: -2, max: 500 })),
  maintained: mostly(weight, fc.constant(null), fc.integer({ min: -2, max: 500 })),
  quantities: mostly(weight, fc.constant(null), quantities),
  machineLimit: mostly(2 * weight, fc.constant(undefined), fc.option(fc.integer({ min: 1, max: 3 }))),
});

/** By how often they come. */
const WEIGHTED: readonly (readonly [number, fc.Arbitrary<Action>])[] = [
  [14, fc.record({ kind: fc.constant('pass' as const), to: when })],
  [1, fc.record({ kind: fc.constant('worker' as const), runs: fc.boolean() })],
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
  [
    5,
    fc.record({ kind: fc.constant('consume' as const), feature, quantity: fc.integer({ min: 1, max: 12 }) }),
  ],
  [
    1,
    fc.record({
      kind: fc.constant('releaseUsage' as const),
      feature,
      quantity: fc.integer({ min: 1, max: 12 }),
    }),
  ],
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
    8,
    fc.record({
      kind: fc.constant('issueLicense' as const),
      plan: mostly(2, fc.constantFrom<PlanKey>('forever', 'station', 'node'), keys(PLANS)),
      startsIn: fc.oneof(
        { weight: 3, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
        { weight: 1, arbitrary: fc.integer({ min: -400, max: -1 }) },
      ),
      ...dates(3),
    }),
  ],
  [4, fc.record({ kind: fc.constant('renewLicense' as const), which, ...dates(2) })],
  [2, fc.record({ kind: fc.constant('suspendLicense' as const), which })],
  [2, fc.record({ kind: fc.constant('reinstateLicense' as const), which })],
  [1, fc.record({ kind: fc.constant('revokeLicense' as const), which })],
  [1, fc.record({ kind: fc.constant('rotateKey' as const), which })],
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
  [
    8,
    fc
      .record({ named, which, name: fc.constantFrom(undefined, undefined, null, 'desk', 'lab') })
      .map(({ named, ...rest }) => ({ kind: 'activateMachine' as const, ...named, ...rest })),
  ],
  [3, fc.record({ kind: fc.constant('deactivateMachine' as const), which, machine })],
  [
    5,
    fc.record({
      kind: fc.constant('heartbeatMachine' as const),
      which,
      machine,
      lasts: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: DAY })),
    }),
  ],
  [2, fc.constant({ kind: 'again' as const })],
  [
    2,
    fc.record({
      kind: fc.constant('recordUsage' as const),
      feature,
      quantity: fc.integer({ min: 1, max: 12 }),
      minutesAgo: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 35 * DAY })),
    }),
  ],
];

export const ACTIONS: readonly fc.Arbitrary<Action>[] = WEIGHTED.flatMap(([weight, arbitrary]) =>
  Array.from({ length: weight }, () => arbitrary),
);
