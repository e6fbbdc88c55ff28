import type { CustomerState, DenialReason, DenyingCode, Grant, Instant, Release } from '../src/index.js';
import { type Given, type GivenLicense, grantOf, releaseFrom, stateFrom } from './states.js';
import { time } from './subscriptions.js';

const RULES = (feature: string, suffix: string, condition: string): string => `
      - { name: no old ${feature}, feature: ${feature}, when: has(context.old${suffix}) && context.old${suffix}, then: deny }
      - { name: some ${feature}, feature: ${feature}, when: context.signed${suffix}, then: ${condition} }`;
const PLAN = (name: string, suffix: string, model = 'subscription', more = ''): string => `
  ${name}:
    model: ${model}
    ${more}
    entitlements: { export: true, calls: 10 }
    rules:${RULES('export', suffix, 'allow')}${RULES('calls', suffix, '{ limit: 10 }')}`;

const MACHINES = 'machines: { limit: 2, atOnce: 1 }';

/** Everything that can go wrong can be made to go wrong by the request, or by what the customer has. */
export const RELEASE = releaseFrom(`
catalog: 1
name: order of codes
features:
  export: { type: boolean, needsSeat: editors, versions: { '5.0': '2026-01-05' } }
  editors: { type: seats, kind: named }
  calls: { type: metered, window: P1M, anchor: calendar, needsSeat: editors }
  audit: { type: boolean }
plans:${PLAN('basic', '')}${PLAN('twin', '2')}${PLAN('owned', '', 'perpetual')}${PLAN('owned-twin', '2', 'perpetual')}${PLAN('bound', '', 'perpetual', MACHINES)}${PLAN('bound-twin', '2', 'perpetual', MACHINES)}
  other: { model: subscription, entitlements: { audit: true } }
rules:
  - { name: embargo, feature: export, when: has(context.embargo) && context.embargo, then: deny }
  - { name: embargo on calls, feature: calls, when: has(context.embargo) && context.embargo, then: deny }
  - { name: listed, feature: export, when: context.listed, then: deny }
  - { name: listed for calls, feature: calls, when: context.listed, then: deny }
`);
export const NOW = time('2026-01-15');
const BEFORE = '2026-01-10';
const SINCE = '2026-01-12';
const AFTER = '2026-02-10';

/** The rows of docs/rules.md, "Decision codes", that there are today, in their order. */
export const ROWS = [
  'UNKNOWN_FEATURE',
  'UNAVAILABLE',
  'UNKNOWN_CUSTOMER',
  'BLOCKED',
  'DENIED_BY_RULE of the catalog',
  'NO_ACTIVE_PLAN',
  'NOT_IN_PLAN',
  'LICENSE_REVOKED',
  'LICENSE_EXPIRED',
  'SUBSCRIPTION_EXPIRED',
  'NOT_STARTED',
  'LICENSE_SUSPENDED',
  'SUBSCRIPTION_PAUSED',
  'DENIED_BY_RULE of the plan',
  'CONDITION_NOT_MET',
  'VERSION_NOT_COVERED',
  'NOT_ACTIVATED',
  'MACHINE_IN_USE',
  'NO_SEAT',
  'LIMIT_EXCEEDED',
] as const;
export type Row = (typeof ROWS)[number];

/** Which row a reason is of. */
export function rowOf({ code, source }: Pick<DenialReason, 'code' | 'source'>): string {
  if (code !== 'DENIED_BY_RULE') return code;
  return source === null ? 'DENIED_BY_RULE of the catalog' : 'DENIED_BY_RULE of the plan';
}

export function codeOf(row: Row): DenyingCode {
  switch (row) {
    case 'DENIED_BY_RULE of the catalog':
    case 'DENIED_BY_RULE of the plan':
      return 'DENIED_BY_RULE';
    default:
      return row;
  }
}

/** A request and what it is asked of. As it is, it is allowed. */
export interface Case {
  readonly feature: 'export' | 'calls';
  readonly inCatalog: boolean;
  readonly isCustomer: boolean;
  /** When the state was last known to be current. */
  readonly knownAt: Instant;
  readonly subscriptions: readonly Given[];
  readonly licenses: readonly GivenLicense[];
  readonly grants: readonly Grant[];
  readonly used: number;
  readonly memberId: string;
  readonly context: Readonly<Record<string, unknown>>;
  readonly productVersion: string | null;
}

export function soundCase(feature: Case['feature']): Case {
  return {
    feature,
    inCatalog: true,
    isCustomer: true,
    knownAt: NOW,
    subscriptions: [{ plan: 'basic' }],
    licenses: [],
    // A grant of another feature is no plan.
    grants: [grantOf('editors', { kind: 'ADD', value: { kind: 'UNITS', limit: 5 } })],
    used: 0,
    memberId: 'ann',
    context: { signed: true, signed2: true, listed: false },
    productVersion: null,
  };
}

