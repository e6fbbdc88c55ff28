import type {
  ScenarioBlock,
  ScenarioGiven,
  ScenarioGrant,
  ScenarioLicense,
  ScenarioSeat,
} from '../catalog/catalog.js';
import type { CreditBlock } from '../credits/credit-block.js';
import { asGiven } from '../credits/give-credits.js';
import { type CustomerAccount, type CustomerState, knownState, type Release } from '../customer.js';
import { type Grant, grantStatusAt } from '../grant/grant.js';
import { beganAt, endedAt, type Holding, isLicense } from '../holding.js';
import {
  type FeatureKey,
  parseCreditBlockId,
  parseCustomerId,
  parseGrantId,
  parseSeatId,
  parseSubscriptionId,
  type PlanKey,
} from '../ids.js';
import { putSeat, type Seat } from '../seats/seat.js';
import { namedBy } from '../subscription/anchors.js';
import { boughtNow } from '../subscription/plan-choice.js';
import { periodFrom } from '../subscription/state.js';
import type { PlanVersion, Subscription } from '../subscription/subscription.js';
import { addDuration, spanFromAnchor, subtractDuration } from '../time/calendar.js';
import {
  type Instant,
  type IsoDuration,
  parseDuration,
  parseTimeZone,
  type TimeZone,
} from '../time/instant.js';
import { type Meter, unusedMeter } from '../usage/meter.js';
import { windowAt } from '../usage/window.js';
import { licenseOf } from './license-of.js';

/** The customer that a scenario describes; what it leaves out began a year before, and nothing is used. */
export function stateOf(release: Release, given: ScenarioGiven): CustomerState {
  const timeZone = given.customer.timeZone ?? release.catalog.timeZone ?? zone('UTC');
  const yearAgo = subtractDuration(given.now, span('P1Y'), timeZone);
  const began = given.startedAt ?? yearAgo;
  const isPerpetual = (plan: PlanKey): boolean => sold(release, plan).plan.model === 'PERPETUAL';
  const subscriptions = given.plans
    .filter((plan) => !isPerpetual(plan))
    .map((plan, index) =>
      asGiven(subscriptionOf(release, given, timeZone, plan, index), timeZone, given.now),
    );
  const surroundings = {
    ...{ release, timeZone, yearAgo },
    customerId: customer('scenario'),
    now: given.now,
  };
  const licenses = [
    ...given.plans.filter(isPerpetual).map((plan) => perpetual(plan, began)),
    ...given.licenses,
  ].map((license, index) => asGiven(licenseOf(surroundings, license, index), timeZone, given.now));
  const grants = given.grants.map((grant, index) => grantOf(grant, index, yearAgo, given.now));
  const since = hadSince([...subscriptions, ...licenses], grants, given.now);
  const account: CustomerAccount = {
    id: customer('scenario'),
    profile: {
      name: null,
      attributes: given.customer.attributes,
      createdAt: given.customer.createdAt ?? yearAgo,
    },
    timeZone,
    trialsGiven: new Set(),
    windowAnchors: new Map([...release.catalog.features.keys()].map((key) => [key, since.get(key) ?? began])),
    subscriptions,
    licenses,
    grants,
    meters: new Map(),
    reservations: [],
    leases: [],
    blocks: given.blocks.map((block, index) => blockOf(block, index, yearAgo)),
    seats: [],
    turnedUntil: given.now,
  };
  const counted = { ...account, meters: metersOf(release, account, given) };
  const seats = given.seats.map((seat, index) => seatIn(seat, index, release, yearAgo));
  return knownState(
    release,
    seats.reduce<CustomerAccount>((current, seat) => putSeat(current, null, seat), counted),
  );
}

