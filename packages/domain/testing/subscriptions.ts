import {
  parseAddOnKey,
  parseCustomerId,
  parseFeatureKey,
  parsePlanFamily,
  parsePlanKey,
  parseSubscriptionId,
} from '../src/ids.js';
import type {
  AccountChange,
  AddOn,
  Catalog,
  CommandOutcome,
  CustomerAccount,
  Instant,
  MeteredFeature,
  Plan,
  PlanEntitlement,
  Publication,
  Refusal,
  Release,
  SubscriptionCommand,
  Transition,
} from '../src/index.js';
import { parseDuration, parseInstant, parseTimeZone } from '../src/time/instant.js';

function parsed<T>(parse: (text: string) => T | null, text: string): T {
  const value = parse(text);
  if (value === null) throw new TypeError(`the test names what does not parse: ${text}`);
  return value;
}
export const planKey = (text: string) => parsed(parsePlanKey, text);
export const featureKey = (text: string) => parsed(parseFeatureKey, text);
export const addOnKey = (text: string) => parsed(parseAddOnKey, text);
export const familyKey = (text: string) => parsed(parsePlanFamily, text);
export const subscriptionId = (text: string) => parsed(parseSubscriptionId, text);
export const duration = (text: string) => parsed(parseDuration, text);
export const zoneOf = (text: string) => parsed(parseTimeZone, text);
export const time = (text: string) => parsed(parseInstant, text);

export function metered(
  key: string,
  every: string | null,
  anchor: 'subscription' | 'calendar',
): MeteredFeature {
  return {
    key: featureKey(key),
    name: key,
    whenUnknown: { kind: 'CLOSED' },
    needsSeat: null,
    type: 'METERED',
    unit: null,
    combine: 'sum',
    window: every === null ? null : { every: duration(every), anchor },
    rollover: null,
    notifyAt: [],
  };
}

interface PlanOptions extends Partial<Pick<Plan, 'model' | 'trial' | 'entitlements'>> {
  readonly family?: string;
  readonly period?: string;
  readonly grace?: string;
  readonly onExpiry?: string;
  readonly onCancel?: string;
  readonly onPause?: Plan['onPause']['clock'];
  readonly units?: Readonly<Record<string, number>>;
}

export function plan(key: string, options: PlanOptions = {}): Plan {
  return {
    key: planKey(key),
    name: key,
    family: familyKey(options.family ?? 'cloud'),
    model: options.model ?? 'SUBSCRIPTION',
    period: options.period === undefined ? null : duration(options.period),
    trial: options.trial ?? null,
    grace: options.grace === undefined ? null : duration(options.grace),
    onExpiry: options.onExpiry === undefined ? null : planKey(options.onExpiry),
    onCancel: options.onCancel === undefined ? null : planKey(options.onCancel),
    onPause: { clock: options.onPause ?? 'runs' },
    offline: null,
    maintenance: null,
    machines: null,
    entitlements: options.entitlements ?? units(options.units ?? {}),
    rules: [],
  };
}

function units(limits: Readonly<Record<string, number>>): Plan['entitlements'] {
  const hard = { kind: 'HARD' } as const;
  return new Map(
    Object.entries(limits).map(([key, limit]): [ReturnType<typeof featureKey>, PlanEntitlement] => [
      featureKey(key),
      { kind: 'UNITS', limit, enforcement: hard },
    ]),
  );
}

export function addOn(
  key: string,
  plans: readonly string[],
  limits: Readonly<Record<string, number>>,
): AddOn {
  return { key: addOnKey(key), name: key, with: plans.map(planKey), entitlements: units(limits) };
}

export function transition(from: string, to: string, options: Partial<Transition> = {}): Transition {
  return {
    from: from.split(' ').map(planKey),
    to: to.split(' ').map(planKey),
    takesEffect: 'now',
    usage: 'carry',
    seatsAbove: { kind: 'BLOCK' },
    addOnsNotOffered: 'drop',
    ...options,
  };
}

