import { type Account, type Grant, hasEnded, type License, type Sold, type Subscription } from './account.js';
import { numbersOf } from './bought.js';
import { plus } from './calendar.js';
import { ADD_ONS } from './add-ons.js';
import { type FeatureKey, FEATURES, isPrepaid } from './features.js';
import { limitOf, PLANS, type Units } from './plans.js';
import { creditLimit, liveBlocks } from './credits.js';
import { type Failure, hasLicenseEnded, type LicenseFailure, licenseFailure } from './license-status.js';
import { licenseEndOf } from './licenses.js';
import { machineFailure } from './machines.js';
import { sumOf } from './rollover.js';
import { addOnsOf, meterOf, names, reservedOf, usedOf } from './windows.js';

/** What a check says: the fields that are compared. */
export interface Answer {
  readonly allowed: boolean;
  readonly code: string;
  /** Null where there is none to speak of. */
  readonly limit: Units | null;
  readonly used: number | null;
  readonly reserved: number | null;
  readonly remaining: number | null;
  readonly value: string | null;
  readonly resetsAt: number | null;
}

interface Sources {
  readonly sold: readonly Sold[];
  readonly grants: readonly Grant[];
}

/** Who asks, beside the customer. */
export interface Asker {
  readonly version?: string | undefined;
  readonly member?: string | undefined;
  readonly fingerprint?: string | undefined;
  readonly components?: readonly string[] | undefined;
}

export function entitlementOf(
  account: Account,
  feature: FeatureKey,
  quantity = 1,
  asker: Asker = {},
): Answer {
  const grants = account.grants.filter((grant) => grant.feature === feature && grant.status === 'ACTIVE');
  if (grants.some(({ effect }) => effect === 'BLOCK')) return denied('BLOCKED');
  const naming = account.subscriptions.filter(
    (one) => (!hasEnded(one) || endedLately(account, one.endedAt)) && names(one, feature),
  );
  const licenses = account.licenses.filter(
    (one) => (!hasLicenseEnded(one) || endedLately(account, licenseEndOf(one))) && names(one, feature),
  );
  const failures = licenses.map((license) => failureOf(account, license, feature, asker));
  const licensed = licenses.filter((_, place) => failures[place] === null);
  const passing: Sold[] = [...naming.filter(passes), ...licensed];
  const isGiven = isPrepaid(feature) && liveBlocks(account, feature).length > 0;
  if (passing.length === 0 && grants.length === 0 && !isGiven)
    return denied(whyNot(account, [...naming.map(subscriptionFailure), ...failures.filter(isFailure)]));
  if (isPrepaid(feature)) return ofCredits(account, feature, quantity);
  const sources: Sources = { sold: passing, grants };
  const isSeats = FEATURES[feature].type === 'seats';
  const isHeld = asker.member !== undefined && holds(account, seatFeature(feature), asker.member);
  const asked = isSeats && isHeld ? 0 : quantity;
  const full = given(account, feature, sources, asked);
  const tooMuch = isSeats ? 'NO_SEAT' : 'LIMIT_EXCEEDED';
  if (quantity > 0 && !hasSeat(account, feature, asker, isHeld))
    return { ...answer(account, feature, full), allowed: false, code: 'NO_SEAT' };
  if (!full.fits) return { ...answer(account, feature, full), allowed: false, code: tooMuch };
  const without = (some: Sources): boolean =>
    (some.sold.length > 0 || some.grants.length > 0) && given(account, feature, some, asked).fits;
  const inTime = passing.filter((one) => !isInGrace(one));
  const code = full.overage
    ? 'ENTITLED_OVERAGE'
    : !without({ ...sources, sold: inTime })
      ? 'ENTITLED_GRACE'
      : !without({ ...sources, grants: [] })
        ? 'ENTITLED_GRANT'
        : 'ENTITLED';
  return { ...answer(account, feature, full), allowed: true, code };
}

/** Blocks are a source of their own; units are neither overdrawn nor lent. */
function ofCredits(account: Account, feature: FeatureKey, quantity: number): Answer {
  const limit = creditLimit(account, feature);
  const fits = meterOf(account, feature).used + reservedOf(account, feature) + quantity <= limit;
  const given = { limit, value: null, fits, overage: false };
  return { ...answer(account, feature, given), allowed: fits, code: fits ? 'ENTITLED' : 'LIMIT_EXCEEDED' };
}

function denied(code: string): Answer {
  return { allowed: false, code, ...NOTHING };
}

const NOTHING = { limit: null, used: null, reserved: null, remaining: null, value: null, resetsAt: null };

function passes({ status }: Subscription): boolean {
  return status === 'TRIALING' || status === 'ACTIVE' || status === 'PAST_DUE';
}

