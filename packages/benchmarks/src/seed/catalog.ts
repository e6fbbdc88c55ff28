/** The customers' plan in most races: 20 features, of which two are denied. */
export const PLAN = 'business';

/** A plan with floating seats, and their feature; a perpetual plan. */
export const CREW = 'crew';
export const SEATS = 'viewers';
export const OWNED = 'owned';

/** How much of a feature each customer has used; the rest is untouched. */
export const SPENT: Readonly<Record<string, number>> = { 'calls-01': 250, 'calls-02': 1000, units: 1 };

/** For races that spend: never reached. */
export const UNITS = 'units';
const UNITS_LIMIT = 1_000_000_000_000;

/** What a check of one unit has to answer, in the order of CHECK_FIELDS. */
export interface Expected {
  readonly feature: string;
  readonly allowed: boolean;
  readonly code: string;
  readonly value: string | null;
  readonly limit: number | null;
  readonly used: number | null;
  readonly remaining: number | null;
}

const UNCOUNTED = { value: null, limit: null, used: null, remaining: null };

function counted(feature: string, limit: number): Expected {
  const used = SPENT[feature] ?? 0;
  const allowed = used < limit;
  const code = allowed ? 'ENTITLED' : 'LIMIT_EXCEEDED';
  return { feature, allowed, code, value: null, limit, used, remaining: limit - used };
}

const METERED = ['01', '02', '03', '04', '05', '06', '07', '08', '09'].map((n) => `calls-${n}`);
const LEVELS = ['01', '02', '03', '04'].map((n) => `projects-${n}`);
const SWITCHES = ['01', '02', '03'].map((n) => `module-${n}`);
const CHOICES = ['01', '02'].map((n) => `support-${n}`);
const NOT_INCLUDED = 'module-04';

export const EXPECTED: readonly Expected[] = [
  ...METERED.map((feature) => counted(feature, 1000)),
  counted(UNITS, UNITS_LIMIT),
  ...LEVELS.map((feature) => counted(feature, 50)),
  ...SWITCHES.map((feature) => ({ feature, allowed: true, code: 'ENTITLED', ...UNCOUNTED })),
  ...CHOICES.map((feature) => ({ feature, allowed: true, code: 'ENTITLED', ...UNCOUNTED, value: 'gold' })),
  { feature: NOT_INCLUDED, allowed: false, code: 'NOT_IN_PLAN', ...UNCOUNTED },
];

function each<T>(features: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(features.map((feature) => [feature, value]));
}

const ENTITLEMENTS = {
  ...each(METERED, 1000),
  ...each(LEVELS, 50),
  ...each(SWITCHES, true),
  ...each(CHOICES, 'gold'),
  [UNITS]: UNITS_LIMIT,
};

export const CATALOG = {
  catalog: 1,
  name: 'Benchmark',
  features: {
    ...each([...METERED, UNITS], { type: 'metered', unit: 'call', window: 'P1M', anchor: 'subscription' }),
    ...each(LEVELS, { type: 'limit', unit: 'project' }),
    ...each([...SWITCHES, NOT_INCLUDED], { type: 'boolean' }),
    ...each(CHOICES, { type: 'config', values: ['silver', 'gold'] }),
    [SEATS]: { type: 'seats', kind: 'floating', lease: 'PT5M' },
  },
  plans: {
    [PLAN]: {
      name: 'Business',
      family: 'cloud',
      model: 'subscription',
      period: 'P1M',
      entitlements: ENTITLEMENTS,
    },
    /** Half of everything: where customers of the propagation race go and come back from. */
    starter: {
      name: 'Starter',
      family: 'cloud',
      model: 'subscription',
      period: 'P1M',
      entitlements: { ...ENTITLEMENTS, ...each(LEVELS, 25) },
    },
    /** Floating seats for whoever renews them. */
    [CREW]: { name: 'Crew', family: 'crew', model: 'seats', entitlements: { [SEATS]: 100_000 } },
    /** Sold by licence alone. */
    [OWNED]: { name: 'Owned', model: 'perpetual', entitlements: { 'module-01': true } },
    /** Its trial goes over into the paid plan: the worker race. */
    tryout: {
      name: 'Tryout',
      family: 'tryout',
      model: 'subscription',
      period: 'P1M',
      trial: { for: 'P14D', then: 'continue' },
      entitlements: { 'module-01': true },
    },
  },
};

/** Every feature that is checked. */
export const FEATURES = EXPECTED.map(({ feature }) => feature);