/** Since when the customer has had each feature without a break; docs/rules.md, "Time". */
function hadSince(
  holdings: readonly Holding[],
  grants: readonly Grant[],
  now: Instant,
): ReadonlyMap<FeatureKey, Instant> {
  const begun = holdings.filter((one) => isLicense(one) || one.status !== 'SCHEDULED');
  const spans = [
    ...begun.flatMap((one) => [...namedBy(one)].map((feature) => ({ feature, ...spanOf(one) }))),
    ...grants
      .filter(({ effect }) => effect.kind !== 'BLOCK')
      .map(({ feature, startsAt, expiresAt }) => ({ feature, start: startsAt, end: expiresAt })),
  ];
  const since = new Map<FeatureKey, Instant>();
  for (const { feature, start, end } of spans)
    if (start <= now && (end === null || end > now))
      since.set(feature, earlier(since.get(feature) ?? now, start));
  // From the latest to end: what ended when another began, or later, lengthens it.
  for (const { feature, start, end } of spans.toSorted(
    (one, other) => (other.end ?? now) - (one.end ?? now),
  )) {
    const known = since.get(feature);
    if (known !== undefined && end !== null && end >= known) since.set(feature, earlier(known, start));
  }
  return since;
}

function spanOf(one: Holding): { readonly start: Instant; readonly end: Instant | null } {
  return { start: beganAt(one), end: endedAt(one) };
}

/** A perpetual plan is sold by licence alone. */
function perpetual(plan: PlanKey, startsAt: Instant): ScenarioLicense {
  const ends = { expiresAt: null, maintenanceUntil: null, revokedAt: null };
  return { plan, startsAt, ...ends, quantities: new Map(), suspended: false, machines: [] };
}

function earlier(one: Instant, other: Instant): Instant {
  return one < other ? one : other;
}

function grantOf(granted: ScenarioGrant, index: number, yearAgo: Instant, now: Instant): Grant {
  const grant: Grant = {
    id: grantId(`grant_${String(index)}`),
    feature: granted.feature,
    effect: granted.given,
    status: 'SCHEDULED',
    reason: 'a scenario',
    startsAt: granted.startsAt ?? yearAgo,
    expiresAt: granted.expiresAt,
  };
  return { ...grant, status: grantStatusAt(grant, now) };
}

function seatIn(seat: ScenarioSeat, index: number, { catalog }: Release, yearAgo: Instant): Seat {
  const { feature, memberId, assignedAt, leaseExpiresAt, coolsUntil } = seat;
  const stored = catalog.features.get(feature);
  const kind = stored?.type === 'SEATS' ? stored.seats.kind : 'NAMED';
  return {
    id: must(parseSeatId(`seat_${String(index)}`), 'seat_'),
    ...{ feature, memberId, kind, leaseExpiresAt, coolsUntil },
    assignedAt: assignedAt ?? yearAgo,
    borrowedUntil: null,
  };
}

function blockOf(block: ScenarioBlock, index: number, yearAgo: Instant): CreditBlock {
  const { feature, quantity, spent, held, priority, expiresAt, addedAt } = block;
  return {
    id: must(parseCreditBlockId(`blk_${String(index)}`), 'blk_'),
    ...{ feature, quantity, held, priority, expiresAt },
    remaining: quantity - spent,
    createdAt: addedAt ?? yearAgo,
    source: null,
    status: 'LIVE',
  };
}