/** The pool that is asked for a member's seat. */
function seatFeature(feature: FeatureKey): FeatureKey {
  const spec = FEATURES[feature];
  return (spec.type === 'boolean' ? spec.needsSeat : undefined) ?? feature;
}

function holds({ seats }: Account, feature: FeatureKey, member: string): boolean {
  return seats.some((seat) => seat.feature === feature && seat.member === member && seat.freeAt === null);
}

/** A member's own is asked for where one is named, or needed. */
function hasSeat(account: Account, feature: FeatureKey, asker: Asker, isHeld: boolean): boolean {
  const pool = seatFeature(feature);
  if (pool !== feature) return isHeld && entitlementOf(account, pool, 0).allowed;
  return FEATURES[feature].type !== 'seats' || asker.member === undefined || isHeld;
}

/** Of a pool, by all that is live; null: nothing gives it. */
export function poolBound(account: Account, feature: FeatureKey): Bound | null {
  const { sold, grants } = sourcesOf(account, feature);
  return sold.length === 0 && grants.length === 0 ? null : bound(feature, 'sum', { sold, grants });
}

export function bounds(account: Account, feature: FeatureKey): Bound {
  return poolBound(account, feature) ?? hard(0);
}

/** What is live and names it. */
function sourcesOf(account: Account, feature: FeatureKey): Sources {
  const grants = account.grants.filter((grant) => grant.feature === feature && grant.status === 'ACTIVE');
  const licensed = account.licenses.filter((one) => failureOf(account, one, feature, {}) === null);
  const sold = [...account.subscriptions.filter(passes), ...licensed].filter((one) => names(one, feature));
  return { sold, grants };
}

function isInGrace(one: Sold & Partial<Pick<Subscription, 'status'> & Pick<License, 'phase'>>): boolean {
  return one.status === 'PAST_DUE' || one.phase === 'GRACE';
}

/** In the last 90 days, of the customer's calendar. */
function endedLately(account: Account, endedAt: number | null): boolean {
  return endedAt !== null && account.now < plus(endedAt, 'P90D', account.zone);
}

function isFailure(failure: LicenseFailure | null): failure is LicenseFailure {
  return failure !== null;
}

function subscriptionFailure({ status }: Subscription): Failure {
  if (status === 'PAUSED') return { row: 12, code: 'SUBSCRIPTION_PAUSED' };
  if (status === 'SCHEDULED') return { row: 10, code: 'NOT_STARTED' };
  return { row: 9, code: 'SUBSCRIPTION_EXPIRED' };
}

/** Of a feature, or of the licence as a whole (`feature` null); null: it passes. */
export function failureOf(
  { now }: Account,
  license: License,
  feature: FeatureKey | null,
  asker: Asker,
): LicenseFailure | null {
  const failure = licenseFailure(license);
  if (failure) return failure;
  const { maintenanceUntil } = license;
  if (asker.version !== undefined && maintenanceUntil !== null)
    if (releasedAt(feature, asker.version, now) >= maintenanceUntil)
      return { row: 15, code: 'VERSION_NOT_COVERED' };
  return machineFailure(license, {
    fingerprint: asker.fingerprint ?? null,
    components: asker.components ?? null,
  });
}

/** A feature without versions goes by the earliest date of any; what nobody knows came out now. */
function releasedAt(feature: FeatureKey | null, version: string, now: number): number {
  const dates = (key: FeatureKey): number[] => {
    const spec = FEATURES[key];
    const date = spec.type === 'boolean' ? spec.versions?.[version] : undefined;
    return date === undefined ? [] : [Date.parse(date)];
  };
  const spec = feature === null ? null : FEATURES[feature];
  const own = spec?.type === 'boolean' && spec.versions !== undefined;
  const known =
    feature !== null && own ? dates(feature) : (Object.keys(FEATURES) as FeatureKey[]).flatMap(dates);
  return known.length === 0 ? now : Math.min(...known);
}

function whyNot(account: Account, failures: readonly Failure[]): string {
  const [furthest] = [...failures].sort((one, other) => other.row - one.row);
  if (furthest) return furthest.code;
  const isLive =
    account.subscriptions.some((one) => !hasEnded(one)) ||
    account.licenses.some((one) => !hasLicenseEnded(one));
  return isLive ? 'NOT_IN_PLAN' : 'NO_ACTIVE_PLAN';
}

interface Given {
  readonly limit: Units | null;
  readonly value: string | null;
  readonly fits: boolean;
  readonly overage: boolean;
}

function given(account: Account, feature: FeatureKey, sources: Sources, quantity: number): Given {
  const spec = FEATURES[feature];
  if (spec.type === 'boolean' || 'prepaid' in spec)
    return { limit: null, value: null, fits: true, overage: false };
  if (spec.type === 'config')
    return { limit: null, value: valueOf(spec.values, feature, sources), fits: true, overage: false };
  const { limit, ceiling } = raised(
    bound(feature, spec.type === 'seats' ? 'sum' : spec.combine, sources),
    sumOf(meterOf(account, feature)),
  );
  const wanted = usedOf(account, feature) + reservedOf(account, feature) + quantity;
  return {
    limit,
    value: null,
    fits: quantity === 0 || ceiling === 'unlimited' || wanted <= ceiling,
    overage: limit !== 'unlimited' && wanted > limit,
  };
}

