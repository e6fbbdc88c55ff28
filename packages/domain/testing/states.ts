import { parseCatalogYaml } from '../src/catalog/parse.js';
import {
  type CustomerAccount,
  type CustomerState,
  type Grant,
  type Instant,
  knownState,
  type License,
  type Meter,
  parseMemberId,
  parseSeatId,
  type PlanKey,
  type PlanVersion,
  putSeat,
  type Release,
  type Seat,
  type Subscription,
} from '../src/index.js';
import { asGiven } from '../src/credits/give-credits.js';
import { licenseOf } from '../src/scenario/license-of.js';
import { boughtNow } from '../src/subscription/plan-choice.js';
import { windowAt } from '../src/usage/window.js';
import {
  addOnKey,
  featureKey,
  FIRST_PUBLICATION,
  newCustomer,
  planKey,
  subscriptionId,
  time,
} from './subscriptions.js';

/** A release made of a catalog in YAML. */
export function releaseFrom(yaml: string): Release {
  const parse = parseCatalogYaml(yaml);
  if (!parse.ok) throw new Error(JSON.stringify(parse.problems, null, 2));
  const { catalog } = parse;
  const versions = [...catalog.plans.values()].map((plan): [PlanKey, PlanVersion] => [
    plan.key,
    { plan, version: 1 },
  ]);
  const addOnVersions = new Map(
    [...catalog.addOns.values()].map((addOn) => [addOn.key, { addOn, version: 1 }]),
  );
  return {
    number: 1,
    publication: FIRST_PUBLICATION,
    catalog,
    planVersions: new Map(versions),
    addOnVersions,
  };
}

/** A subscription as a test writes it down; what it leaves out: ACTIVE since 2025-01-15, a monthly period. */
export interface Given {
  readonly plan: string;
  readonly status?: Subscription['status'];
  readonly startedAt?: string;
  readonly endsAt?: string;
  readonly addOns?: Readonly<Record<string, number>>;
  readonly change?: { readonly to: string; readonly at: string };
  readonly cancelAt?: string;
}

export function subscriptionFrom(release: Release, given: Given, index = 0): Subscription {
  const sold = (key: string): PlanVersion => {
    const version = release.planVersions.get(planKey(key));
    if (!version) throw new Error(`the test's catalog has no plan ${key}`);
    return version;
  };
  const startedAt = time(given.startedAt ?? '2025-01-15');
  const base = {
    id: subscriptionId(`sub_${String(index)}`),
    customerId: newCustomer().id,
    planVersion: sold(given.plan),
    addOns: boughtNow(
      release,
      Object.entries(given.addOns ?? {}).map(([key, quantity]) => ({ addOn: addOnKey(key), quantity })),
    ),
    quantities: new Map(),
    prorations: new Map(),
    seatsReleasedAt: null,
    creditsGiven: new Map(),
    startedAt,
    lastPaymentAt: null,
    moves: [],
  };
  const period = { anchor: startedAt, start: startedAt, end: null };
  const pending = {
    cancelAt: given.cancelAt === undefined ? null : time(given.cancelAt),
    scheduledChange:
      given.change === undefined
        ? null
        : { to: sold(given.change.to), at: time(given.change.at), addOns: null, quantities: null },
  };
  const endsAt = time(given.endsAt ?? '2026-02-01');
  switch (given.status ?? 'ACTIVE') {
    case 'SCHEDULED':
      return { ...base, ...pending, status: 'SCHEDULED', trial: false, paid: false, failed: false };
    case 'TRIALING':
      return {
        ...base,
        ...pending,
        status: 'TRIALING',
        period: { ...period, end: endsAt },
        trialEndsAt: endsAt,
        paid: false,
      };
    case 'PAST_DUE':
      return { ...base, ...pending, status: 'PAST_DUE', period, graceEndsAt: endsAt };
    case 'PAUSED':
      return {
        ...base,
        ...pending,
        status: 'PAUSED',
        from: { status: 'ACTIVE', failed: false },
        period,
        clock: 'runs',
        pausedAt: startedAt,
        resumesAt: given.endsAt === undefined ? null : endsAt,
      };
    case 'CANCELED':
    case 'EXPIRED':
      return {
        ...base,
        status: given.status === 'CANCELED' ? 'CANCELED' : 'EXPIRED',
        period,
        endedAt: endsAt,
      };
    default:
      return { ...base, ...pending, status: 'ACTIVE', period };
  }
}

/** A seat as a test writes it down; what it leaves out: held since 2026-01-10, and no lease that ends. */
export interface GivenSeat {
  readonly feature: string;
  readonly memberId: string;
  readonly assignedAt?: string;
  readonly leaseExpiresAt?: string;
  readonly coolsUntil?: string;
}

