import type { Feature, PlanEntitlement } from '../catalog/catalog.js';
import { type CreditBlock, liveBlocks } from '../credits/credit-block.js';
import type { CustomerAccount } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { planEntitlementAt } from '../subscription/prorate.js';
import { inUnits } from '../subscription/bought.js';
import { isLive } from '../subscription/state.js';
import type { EndedSubscription, Subscription } from '../subscription/subscription.js';
import { addDuration } from '../time/calendar.js';
import { type Instant, parseDuration, type TimeZone } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { DenyingCode, EntitlementSource } from './decision.js';
import type { Subject } from './subject.js';
import { type Grant, isInForce } from '../grant/grant.js';
import { readPlanRules } from './plan-rules.js';
import type { RuleFailure } from './rule-reading.js';

/** What one part of a subscription gives of a feature, so many times over. */
export interface Part {
  readonly entitlement: PlanEntitlement;
  readonly times: number;
  readonly source: EntitlementSource;
}

/** A subscription that names the feature: what its plan gives, if it does, and what its add-ons give. */
export interface NamingSubscription {
  readonly subscription: Subscription;
  readonly plan: Part | null;
  readonly addOns: readonly Part[];
}

/** What stands in the way of a source; `row` is its number in docs/rules.md, "Decision codes". */
export interface Obstacle {
  readonly row: number;
  readonly code: DenyingCode;
  readonly sources: readonly EntitlementSource[];
  readonly began: Instant;
  /** The rule that it is about; null: about none. */
  readonly rule: RuleFailure | null;
}

/** All that speaks for or against a feature at one instant. */
export interface Sources {
  readonly block: Grant | null;
  readonly grants: readonly Grant[];
  /** Those that pass. */
  readonly passing: readonly NamingSubscription[];
  readonly obstacles: readonly Obstacle[];
  /** Of credits, in the order in which they are spent. */
  readonly blocks: readonly CreditBlock[];
  readonly anyLive: boolean;
}

const ENDED_SPEAKS_FOR = parseDuration('P90D');

/** Until when an ended subscription still explains why a feature is gone. */
export function speaksUntil(subscription: EndedSubscription, { timeZone: zone }: CustomerAccount): Instant {
  if (ENDED_SPEAKS_FOR === null) throw new Error('P90D is a duration');
  const known = SPEAK_UNTIL.get(subscription);
  if (known?.zone === zone) return known.until;
  const until = addDuration(subscription.endedAt, ENDED_SPEAKS_FOR, zone);
  SPEAK_UNTIL.set(subscription, { zone, until });
  return until;
}

/** What is due next is asked anew after each thing that time does, of each of them: the calendar is too slow for that. */
const SPEAK_UNTIL = new WeakMap<EndedSubscription, { readonly zone: TimeZone; readonly until: Instant }>();

/** Sources of a feature as of `at`; everything due until then has been applied to the account. */
export function sourcesOf(subject: Subject, at: Instant): Sources {
  const { account } = subject;
  const { key: feature } = subject.feature;
  const grants = account.grants.filter(
    (grant) => grant.feature === feature && isInForce(grant, at) && isListed(grant, subject.feature),
  );
  const passing: NamingSubscription[] = [];
  const obstacles: Obstacle[] = [];
  for (const subscription of account.subscriptions) {
    const naming = namingOf(subscription, feature, at);
    if (naming === null) continue;
    const obstacle = obstacleOf(naming, account, at);
    if (obstacle === 'SILENT') continue;
    const ruling = obstacle === 'NONE' ? readPlanRules(subject, naming, at) : null;
    if (obstacle !== 'NONE') obstacles.push(obstacle);
    else if (ruling?.passes) passing.push(ruling.naming);
    else if (ruling) obstacles.push(ruledOut(naming, ruling.row, ruling.failure));
  }
  return {
    block: grants.find((grant) => grant.effect.kind === 'BLOCK') ?? null,
    grants: grants.filter((grant) => grant.effect.kind !== 'BLOCK'),
    passing,
    obstacles,
    blocks: liveBlocks(account, feature),
    anyLive: account.subscriptions.some(isLive),
  };
}

/** A value that the live release does not list gives nothing; docs/rules.md, "Grants". */
function isListed({ effect }: Grant, feature: Feature): boolean {
  if (feature.type !== 'CONFIG' || effect.kind === 'BLOCK' || effect.value.kind !== 'VALUE') return true;
  return feature.values.includes(effect.value.value);
}

