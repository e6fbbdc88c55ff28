import type { Feature } from '../catalog/catalog.js';
import type { CustomerAccount, CustomerState, Release } from '../customer.js';
import { parseFeatureKey } from '../ids.js';
import type { Instant } from '../time/instant.js';
import type { Meter } from '../usage/meter.js';
import { meterAt, windowAt } from '../usage/window.js';
import type { Units } from './combine.js';
import type { CheckRequest, Decision, DecisionCode } from './decision.js';
import { accountAt, type Entitled, entitlementOf, isDecided, nextBoundary } from './entitlement.js';
import { explainDenial } from './message.js';

/**
 * May this customer do this, now? The only place that says yes or no; docs/rules.md, "Decision codes".
 * Throws for a feature that is not decided by (`isDecided`): callers ask that before.
 */
export function decide(state: CustomerState, request: CheckRequest, now: Instant): Decision {
  const feature = findFeature(state.release, request.feature);
  if (feature === null) return denied(state, request, 'UNKNOWN_FEATURE');
  if (state.kind === 'UNKNOWN_CUSTOMER') return denied(state, request, 'UNKNOWN_CUSTOMER');
  if (!isDecided(feature)) throw new Error(`feature \`${feature.key}\` is not decided by`);
  const { release } = state;
  const account = accountAt(state.account, release, now);
  const decision = decideAt({ account, release, feature }, request, now);
  return { ...decision, validUntil: validUntil({ account, release, feature }, request, now, decision) };
}

function findFeature(release: Release, text: string): Feature | null {
  const key = parseFeatureKey(text);
  return key === null ? null : (release.catalog.features.get(key) ?? null);
}

function denied(
  state: CustomerState,
  request: CheckRequest,
  code: 'UNKNOWN_FEATURE' | 'UNKNOWN_CUSTOMER',
): Decision {
  const customerId = state.kind === 'KNOWN' ? state.account.id : state.customerId;
  return {
    ...NOTHING_COUNTED,
    allowed: false,
    code,
    message: explainDenial(code, request.feature),
    customerId,
    feature: request.feature,
  };
}

const NOTHING_COUNTED = {
  value: null,
  limit: null,
  unlimited: false,
  used: null,
  reserved: null,
  remaining: null,
  resetsAt: null,
  validUntil: null,
  sources: [],
};

/** A customer's account, brought to the instant that is asked about, and one feature. */
interface Subject {
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly feature: Feature;
}

/** The decision at one instant, without how long it holds. */
function decideAt({ account, release, feature }: Subject, request: CheckRequest, at: Instant): Decision {
  const entitlement = entitlementOf(account, release, feature, at);
  const base = {
    ...NOTHING_COUNTED,
    customerId: account.id,
    feature: feature.key,
    sources: entitlement.sources,
  };
  if (entitlement.kind === 'DENIED') {
    const counted = countedAnyway(account, feature, at);
    const message = explainDenial(entitlement.code, feature.key);
    return { ...base, ...counted, allowed: false, code: entitlement.code, message };
  }
  const { allowance } = entitlement;
  if (allowance.kind === 'UNITS')
    return decideUnits(base, entitlement, allowance, { account, feature, at, request });
  const code = flatCode(entitlement);
  const value = allowance.kind === 'VALUE' ? allowance.value : null;
  return { ...base, allowed: true, code, value, message: ALLOWED[code] };
}

const ALLOWED = {
  ENTITLED: 'allowed',
  ENTITLED_OVERAGE: 'allowed beyond the limit',
  ENTITLED_GRACE:
    'allowed during the grace period after a failed payment; it ends unless the payment comes in',
  ENTITLED_GRANT: 'allowed because of a grant made for this customer',
};

function flatCode({
  withoutGrace,
  withoutGrants,
}: Entitled): 'ENTITLED' | 'ENTITLED_GRACE' | 'ENTITLED_GRANT' {
  if (withoutGrace === null) return 'ENTITLED_GRACE';
  return withoutGrants === null ? 'ENTITLED_GRANT' : 'ENTITLED';
}

/** What is used of a feature that the customer has no right to any more. */
function countedAnyway(account: CustomerAccount, feature: Feature, at: Instant): Partial<Decision> {
  const meter = counterOf(account, feature, at);
  return meter === null ? {} : { used: meter.used, reserved: meter.reserved };
}

function counterOf(account: CustomerAccount, feature: Feature, at: Instant): Meter | null {
  switch (feature.type) {
    case 'METERED':
      return meterAt(account, feature, at);
    case 'LIMIT':
      return account.meters.get(feature.key) ?? { feature: feature.key, used: 0, reserved: 0, window: null };
    default:
      return null;
  }
}