function subscriptionOf(
  release: Release,
  given: ScenarioGiven,
  timeZone: TimeZone,
  plan: PlanKey,
  index: number,
): Subscription {
  const planVersion = sold(release, plan);
  const began = given.startedAt ?? subtractDuration(given.now, span('P1Y'), timeZone);
  const fits = given.addOns.filter((addOn) => release.catalog.addOns.get(addOn)?.with.includes(plan));
  const base = {
    id: subscription(`sub_${String(index)}`),
    customerId: customer('scenario'),
    planVersion,
    addOns: boughtNow(
      release,
      fits.map((addOn) => ({ addOn, quantity: 1 })),
    ),
    quantities: given.quantities,
    prorations: new Map(),
    seatsReleasedAt: null,
    creditsGiven: new Map(),
    startedAt: began,
    lastPaymentAt: null,
    moves: [],
  };
  const pending = { cancelAt: null, scheduledChange: null };
  const yesterday = subtractDuration(given.now, span('P1D'), timeZone);
  const period = runningPeriod(planVersion, began, given.now, timeZone);
  switch (given.status) {
    case 'SCHEDULED': {
      const startedAt = given.startedAt ?? addDuration(given.now, span('P1D'), timeZone);
      return {
        ...base,
        ...pending,
        status: 'SCHEDULED',
        startedAt,
        trial: false,
        paid: false,
        failed: false,
      };
    }
    case 'TRIALING': {
      const startedAt = given.startedAt ?? yesterday;
      const trialEndsAt = addDuration(startedAt, planVersion.plan.trial?.for ?? span('P14D'), timeZone);
      const trial = { anchor: startedAt, start: startedAt, end: trialEndsAt };
      return { ...base, ...pending, status: 'TRIALING', startedAt, period: trial, trialEndsAt, paid: false };
    }
    case 'PAST_DUE': {
      const failedAt = given.paidUntil ?? yesterday;
      const { grace } = planVersion.plan;
      const graceEndsAt = grace === null ? failedAt : addDuration(failedAt, grace, timeZone);
      return { ...base, ...pending, status: 'PAST_DUE', period, graceEndsAt };
    }
    case 'PAUSED': {
      const from = { status: 'ACTIVE', failed: false } as const;
      const pause = { from, clock: planVersion.plan.onPause.clock, pausedAt: yesterday, resumesAt: null };
      return { ...base, ...pending, ...pause, status: 'PAUSED', period };
    }
    case 'CANCELED':
    case 'EXPIRED':
      return { ...base, status: given.status, period, endedAt: given.paidUntil ?? yesterday };
    default:
      return { ...base, ...pending, status: 'ACTIVE', period };
  }
}

function runningPeriod({ plan }: PlanVersion, began: Instant, now: Instant, timeZone: TimeZone) {
  if (plan.period === null) return periodFrom(plan, began, timeZone);
  const running = spanFromAnchor(began, plan.period, timeZone, now);
  return { anchor: began, start: running.start, end: running.end };
}

function metersOf(release: Release, account: CustomerAccount, given: ScenarioGiven): Map<FeatureKey, Meter> {
  const meters = new Map<FeatureKey, Meter>();
  const features = [
    ...[given.usage, given.reserved, given.rolledOver].flatMap((units) => [...units.keys()]),
    ...given.blocks.map(({ feature }) => feature),
  ];
  for (const key of new Set(features)) {
    const feature = release.catalog.features.get(key);
    const window = feature?.type === 'METERED' ? windowAt(feature, account, given.now) : null;
    const rolled = given.rolledOver.get(key) ?? 0;
    const blocks = given.blocks.filter((block) => block.feature === key);
    meters.set(key, {
      ...unusedMeter(key, window),
      used: given.usage.get(key) ?? blocks.reduce((sum, { spent }) => sum + spent, 0),
      reserved: (given.reserved.get(key) ?? 0) + blocks.reduce((sum, { held }) => sum + held, 0),
      // It is given for as long as the window runs.
      rolled: rolled > 0 && window !== null ? [{ units: rolled, until: window.end }] : [],
    });
  }
  return meters;
}

function sold(release: Release, plan: PlanKey): PlanVersion {
  const version = release.planVersions.get(plan);
  if (!version) throw new Error(`the parser saw to it that plan \`${plan}\` exists`);
  return version;
}

function must<T>(value: T | null, text: string): T {
  if (value === null) throw new Error(`\`${text}\` has the wrong form`);
  return value;
}
const span = (text: string): IsoDuration => must(parseDuration(text), text);
const zone = (text: string): TimeZone => must(parseTimeZone(text), text);
const customer = (text: string) => must(parseCustomerId(text), text);
const subscription = (text: string) => must(parseSubscriptionId(text), text);
const grantId = (text: string) => must(parseGrantId(text), text);