/** Before anything that the tests are about. */
export const FIRST_PUBLICATION: Publication = {
  version: 1,
  at: time('2000-01-01'),
  undoesAfter: null,
  timeZone: zoneOf('UTC'),
};

export function releaseOf(parts: {
  readonly plans: readonly Plan[];
  readonly features: readonly MeteredFeature[];
  readonly addOns?: readonly AddOn[];
  readonly transitions?: readonly Transition[];
  readonly version?: number;
  readonly expiringSoon?: readonly string[];
}): Release {
  const version = parts.version ?? 1;
  const catalog: Catalog = {
    name: 'test',
    timeZone: null,
    staleFor: duration('PT1H'),
    expiringSoon: (parts.expiringSoon ?? []).map(duration),
    features: new Map(parts.features.map((one) => [one.key, one])),
    places: new Map(parts.features.map((one, place) => [one.key, place])),
    plans: new Map(parts.plans.map((one) => [one.key, one])),
    addOns: new Map((parts.addOns ?? []).map((one) => [one.key, one])),
    rules: [],
    transitions: parts.transitions ?? null,
    existingSubscriptions: { default: 'stay', byPlan: new Map() },
    scenarios: [],
  };
  return {
    number: version,
    publication: { ...FIRST_PUBLICATION, version },
    catalog,
    planVersions: new Map(parts.plans.map((one) => [one.key, { plan: one, version }])),
    addOnVersions: new Map((parts.addOns ?? []).map((one) => [one.key, { addOn: one, version }])),
  };
}

export function newCustomer(zone = 'UTC'): CustomerAccount {
  return {
    id: parsed(parseCustomerId, 'acme'),
    profile: { name: null, attributes: {}, createdAt: time('2025-01-15') },
    timeZone: zoneOf(zone),
    trialsGiven: new Set(),
    windowAnchors: new Map(),
    subscriptions: [],
    licenses: [],
    grants: [],
    meters: new Map(),
    reservations: [],
    leases: [],
    blocks: [],
    seats: [],
    turnedUntil: time('2025-01-15'),
  };
}

export function subscribeTo(
  key: string,
  options: {
    readonly id?: string;
    readonly trial?: boolean;
    readonly startsAt?: Instant | null;
    readonly addOns?: string[];
    readonly quantities?: Readonly<Record<string, number>>;
  } = {},
): SubscriptionCommand {
  return {
    kind: 'subscribe',
    subscriptionId: subscriptionId(options.id ?? 'sub_1'),
    plan: planKey(key),
    addOns: (options.addOns ?? []).map((one) => ({ addOn: addOnKey(one), quantity: 1 })),
    quantities: new Map(
      Object.entries(options.quantities ?? {}).map(([one, quantity]) => [featureKey(one), quantity]),
    ),
    trial: options.trial ?? false,
    startsAt: options.startsAt ?? null,
  };
}

type ChangePlan = Extract<SubscriptionCommand, { kind: 'changePlan' }>;
export function changeTo(key: string, options: Partial<Omit<ChangePlan, 'kind' | 'plan'>> = {}): ChangePlan {
  return {
    kind: 'changePlan',
    subscriptionId: subscriptionId('sub_1'),
    plan: planKey(key),
    from: null,
    addOns: null,
    quantities: null,
    timing: null,
    at: null,
    ...options,
  };
}

/** What an accepted command has made; a refused one fails the test. */
export function accepted(outcome: CommandOutcome): AccountChange {
  if (!outcome.ok) throw new Error(`refused: ${outcome.refusal.code} ${outcome.refusal.message}`);
  return outcome;
}

export function refused(outcome: CommandOutcome): Pick<Refusal, 'code' | 'field'> {
  if (outcome.ok) throw new Error('accepted, where a refusal was expected');
  const { code, field } = outcome.refusal;
  return { code, field };
}
