/**
 * What the histories are sold by: two families, each rule of a plan at least once. The model reads it as it stands
 * here; the gateway gets it as a document.
 */
export type PlanKey =
  'free' | 'pro' | 'plus' | 'enterprise' | 'basic' | 'max' | 'forever' | 'station' | 'node';
export type AddOnKey = 'more-calls' | 'more-credits' | 'sso-pack' | 'more-storage';
export type FeatureKey =
  | 'sso'
  | 'desktop'
  | 'rendering'
  | 'projects'
  | 'storage'
  | 'calls'
  | 'minutes'
  | 'steps'
  | 'pages'
  | 'exports'
  | 'support'
  | 'editors'
  | 'viewers'
  | 'credits';

export type FeatureSpec =
  /** `versions`: the day on which each came out. `needsSeat`: for members who hold one of that feature. */
  | {
      readonly type: 'boolean';
      readonly versions?: Readonly<Record<string, string>>;
      readonly needsSeat?: FeatureKey;
    }
  | { readonly type: 'limit'; readonly combine: 'max' | 'sum' }
  | {
      readonly type: 'metered';
      readonly window: string;
      readonly anchor: 'subscription' | 'calendar';
      readonly combine: 'max' | 'sum';
      readonly rollover?: { readonly atMost: number; readonly for: string };
    }
  /** Spends blocks; without a window. */
  | { readonly type: 'metered'; readonly prepaid: true }
  | { readonly type: 'seats'; readonly kind: 'named'; readonly cooldown: string }
  | { readonly type: 'seats'; readonly kind: 'floating'; readonly lease: string }
  | { readonly type: 'config'; readonly values: readonly string[]; readonly combine: 'order' };

/** One of each year in which a history may be. */
const VERSIONS = Object.fromEntries(
  Array.from({ length: 100 }, (_, place) => [versionOf(2005 + place), `${String(2005 + place)}-07-01`]),
);
export function versionOf(year: number): string {
  return `${String(year)}.1`;
}

export const FEATURES: Readonly<Record<FeatureKey, FeatureSpec>> = {
  sso: { type: 'boolean' },
  desktop: { type: 'boolean', versions: VERSIONS },
  rendering: { type: 'boolean', needsSeat: 'editors' },
  projects: { type: 'limit', combine: 'max' },
  storage: { type: 'limit', combine: 'sum' },
  calls: { type: 'metered', window: 'P1M', anchor: 'subscription', combine: 'sum' },
  minutes: { type: 'metered', window: 'P1M', anchor: 'calendar', combine: 'max' },
  steps: { type: 'metered', window: 'P1D', anchor: 'calendar', combine: 'sum' },
  pages: {
    type: 'metered',
    window: 'P1M',
    anchor: 'calendar',
    combine: 'sum',
    rollover: { atMost: 14, for: 'P45D' },
  },
  exports: {
    type: 'metered',
    window: 'P1W',
    anchor: 'subscription',
    combine: 'max',
    rollover: { atMost: 8, for: 'P10D' },
  },
  support: { type: 'config', values: ['community', 'business', 'premium'], combine: 'order' },
  editors: { type: 'seats', kind: 'named', cooldown: 'P1D' },
  viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
  credits: { type: 'metered', prepaid: true },
};

export type Units = number | 'unlimited';
export interface LimitSpec {
  readonly limit: Units;
  readonly enforce: 'hard' | 'soft' | 'none';
  readonly overage?: string;
}
export interface BoughtSpec {
  readonly bought: { readonly atLeast: number; readonly atMost: number; readonly default: number };
}
/** A text is `unlimited`, or a value of a config feature. */
export type EntitlementSpec = true | string | number | LimitSpec | BoughtSpec | BlocksSpec;

export interface BlockOffer {
  readonly quantity: number;
  readonly given: 'once' | 'everyPeriod';
  readonly priority?: number;
  readonly expiresAfter?: string;
}
export interface BlocksSpec {
  readonly blocks: readonly BlockOffer[];
}

