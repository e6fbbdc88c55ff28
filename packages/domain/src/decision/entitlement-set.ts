import type { FeatureType } from '../catalog/catalog.js';
import type { CustomerState } from '../customer.js';
import type { MemberId } from '../ids.js';
import type { Instant } from '../time/instant.js';
import { answersAt, decideStale, decisionsAt } from './decide.js';
import type { CheckRequest, Decision } from './decision.js';

/** What a check for 1 would say of a feature. */
export type Entitlement = Omit<Decision, 'message' | 'customerId' | 'validUntil'> & {
  readonly type: FeatureType;
};

export interface Entitlements {
  readonly entitlements: readonly Entitlement[];
  /** Until when time alone changes none of them; null: for ever. */
  readonly validUntil: Instant | null;
}

/** All that a customer may do, or that a member of it may: one for each feature, denied ones too, in catalog order. */
export function entitlementsOf(
  state: CustomerState,
  now: Instant,
  memberId: MemberId | null = null,
): Entitlements {
  return everyDecision(state, memberId, decisionsAt(state, now));
}

/** The same on a state that cannot be renewed, as `decideStale` decides. */
export function staleEntitlementsOf(
  state: CustomerState,
  now: Instant,
  knownAt: Instant,
  memberId: MemberId | null = null,
): Entitlements {
  return everyDecision(state, memberId, (request) => decideStale(state, request, now, knownAt));
}

function everyDecision(
  { release }: CustomerState,
  memberId: MemberId | null,
  decideOne: (request: CheckRequest) => Decision,
): Entitlements {
  const entitlements: Entitlement[] = [];
  let validUntil: Instant | null = null;
  for (const feature of release.catalog.features.values()) {
    const decision = decideOne({ feature: feature.key, quantity: 1, memberId });
    const { validUntil: until } = decision;
    entitlements.push(toEntitlement(feature.type, decision));
    if (until !== null && (validUntil === null || until < validUntil)) validUntil = until;
  }
  return { entitlements, validUntil };
}

/** Each name is written: in Node 20 what is left of an object when some names are taken out is slow to make. */
function toEntitlement(type: FeatureType, decision: Decision): Entitlement {
  return {
    type,
    allowed: decision.allowed,
    code: decision.code,
    feature: decision.feature,
    value: decision.value,
    limit: decision.limit,
    unlimited: decision.unlimited,
    used: decision.used,
    reserved: decision.reserved,
    remaining: decision.remaining,
    resetsAt: decision.resetsAt,
    sources: decision.sources,
  };
}

/** The part of an entitlement whose change is told to who follows it. */
export type Outline = Pick<Entitlement, 'feature' | 'allowed' | 'code' | 'value' | 'limit'>;

export function outlineOf(entitlements: readonly Entitlement[]): Outline[] {
  return entitlements.map(outlineFrom);
}

function outlineFrom({ feature, allowed, code, value, limit }: Outline): Outline {
  return { feature, allowed, code, value, limit };
}

/** The outlines of what `entitlementsOf` says, for who compares them and is done: nothing is worked out for later. */
export function outlinesAt(state: CustomerState, now: Instant, memberId: MemberId | null = null): Outline[] {
  const answer = answersAt(state, now);
  const features = [...state.release.catalog.features.keys()];
  return features.map((feature) => outlineFrom(answer({ feature, quantity: 1, memberId })));
}

/** Features whose `allowed`, `code`, `value` or `limit` differ; one that is only on one side differs. */
export function entitlementChanges(before: readonly Outline[], after: readonly Outline[]): string[] {
  const earlier = new Map(before.map((outline) => [outline.feature, outline]));
  const kept = new Set(after.map((outline) => outline.feature));
  const gone = before.filter((outline) => !kept.has(outline.feature));
  const changed = after.filter((outline) => {
    const was = earlier.get(outline.feature);
    return !was || !saysTheSame(was, outline);
  });
  return [...changed, ...gone].map((outline) => outline.feature);
}

function saysTheSame(one: Outline, other: Outline): boolean {
  return (
    one.allowed === other.allowed &&
    one.code === other.code &&
    one.value === other.value &&
    one.limit === other.limit
  );
}