/** What the subscription gives of the feature, whether or not it passes; null: it does not name it. */
export function namingOf(
  subscription: Subscription,
  feature: FeatureKey,
  at: Instant,
): NamingSubscription | null {
  const { plan } = subscription.planVersion;
  const allowed = plan.rules.some((rule) => rule.feature === feature && rule.then === 'allow');
  const entitlement =
    planEntitlementAt(subscription, feature, at) ?? (allowed ? ({ kind: 'ON' } as const) : undefined);
  const fromPlan: Part | null = entitlement
    ? {
        entitlement: inUnits(entitlement, subscription.quantities.get(feature)),
        times: 1,
        source: { kind: 'SUBSCRIPTION', id: subscription.id, key: plan.key },
      }
    : null;
  const addOns = subscription.addOns.flatMap(({ addOn, quantity }): Part[] => {
    const given = addOn.entitlements.get(feature);
    if (!given) return [];
    const source = { kind: 'ADD_ON', id: subscription.id, key: addOn.key } as const;
    return [{ entitlement: inUnits(given), times: quantity, source }];
  });
  return fromPlan === null && addOns.length === 0 ? null : { subscription, plan: fromPlan, addOns };
}

/** Rows 9 to 12 of the decision codes. SILENT: it ended too long ago to be spoken of. */
export function obstacleOf(
  naming: NamingSubscription,
  account: CustomerAccount,
  at: Instant,
): Obstacle | 'NONE' | 'SILENT' {
  const { subscription } = naming;
  switch (subscription.status) {
    case 'TRIALING':
    case 'ACTIVE':
    case 'PAST_DUE':
      return 'NONE';
    case 'CANCELED':
    case 'EXPIRED':
      return at < speaksUntil(subscription, account) ? obstacle(naming, 9, 'SUBSCRIPTION_EXPIRED') : 'SILENT';
    case 'SCHEDULED':
      return obstacle(naming, 10, 'NOT_STARTED');
    case 'PAUSED':
      return obstacle(naming, 12, 'SUBSCRIPTION_PAUSED');
    default:
      return unreachable(subscription);
  }
}

function obstacle(naming: NamingSubscription, row: number, code: DenyingCode): Obstacle {
  return { row, code, sources: sourcesIn(naming), began: naming.subscription.startedAt, rule: null };
}

/** A source that a rule takes away. */
function ruledOut(naming: NamingSubscription, row: 13 | 14, rule: RuleFailure): Obstacle {
  const code = row === 13 ? 'DENIED_BY_RULE' : 'CONDITION_NOT_MET';
  return { ...obstacle(naming, row, code), rule };
}

/** What is left where a rule of the catalog cannot be evaluated: it takes away every source's feature (row 14). */
export function takenAway(
  { passing, grants, blocks, obstacles, ...rest }: Sources,
  rule: RuleFailure,
): Sources {
  const given = grants.map(({ id, startsAt }): Obstacle => {
    const sources = [{ kind: 'GRANT' as const, id, key: null }];
    return { row: 14, code: 'CONDITION_NOT_MET', sources, began: startsAt, rule };
  });
  const prepaid = blocks.map((block): Obstacle => {
    return { row: 14, code: 'CONDITION_NOT_MET', sources: [sourceOf(block)], began: block.createdAt, rule };
  });
  const taken = passing.map((naming) => ruledOut(naming, 14, rule));
  return {
    ...rest,
    passing: [],
    grants: [],
    blocks: [],
    obstacles: [...obstacles, ...taken, ...given, ...prepaid],
  };
}

/** The source that got furthest; among equals the one that began last. */
export function furthest(obstacles: readonly Obstacle[]): Obstacle | null {
  let best: Obstacle | null = null;
  for (const obstacle of obstacles) if (best === null || isFurther(obstacle, best)) best = obstacle;
  return best;
}

/** All of them, the one that `furthest` names first. */
export function furthestFirst(obstacles: readonly Obstacle[]): Obstacle[] {
  return obstacles.toReversed().sort((one, other) => other.row - one.row || other.began - one.began);
}

function isFurther(one: Obstacle, other: Obstacle): boolean {
  if (one.row !== other.row) return one.row > other.row;
  return one.began >= other.began;
}

/** A block, as decisions name it. */
export function sourceOf({ id }: CreditBlock): EntitlementSource {
  return { kind: 'CREDIT_BLOCK', id, key: null };
}

/** A subscription with all its parts, as decisions name them. */
export function sourcesIn(naming: NamingSubscription): EntitlementSource[] {
  return [...(naming.plan ? [naming.plan.source] : []), ...naming.addOns.map((part) => part.source)];
}
