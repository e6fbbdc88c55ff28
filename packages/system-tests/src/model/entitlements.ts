import { type Account, type Grant, hasEnded, type Subscription } from './account.js';
import { numbersOf } from './bought.js';
import { plus } from './calendar.js';
import { ADD_ONS, type FeatureKey, FEATURES, isPrepaid, limitOf, PLANS, type Units } from './catalog.js';
import { creditLimit, liveBlocks } from './credits.js';
import { sumOf } from './rollover.js';
import { addOnsOf, meterOf, names, reservedOf } from './windows.js';

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
  readonly subscriptions: readonly Subscription[];
  readonly grants: readonly Grant[];
}

export function entitlementOf(account: Account, feature: FeatureKey, quantity = 1): Answer {
  const grants = account.grants.filter((grant) => grant.feature === feature && grant.status === 'ACTIVE');
  if (grants.some(({ effect }) => effect === 'BLOCK')) return denied('BLOCKED');
  const naming = account.subscriptions.filter(
    (one) => (!hasEnded(one) || endedLately(account, one)) && names(one, feature),
  );
  const passing = naming.filter(passes);
  const isGiven = isPrepaid(feature) && liveBlocks(account, feature).length > 0;
  if (passing.length === 0 && grants.length === 0 && !isGiven) return denied(whyNot(account, naming));
  if (isPrepaid(feature)) return ofCredits(account, feature, quantity);
  const sources: Sources = { subscriptions: passing, grants };
  const full = given(account, feature, sources, quantity);
  const tooMuch = FEATURES[feature].type === 'seats' ? 'NO_SEAT' : 'LIMIT_EXCEEDED';
  if (!full.fits) return { ...answer(account, feature, full), allowed: false, code: tooMuch };
  const without = (some: Sources): boolean =>
    (some.subscriptions.length > 0 || some.grants.length > 0) && given(account, feature, some, quantity).fits;
  const inTime = passing.filter(({ status }) => status !== 'PAST_DUE');
  const code = full.overage
    ? 'ENTITLED_OVERAGE'
    : !without({ ...sources, subscriptions: inTime })
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

/** In the last 90 days, of the customer's calendar. */
function endedLately(account: Account, { endedAt }: Subscription): boolean {
  return endedAt !== null && account.now < plus(endedAt, 'P90D', account.zone);
}

/** The source that got furthest speaks. */
function whyNot(account: Account, naming: readonly Subscription[]): string {
  if (naming.some(({ status }) => status === 'PAUSED')) return 'SUBSCRIPTION_PAUSED';
  if (naming.some(({ status }) => status === 'SCHEDULED')) return 'NOT_STARTED';
  if (naming.length > 0) return 'SUBSCRIPTION_EXPIRED';
  return account.subscriptions.some((one) => !hasEnded(one)) ? 'NOT_IN_PLAN' : 'NO_ACTIVE_PLAN';
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
  const wanted = meterOf(account, feature).used + reservedOf(account, feature) + quantity;
  return {
    limit,
    value: null,
    fits: ceiling === 'unlimited' || wanted <= ceiling,
    overage: limit !== 'unlimited' && wanted > limit,
  };
}

function answer(
  account: Account,
  feature: FeatureKey,
  { limit, value }: Given,
): Omit<Answer, 'allowed' | 'code'> {
  const counted = ['limit', 'metered', 'seats'].includes(FEATURES[feature].type);
  const { used, window } = meterOf(account, feature);
  if (!counted) return { ...NOTHING, limit, value };
  const reserved = reservedOf(account, feature);
  const remaining = typeof limit === 'number' ? Math.max(0, limit - used - reserved) : null;
  return { limit, value, used, reserved, remaining, resetsAt: window?.end ?? null };
}

function valueOf(values: readonly string[], feature: FeatureKey, { subscriptions, grants }: Sources): string {
  const replacing = latest(grants);
  const bought = subscriptions.map(({ plan }) => textOf(PLANS[plan].entitlements[feature]));
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

function bound(feature: FeatureKey, combine: 'max' | 'sum', { subscriptions, grants }: Sources): Bound {
  const replacing = latest(grants);
  const base: Bound[] = replacing
    ? [hard(units(replacing))]
    : subscriptions.flatMap((subscription) => ofSubscription(subscription, feature));
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
  const grants = account.grants.filter((grant) => grant.feature === feature && grant.status === 'ACTIVE');
  const subscriptions = account.subscriptions.filter((one) => passes(one) && names(one, feature));
  const isBlocked = grants.some(({ effect }) => effect === 'BLOCK');
  if (isBlocked || (subscriptions.length === 0 && grants.length === 0)) return null;
  const { limit, ceiling } = bound(feature, spec.combine, { subscriptions, grants });
  return limit === 'unlimited' || ceiling === 'unlimited' ? null : limit;
}

function units({ value }: Grant): Units {
  return typeof value === 'number' ? value : 'unlimited';
}

function ofSubscription(subscription: Subscription, feature: FeatureKey): Bound[] {
  const sold = numbersOf(subscription).find(([key]) => key === feature);
  if (sold) return [hard(sold[1])];
  const own = limitOf(PLANS[subscription.plan].entitlements[feature]);
  if (own === null) return [];
  const ownLimit = subscription.prorated.get(feature) ?? own.limit;
  const limit = addOnsOf(subscription).reduce<Units>((total, [key, count]) => {
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