export interface MachinesSpec {
  readonly limit: number;
  readonly match?: 'any' | 'two' | 'most' | 'all';
  readonly atOnce?: number;
  readonly deactivations?: number;
  readonly per?: string;
  readonly whenFull: 'refuse' | 'replaceOldest';
}

export interface PlanSpec {
  /** Licences are bound to them. */
  readonly machines?: MachinesSpec;
  /** Sold by licence alone. */
  readonly model?: 'perpetual';
  readonly maintenance?: string;
  readonly family: string;
  readonly period?: string;
  /** `then`: a plan, or `continue`; left out: it expires. */
  readonly trial?: { readonly for: string; readonly then?: string };
  readonly grace?: string;
  readonly onExpiry?: PlanKey;
  readonly onCancel?: PlanKey;
  readonly onPause?: { readonly clock: 'stops' | 'runs' };
  readonly entitlements: Readonly<Partial<Record<FeatureKey, EntitlementSpec>>>;
}

export const PLANS: Readonly<Record<PlanKey, PlanSpec>> = {
  free: { family: 'cloud', entitlements: { viewers: 1, projects: 3, calls: 10, support: 'community' } },
  pro: {
    family: 'cloud',
    period: 'P1M',
    trial: { for: 'P14D', then: 'free' },
    grace: 'P7D',
    onExpiry: 'free',
    onPause: { clock: 'stops' },
    entitlements: {
      sso: true,
      projects: 8,
      calls: { limit: 30, enforce: 'soft', overage: '10%' },
      minutes: 20,
      viewers: { limit: 2, enforce: 'soft', overage: '50%' },
      pages: 9,
      exports: 5,
      support: 'business',
      credits: {
        blocks: [
          { quantity: 6, given: 'everyPeriod', priority: 1, expiresAfter: 'P20D' },
          { quantity: 5, given: 'once' },
        ],
      },
    },
  },
  plus: {
    family: 'cloud',
    period: 'P1M',
    trial: { for: 'P7D', then: 'continue' },
    onPause: { clock: 'runs' },
    entitlements: {
      projects: 5,
      calls: 20,
      minutes: 13,
      steps: 4,
      pages: { limit: 6, enforce: 'soft', overage: '50%' },
      exports: { limit: 4, enforce: 'soft', overage: '50%' },
      credits: { blocks: [{ quantity: 4, given: 'everyPeriod', expiresAfter: 'P2M' }] },
    },
  },
  enterprise: {
    family: 'cloud',
    period: 'P1Y',
    grace: 'P30D',
    onCancel: 'free',
    entitlements: {
      sso: true,
      projects: 'unlimited',
      calls: { limit: 50, enforce: 'none' },
      minutes: 'unlimited',
      viewers: 5,
      steps: 12,
      pages: { limit: 20, enforce: 'none' },
      exports: 'unlimited',
      support: 'premium',
    },
  },
  basic: {
    family: 'studio',
    period: 'P1W',
    trial: { for: 'P3D' },
    grace: 'P2D',
    onPause: { clock: 'stops' },
    entitlements: {
      editors: { bought: { atLeast: 1, atMost: 20, default: 2 } },
      desktop: true,
      storage: 4,
      credits: { blocks: [{ quantity: 3, given: 'everyPeriod', priority: 2, expiresAfter: 'P10D' }] },
      calls: 7,
      steps: 3,
      pages: 2,
      exports: 3,
    },
  },
  max: {
    family: 'studio',
    period: 'P3M',
    grace: 'P10D',
    onExpiry: 'basic',
    onCancel: 'basic',
    onPause: { clock: 'runs' },
    entitlements: {
      rendering: true,
      credits: { blocks: [{ quantity: 9, given: 'once', expiresAfter: 'P1M' }] },
      editors: { bought: { atLeast: 10, atMost: 60, default: 15 } },
      storage: 15,
      calls: 17,
      projects: 6,
      steps: 6,
      support: 'business',
    },
  },
  station: {
    family: 'station',
    period: 'P2M',
    grace: 'P5D',
    machines: { limit: 2, match: 'two', atOnce: 1, deactivations: 2, per: 'P30D', whenFull: 'refuse' },
    entitlements: { desktop: true, projects: 9 },
  },
  node: {
    model: 'perpetual',
    family: 'node',
    machines: { limit: 2, match: 'most', atOnce: 2, deactivations: 4, whenFull: 'replaceOldest' },
    entitlements: { desktop: true, projects: 10 },
  },
  forever: {
    model: 'perpetual',
    family: 'forever',
    maintenance: 'P1Y',
    entitlements: {
      desktop: true,
      projects: 7,
      storage: 2,
      steps: 2,
      pages: 4,
      exports: 6,
      credits: { blocks: [{ quantity: 7, given: 'once', priority: 1 }] },
    },
  },
};

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