/** What makes a row apply. */
export const MAKES: Readonly<Record<Row, (sound: Case) => Case>> = {
  UNKNOWN_FEATURE: (sound) => ({ ...sound, inCatalog: false }),
  UNAVAILABLE: (sound) => ({ ...sound, knownAt: time('2025-12-15') }),
  UNKNOWN_CUSTOMER: (sound) => ({ ...sound, isCustomer: false }),
  BLOCKED: (sound) => ({ ...sound, grants: [...sound.grants, grantOf(sound.feature, { kind: 'BLOCK' })] }),
  'DENIED_BY_RULE of the catalog': (sound) => ({ ...sound, context: { ...sound.context, embargo: true } }),
  NO_ACTIVE_PLAN: (sound) => ({ ...sound, subscriptions: [], licenses: [] }),
  NOT_IN_PLAN: (sound) => ({ ...sound, subscriptions: [{ plan: 'other' }], licenses: [] }),
  LICENSE_REVOKED: (sound) => licensed(sound, { revokedAt: SINCE, suspended: false }),
  LICENSE_EXPIRED: (sound) => licensed(sound, { expiresAt: BEFORE }),
  SUBSCRIPTION_EXPIRED: (sound) => standing(sound, { status: 'EXPIRED', endsAt: BEFORE }),
  NOT_STARTED: (sound) =>
    sound.licenses.length > 0
      ? licensed(sound, { startsAt: AFTER })
      : standing(sound, { status: 'SCHEDULED', startedAt: AFTER }),
  LICENSE_SUSPENDED: (sound) => licensed(sound, { suspended: true }),
  SUBSCRIPTION_PAUSED: (sound) => standing(sound, { status: 'PAUSED' }),
  'DENIED_BY_RULE of the plan': (sound) => ({ ...sound, context: { ...sound.context, old: true } }),
  CONDITION_NOT_MET: (sound) => {
    const { signed: _signed, ...context } = sound.context;
    return { ...sound, context };
  },
  VERSION_NOT_COVERED: (sound) => ({
    ...licensed(sound, { maintenanceUntil: '2026-01-05' }),
    productVersion: '5.0',
  }),
  NOT_ACTIVATED: (sound) => licensed(sound, { plan: 'bound', machines: [] }),
  MACHINE_IN_USE: (sound) => licensed(sound, { plan: 'bound', machines: IN_USE }),
  NO_SEAT: (sound) => ({ ...sound, memberId: 'bob' }),
  LIMIT_EXCEEDED: (sound) => ({ ...sound, used: 10 }),
};

/** The machine that asks, and another one that holds the only place. */
const IN_USE = [{ fingerprint: 'own' }, { fingerprint: 'other', inUseUntil: AFTER }];

function standing(sound: Case, given: Omit<Given, 'plan'>): Case {
  return { ...sound, subscriptions: [{ plan: 'basic', ...given }], licenses: [] };
}

/** A licence in the place of the subscription, which begins when that does. */
function licensed(sound: Case, given: Partial<GivenLicense>): Case {
  const [{ startedAt } = {}] = sound.subscriptions;
  const [made = startedAt === undefined ? {} : { startsAt: startedAt }] = sound.licenses;
  return { ...sound, subscriptions: [], licenses: [{ plan: 'owned', ...made, ...given }] };
}

/** Rows that are asked of each source, and how a subscription or licence to a twin of its plan is made to fail them. */
export const MAKES_TWIN: Readonly<Partial<Record<Row, (sound: Case) => Case>>> = {
  LICENSE_REVOKED: (sound) => withTwinLicense(sound, { revokedAt: SINCE }),
  LICENSE_EXPIRED: (sound) => withTwinLicense(sound, { expiresAt: BEFORE }),
  SUBSCRIPTION_EXPIRED: (sound) => withTwin(sound, { status: 'EXPIRED', endsAt: BEFORE }),
  NOT_STARTED: (sound) => withTwin(sound, { status: 'SCHEDULED', startedAt: AFTER }),
  LICENSE_SUSPENDED: (sound) => withTwinLicense(sound, { suspended: true }),
  SUBSCRIPTION_PAUSED: (sound) => withTwin(sound, { status: 'PAUSED' }),
  'DENIED_BY_RULE of the plan': (sound) =>
    withTwin({ ...sound, context: { ...sound.context, old2: true } }, {}),
  CONDITION_NOT_MET: (sound) => {
    const { signed2: _signed, ...context } = sound.context;
    return withTwin({ ...sound, context }, {});
  },
  VERSION_NOT_COVERED: (sound) =>
    withTwinLicense({ ...sound, productVersion: '5.0' }, { maintenanceUntil: '2026-01-05' }),
  NOT_ACTIVATED: (sound) => withTwinLicense(sound, { plan: 'bound-twin', machines: [] }),
  MACHINE_IN_USE: (sound) => withTwinLicense(sound, { plan: 'bound-twin', machines: IN_USE }),
};

/** Row 14 again, of every source: a rule of the catalog itself cannot be evaluated. */
export function withBrokenRule(sound: Case): Case {
  const { listed: _listed, ...context } = sound.context;
  return { ...sound, context };
}

function withTwin(sound: Case, given: Omit<Given, 'plan'>): Case {
  return { ...sound, subscriptions: [...sound.subscriptions, { plan: 'twin', ...given }] };
}

function withTwinLicense(sound: Case, given: Partial<GivenLicense>): Case {
  return { ...sound, licenses: [...sound.licenses, { plan: 'owned-twin', ...given }] };
}

export function stateOf({ inCatalog, isCustomer, ...given }: Case): CustomerState {
  const seats = [{ feature: 'editors', memberId: 'ann' }];
  const state = stateFrom(RELEASE, { ...given, seats, used: { calls: given.used }, at: NOW });
  const release = inCatalog ? RELEASE : WITHOUT_FEATURES;
  if (state.kind !== 'KNOWN') return state;
  return isCustomer
    ? { ...state, release }
    : { kind: 'UNKNOWN_CUSTOMER', release, customerId: state.account.id };
}

/** The next release, from which the features were taken out; what customers have stays. */
const WITHOUT_FEATURES: Release = { ...RELEASE, catalog: { ...RELEASE.catalog, features: new Map() } };