function answer(
  account: Account,
  feature: FeatureKey,
  { limit, value }: Given,
): Omit<Answer, 'allowed' | 'code'> {
  const counted = ['limit', 'metered', 'seats'].includes(FEATURES[feature].type);
  const { window } = meterOf(account, feature);
  const used = usedOf(account, feature);
  if (!counted) return { ...NOTHING, limit, value };
  const reserved = reservedOf(account, feature);
  const remaining = typeof limit === 'number' ? Math.max(0, limit - used - reserved) : null;
  return { limit, value, used, reserved, remaining, resetsAt: window?.end ?? null };
}

function valueOf(values: readonly string[], feature: FeatureKey, { sold, grants }: Sources): string {
  const replacing = latest(grants);
  const bought = sold.map(({ plan }) => textOf(PLANS[plan].entitlements[feature]));
  const base = replacing ? [textOf(replacing.value)] : bought;
  const added = grants.filter(({ effect }) => effect === 'ADD').map(({ value }) => textOf(value));
  const places = [...base, ...added].map((value) => values.indexOf(value));
  return values[Math.max(...places)] ?? '';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Among those that begin together the one made last. */
function latest(grants: readonly Grant[]): Grant | undefined {
  return grants
    .filter(({ effect }) => effect === 'REPLACE')
    .reverse()
    .sort((one, other) => other.startsAt - one.startsAt)[0];
}

interface Bound {
  readonly limit: Units;
  readonly ceiling: Units;
}

function bound(feature: FeatureKey, combine: 'max' | 'sum', { sold, grants }: Sources): Bound {
  const replacing = latest(grants);
  const base: Bound[] = replacing ? [hard(units(replacing))] : sold.flatMap((one) => ofSold(one, feature));
  const join = combine === 'max' ? greatest : sum;
  const combined = base.reduce<Bound>(
    (one, other) => ({ limit: join(one.limit, other.limit), ceiling: join(one.ceiling, other.ceiling) }),
    hard(0),
  );
  const added = grants.filter(({ effect }) => effect === 'ADD').map(units);
  return {
    limit: added.reduce(sum, combined.limit),
    ceiling: added.reduce(sum, combined.ceiling),
  };
}

function hard(limit: Units): Bound {
  return { limit, ceiling: limit };
}

function raised({ limit, ceiling }: Bound, rolled: number): Bound {
  return { limit: sum(limit, rolled), ceiling: sum(ceiling, rolled) };
}

/** What could be left over of a window of its own; null where nothing is given, or without a limit. */
export function ownLimit(account: Account, feature: FeatureKey): number | null {
  const spec = FEATURES[feature];
  if (spec.type !== 'metered' || 'prepaid' in spec) return null;
  const { sold, grants } = sourcesOf(account, feature);
  const isBlocked = grants.some(({ effect }) => effect === 'BLOCK');
  if (isBlocked || (sold.length === 0 && grants.length === 0)) return null;
  const { limit, ceiling } = bound(feature, spec.combine, { sold, grants });
  return limit === 'unlimited' || ceiling === 'unlimited' ? null : limit;
}

function units({ value }: Grant): Units {
  return typeof value === 'number' ? value : 'unlimited';
}

function ofSold(one: Sold, feature: FeatureKey): Bound[] {
  const number = numbersOf(one).find(([key]) => key === feature);
  if (number) return [hard(number[1])];
  const own = limitOf(PLANS[one.plan].entitlements[feature]);
  if (own === null) return [];
  const ownLimit = one.prorated.get(feature) ?? own.limit;
  const limit = addOnsOf(one).reduce<Units>((total, [key, count]) => {
    const more = ADD_ONS[key].entitlements[feature];
    return typeof more === 'number' ? sum(total, more * count) : total;
  }, ownLimit);
  if (own.enforce === 'none') return [{ limit, ceiling: 'unlimited' }];
  if (own.enforce === 'hard' || limit === 'unlimited') return [hard(limit)];
  const share = Number((own.overage ?? '0%').replace('%', ''));
  return [{ limit, ceiling: limit + Math.floor((limit * share) / 100) }];
}

function sum(one: Units, other: Units): Units {
  return one === 'unlimited' || other === 'unlimited' ? 'unlimited' : one + other;
}

function greatest(one: Units, other: Units): Units {
  return one === 'unlimited' || other === 'unlimited' ? 'unlimited' : Math.max(one, other);
}