export function seatFrom(release: Release, given: GivenSeat, index = 0): Seat {
  const { leaseExpiresAt, coolsUntil } = given;
  const id = parseSeatId(`seat_${String(index)}`);
  const memberId = parseMemberId(given.memberId);
  const feature = release.catalog.features.get(featureKey(given.feature));
  if (id === null || memberId === null || feature?.type !== 'SEATS') throw new Error('no seat');
  return {
    ...{ id, memberId, feature: feature.key, kind: feature.seats.kind },
    assignedAt: time(given.assignedAt ?? '2026-01-10'),
    leaseExpiresAt: leaseExpiresAt === undefined ? null : time(leaseExpiresAt),
    coolsUntil: coolsUntil === undefined ? null : time(coolsUntil),
    borrowedUntil: null,
  };
}

/** A licence as a test writes it down; what it leaves out: since 2025-01-15, as long as its plan says. */
export interface GivenLicense {
  readonly plan: string;
  readonly startsAt?: string;
  readonly expiresAt?: string;
  readonly maintenanceUntil?: string;
  readonly suspended?: boolean;
  readonly revokedAt?: string;
  readonly machines?: readonly { readonly fingerprint: string; readonly inUseUntil?: string }[];
}

/** As its dates have made it until `at`. */
export function licenseFrom(release: Release, given: GivenLicense, at: Instant, index = 0): License {
  const { id: customerId, timeZone } = newCustomer();
  const began = time('2025-01-15');
  const timeOr = (text?: string) => (text === undefined ? null : time(text));
  const license = licenseOf(
    { release, customerId, timeZone, yearAgo: began, now: at },
    {
      plan: planKey(given.plan),
      startsAt: timeOr(given.startsAt),
      expiresAt: timeOr(given.expiresAt),
      maintenanceUntil: timeOr(given.maintenanceUntil),
      quantities: new Map(),
      suspended: given.suspended ?? false,
      revokedAt: timeOr(given.revokedAt),
      machines: (given.machines ?? []).map(({ fingerprint, inUseUntil }) => ({
        ...{ fingerprint, components: [] },
        inUseUntil: timeOr(inUseUntil),
      })),
    },
    index,
  );
  return asGiven(license, timeZone, at);
}

export interface GivenState {
  readonly subscriptions?: readonly Given[];
  readonly licenses?: readonly GivenLicense[];
  readonly grants?: readonly Grant[];
  readonly used?: Readonly<Record<string, number>>;
  readonly reserved?: Readonly<Record<string, number>>;
  readonly seats?: readonly GivenSeat[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  /** Left out: 2025-01-15. */
  readonly createdAt?: string;
  readonly at: Instant;
}

export function stateFrom(release: Release, given: GivenState): CustomerState {
  const customer = newCustomer();
  const account: CustomerAccount = {
    ...customer,
    profile: {
      ...customer.profile,
      attributes: given.attributes ?? {},
      ...(given.createdAt === undefined ? {} : { createdAt: time(given.createdAt) }),
    },
    turnedUntil: given.at,
    windowAnchors: new Map([...release.catalog.features.keys()].map((key) => [key, time('2025-01-15')])),
    subscriptions: (given.subscriptions ?? []).map((one, index) => subscriptionFrom(release, one, index)),
    licenses: (given.licenses ?? []).map((one, index) => licenseFrom(release, one, given.at, index)),
    grants: (given.grants ?? []).map((grant) => ({ ...grant, status: grantStatusFrom(grant, given.at) })),
  };
  const meters = new Map<ReturnType<typeof featureKey>, Meter>();
  for (const [text, used] of Object.entries(given.used ?? {})) {
    const key = featureKey(text);
    const feature = release.catalog.features.get(key);
    const window = feature?.type === 'METERED' ? windowAt(feature, account, given.at) : null;
    meters.set(key, {
      feature: key,
      used,
      reserved: given.reserved?.[text] ?? 0,
      window,
      rolled: [],
      freesAt: null,
      overdrawn: 0,
    });
  }
  const seats = (given.seats ?? []).map((seat, index) => seatFrom(release, seat, index));
  return knownState(
    release,
    seats.reduce<CustomerAccount>((taken, seat) => putSeat(taken, null, seat), { ...account, meters }),
  );
}

/** What is over has not been written down yet. */
function grantStatusFrom({ startsAt }: Grant, at: Instant): Grant['status'] {
  return startsAt <= at ? 'ACTIVE' : 'SCHEDULED';
}

let grants = 0;
/** A grant that holds all the time, unless it says otherwise. */
export function grantOf(
  feature: string,
  effect: Grant['effect'],
  from = '2025-01-01',
  to: string | null = null,
): Grant {
  grants += 1;
  const id = `grant_${String(grants)}`;
  if (!isGrantId(id)) throw new Error('a grant id');
  return {
    id,
    feature: featureKey(feature),
    effect,
    status: 'SCHEDULED',
    reason: 'a test',
    startsAt: time(from),
    expiresAt: to === null ? null : time(to),
  };
}

function isGrantId(text: string): text is Grant['id'] {
  return text.startsWith('grant_');
}
