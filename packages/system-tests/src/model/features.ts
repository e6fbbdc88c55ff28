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

/** Units, or a share of the limit, such as `80%`. */
export type Threshold = number | string;

export type FeatureSpec =
  /** `versions`: the day on which each came out. `needsSeat`: for members who hold one of that feature. */
  | {
      readonly type: 'boolean';
      readonly versions?: Readonly<Record<string, string>>;
      readonly needsSeat?: FeatureKey;
    }
  | {
      readonly type: 'limit';
      readonly combine: 'max' | 'sum';
      readonly notifyAt?: readonly Threshold[];
    }
  | {
      readonly type: 'metered';
      readonly window: string;
      readonly anchor: 'subscription' | 'calendar';
      readonly combine: 'max' | 'sum';
      readonly rollover?: { readonly atMost: number; readonly for: string };
      readonly notifyAt?: readonly Threshold[];
    }
  /** Spends blocks; without a window. */
  | { readonly type: 'metered'; readonly prepaid: true; readonly notifyAt?: readonly Threshold[] }
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
  projects: { type: 'limit', combine: 'max', notifyAt: ['50%', 4, '100%'] },
  storage: { type: 'limit', combine: 'sum', notifyAt: ['75%'] },
  calls: {
    type: 'metered',
    window: 'P1M',
    anchor: 'subscription',
    combine: 'sum',
    notifyAt: ['80%', 5, '100%'],
  },
  minutes: { type: 'metered', window: 'P1M', anchor: 'calendar', combine: 'max', notifyAt: ['33%'] },
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
    notifyAt: ['60%', '100%'],
  },
  support: { type: 'config', values: ['community', 'business', 'premium'], combine: 'order' },
  editors: { type: 'seats', kind: 'named', cooldown: 'P1D' },
  viewers: { type: 'seats', kind: 'floating', lease: 'PT5M' },
  credits: { type: 'metered', prepaid: true, notifyAt: ['90%', 4] },
};

/** In the order of their writing. */
export function notifyAt(feature: FeatureKey): readonly Threshold[] {
  const spec = FEATURES[feature];
  return 'notifyAt' in spec ? (spec.notifyAt ?? []) : [];
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