interface Asked {
  readonly account: CustomerAccount;
  readonly feature: Feature;
  readonly at: Instant;
  readonly request: CheckRequest;
}

function decideUnits(
  base: Omit<Decision, 'allowed' | 'code' | 'message'>,
  entitlement: Entitled,
  units: Units,
  { account, feature, at, request }: Asked,
): Decision {
  const meter = counterOf(account, feature, at);
  const used = meter?.used ?? 0;
  const reserved = meter?.reserved ?? 0;
  const fits = (allowance: Entitled['withoutGrace']): boolean =>
    allowance?.kind === 'UNITS' && fitsUnder(allowance.ceiling, used, reserved, request.quantity);
  const counted: Omit<Decision, 'allowed' | 'code' | 'message'> = {
    ...base,
    limit: units.limit,
    unlimited: units.limit === null,
    used,
    reserved,
    remaining: units.limit === null ? null : Math.max(0, units.limit - used - reserved),
    resetsAt: feature.type === 'METERED' ? (windowAt(feature, account, at)?.end ?? null) : null,
  };
  const code = unitsCode(entitlement, units, fits, used + reserved, request.quantity);
  if (code !== 'LIMIT_EXCEEDED') return { ...counted, allowed: true, code, message: ALLOWED[code] };
  return { ...counted, allowed: false, code, message: explainDenial(code, feature.key, counted) };
}

/** Row 19, then the allowing codes in their order. */
function unitsCode(
  entitlement: Entitled,
  units: Units,
  fits: (allowance: Entitled['withoutGrace']) => boolean,
  taken: number,
  quantity: number,
): keyof typeof ALLOWED | Extract<DecisionCode, 'LIMIT_EXCEEDED'> {
  if (!fits(units)) return 'LIMIT_EXCEEDED';
  if (units.limit !== null && quantity > units.limit - taken) return 'ENTITLED_OVERAGE';
  if (!fits(entitlement.withoutGrace)) return 'ENTITLED_GRACE';
  return fits(entitlement.withoutGrants) ? 'ENTITLED' : 'ENTITLED_GRANT';
}

/** Written as a difference: a sum could pass 2^53 and lose units. Quantity 0 asks only whether the feature is there. */
function fitsUnder(ceiling: number | null, used: number, reserved: number, quantity: number): boolean {
  return quantity === 0 || ceiling === null || quantity <= ceiling - used - reserved;
}

const MOST_BOUNDARIES = 64;

/**
 * The first instant at which time alone makes the decision another one. Only at a boundary can it turn, so
 * they are tried in order; after 64 that change nothing the last one tried is named, which is on the safe side.
 */
function validUntil(
  subject: Subject,
  request: CheckRequest,
  now: Instant,
  decision: Decision,
): Instant | null {
  let { account } = subject;
  let at = now;
  let current = decision;
  for (let tried = 0; tried < MOST_BOUNDARIES; tried += 1) {
    const next = earliest(
      nextBoundary(account, subject.release, subject.feature, at),
      windowEnd(subject, account, at, current),
    );
    if (next === null) return null;
    at = next;
    account = accountAt(account, subject.release, at);
    current = decideAt({ ...subject, account }, request, at);
    if (!sameDecision(decision, current)) return at;
  }
  return at;
}

/** Null where the end of the window shows in nothing: the right is not there, and nothing is counted. */
function windowEnd(
  { feature }: Subject,
  account: CustomerAccount,
  at: Instant,
  current: Decision,
): Instant | null {
  const shows = current.resetsAt !== null || (current.used ?? 0) + (current.reserved ?? 0) > 0;
  return feature.type === 'METERED' && shows ? (windowAt(feature, account, at)?.end ?? null) : null;
}

function earliest(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

/** Whether two decisions say the same, but for how long. */
export function sameDecision(one: Decision, other: Decision): boolean {
  return (
    one.allowed === other.allowed &&
    one.code === other.code &&
    one.value === other.value &&
    one.limit === other.limit &&
    one.unlimited === other.unlimited &&
    one.used === other.used &&
    one.reserved === other.reserved &&
    one.remaining === other.remaining &&
    one.resetsAt === other.resetsAt &&
    one.message === other.message &&
    one.sources.length === other.sources.length &&
    one.sources.every((source, index) => {
      const twin = other.sources[index];
      return twin?.kind === source.kind && twin.id === source.id && twin.key === source.key;
    })
  );
}