export interface TransitionSpec {
  readonly from: readonly PlanKey[];
  readonly to: readonly PlanKey[];
  readonly takesEffect: 'now' | 'periodEnd';
  readonly usage: 'carry' | 'reset' | 'prorate';
  readonly seatsAbove?: 'block' | 'refuse' | { readonly releaseNewestAfter: string };
  readonly addOnsNotOffered: 'drop' | 'refuse';
}
export const TRANSITIONS: readonly TransitionSpec[] = [
  {
    from: ['free'],
    to: ['pro', 'plus', 'enterprise'],
    takesEffect: 'now',
    usage: 'carry',
    addOnsNotOffered: 'drop',
  },
  { from: ['pro'], to: ['enterprise'], takesEffect: 'now', usage: 'prorate', addOnsNotOffered: 'drop' },
  { from: ['pro'], to: ['plus'], takesEffect: 'now', usage: 'reset', addOnsNotOffered: 'refuse' },
  {
    from: ['pro', 'plus'],
    to: ['free'],
    takesEffect: 'periodEnd',
    usage: 'reset',
    seatsAbove: { releaseNewestAfter: 'PT3H' },
    addOnsNotOffered: 'drop',
  },
  {
    from: ['plus', 'enterprise'],
    to: ['pro'],
    takesEffect: 'periodEnd',
    usage: 'prorate',
    seatsAbove: 'refuse',
    addOnsNotOffered: 'drop',
  },
  {
    from: ['enterprise'],
    to: ['free'],
    takesEffect: 'now',
    usage: 'carry',
    seatsAbove: 'refuse',
    addOnsNotOffered: 'refuse',
  },
  { from: ['basic'], to: ['max'], takesEffect: 'now', usage: 'prorate', addOnsNotOffered: 'refuse' },
  {
    from: ['max'],
    to: ['basic'],
    takesEffect: 'periodEnd',
    usage: 'carry',
    seatsAbove: { releaseNewestAfter: 'P2D' },
    addOnsNotOffered: 'drop',
  },
];

export function catalogDocument(): Readonly<Record<string, unknown>> {
  const plans = Object.fromEntries(
    Object.entries(PLANS).map(([key, spec]) => [key, { name: key, model: 'subscription', ...spec }]),
  );
  const addOns = Object.fromEntries(
    Object.entries(ADD_ONS).map(([key, spec]) => [key, { name: key, ...spec }]),
  );
  return {
    catalog: 1,
    name: 'Histories',
    staleFor: 'P3650D',
    features: FEATURES,
    plans,
    addOns,
    transitions: TRANSITIONS,
  };
}

export function limitOf(spec: EntitlementSpec | undefined): LimitSpec | null {
  if (spec === undefined || spec === true) return null;
  if (spec === 'unlimited' || typeof spec === 'number') return { limit: spec, enforce: 'hard' };
  if (typeof spec === 'string') return null;
  if ('bought' in spec || 'blocks' in spec) return null;
  return spec;
}

export function blocksOf(spec: EntitlementSpec | undefined): readonly BlockOffer[] {
  return typeof spec === 'object' && 'blocks' in spec ? spec.blocks : [];
}

export function isPrepaid(feature: FeatureKey): boolean {
  return 'prepaid' in FEATURES[feature];
}

export type WindowedSpec = Extract<FeatureSpec, { readonly window: string }>;

/** Of a feature that is counted in windows. */
export function windowed(feature: FeatureKey): WindowedSpec | null {
  const spec = FEATURES[feature];
  return spec.type === 'metered' && 'window' in spec ? spec : null;
}
