import type { Feature, PlanEntitlement } from '../catalog/catalog.js';
import { type CreditBlock, liveBlocks } from '../credits/credit-block.js';
import type { CustomerAccount } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { planEntitlementAt } from '../subscription/prorate.js';
import { inUnits } from '../subscription/bought.js';
import { beganAt, endedAt, type Holding, holdingsOf, isLicense } from '../holding.js';
import type { License } from '../license/license.js';
import { machineObstacle } from '../license/machines/place.js';
import type { Subscription } from '../subscription/subscription.js';
import { addDuration } from '../time/calendar.js';
import { type Instant, parseDuration, type TimeZone } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { DenyingCode, EntitlementSource } from './decision.js';
import type { Subject } from './subject.js';
import { type Grant, isInForce } from '../grant/grant.js';
import { readPlanRules } from './plan-rules.js';
import { coversVersion } from './product-version.js';
import type { RuleFailure } from './rule-reading.js';

/** What one part of a holding gives of a feature, so many times over. */
export interface Part {
  readonly entitlement: PlanEntitlement;
  readonly times: number;
  readonly source: EntitlementSource;
}

/** A holding that names the feature: what its plan gives, if it does, and what its add-ons give. */
export interface NamingSource {
  readonly holding: Holding;
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
  readonly passing: readonly NamingSource[];
  readonly obstacles: readonly Obstacle[];
  /** Of credits, in the order in which they are spent. */
  readonly blocks: readonly CreditBlock[];
  readonly anyLive: boolean;
}

const ENDED_SPEAKS_FOR = parseDuration('P90D');

/** Until when a holding that has ended still explains why a feature is gone; null: it has not ended. */
export function speaksUntil(holding: Holding, { timeZone: zone }: CustomerAccount): Instant | null {
  const end = endedAt(holding);
  if (end === null) return null;
  if (ENDED_SPEAKS_FOR === null) throw new Error('P90D is a duration');
  const known = SPEAK_UNTIL.get(holding);
  if (known?.zone === zone) return known.until;
  const until = addDuration(end, ENDED_SPEAKS_FOR, zone);
  SPEAK_UNTIL.set(holding, { zone, until });
  return until;
}

/** What is due next is asked anew after each thing that time does, of each of them: the calendar is too slow for that. */
const SPEAK_UNTIL = new WeakMap<Holding, { readonly zone: TimeZone; readonly until: Instant }>();

/** Sources of a feature as of `at`; everything due until then has been applied to the account. */
export function sourcesOf(subject: Subject, at: Instant): Sources {
  const { account } = subject;
  const { key: feature } = subject.feature;
  const grants = account.grants.filter(
    (grant) => grant.feature === feature && isInForce(grant, at) && isListed(grant, subject.feature),
  );
  const passing: NamingSource[] = [];
  const obstacles: Obstacle[] = [];
  for (const holding of holdingsOf(account)) {
    const naming = namingOf(holding, feature, at);
    const tested = naming === null ? 'SILENT' : testSource(subject, naming, at);
    if (tested === 'SILENT') continue;
    if ('row' in tested) obstacles.push(tested);
    else passing.push(tested);
  }
  return {
    block: grants.find((grant) => grant.effect.kind === 'BLOCK') ?? null,
    grants: grants.filter((grant) => grant.effect.kind !== 'BLOCK'),
    passing,
    obstacles,
    blocks: liveBlocks(account, feature),
    anyLive: holdingsOf(account).some((holding) => endedAt(holding) === null),
  };
}

/** Rows 8 to 17 of the decision codes: what the source gives, or what stands in its way first. */
function testSource(subject: Subject, naming: NamingSource, at: Instant): NamingSource | Obstacle | 'SILENT' {
  const obstacle = obstacleOf(naming, subject.account, at);
  if (obstacle !== 'NONE') return obstacle;
  const ruling = readPlanRules(subject, naming, at);
  if (!ruling.passes) return ruledOut(naming, ruling.row, ruling.failure);
  return askerObstacle(ruling.naming, subject, at) ?? ruling.naming;
}

/** A value that the live release does not list gives nothing; docs/rules.md, "Grants". */
function isListed({ effect }: Grant, feature: Feature): boolean {
  if (feature.type !== 'CONFIG' || effect.kind === 'BLOCK' || effect.value.kind !== 'VALUE') return true;
  return feature.values.includes(effect.value.value);
}

/** What the holding gives of the feature, whether or not it passes; null: it does not name it. */
export function namingOf(holding: Holding, feature: FeatureKey, at: Instant): NamingSource | null {
  const { plan } = holding.planVersion;
  const allowed = plan.rules.some((rule) => rule.feature === feature && rule.then === 'allow');
  const entitlement = givenAt(holding, feature, at) ?? (allowed ? ({ kind: 'ON' } as const) : undefined);
  const fromPlan: Part | null = entitlement ? { entitlement, times: 1, source: planSource(holding) } : null;
  const addOns = isLicense(holding) ? [] : addedParts(holding, feature);
  return fromPlan === null && addOns.length === 0 ? null : { holding, plan: fromPlan, addOns };
}

function givenAt(holding: Holding, feature: FeatureKey, at: Instant): PlanEntitlement | undefined {
  const given = isLicense(holding)
    ? holding.planVersion.plan.entitlements.get(feature)
    : planEntitlementAt(holding, feature, at);
  return given && inUnits(given, holding.quantities.get(feature));
}

function addedParts({ id, addOns }: Subscription, feature: FeatureKey): Part[] {
  return addOns.flatMap(({ addOn, quantity }): Part[] => {
    const given = addOn.entitlements.get(feature);
    if (!given) return [];
    return [{ entitlement: inUnits(given), times: quantity, source: { kind: 'ADD_ON', id, key: addOn.key } }];
  });
}

/** A holding by its plan, as decisions name it. */
export function planSource(holding: Holding): EntitlementSource {
  const { key } = holding.planVersion.plan;
  return isLicense(holding)
    ? { kind: 'LICENSE', id: holding.id, key }
    : { kind: 'SUBSCRIPTION', id: holding.id, key };
}

/** Rows 8 to 12 of the decision codes. SILENT: it ended too long ago to be spoken of. */
export function obstacleOf(
  naming: NamingSource,
  account: CustomerAccount,
  at: Instant,
): Obstacle | 'NONE' | 'SILENT' {
  const { holding } = naming;
  const until = speaksUntil(holding, account);
  if (until !== null && at >= until) return 'SILENT';
  const standing = isLicense(holding) ? licenseObstacles(holding)[0] : subscriptionObstacle(holding);
  return standing ? obstacle(naming, standing.row, standing.code) : 'NONE';
}

type Standing = Pick<Obstacle, 'row' | 'code'>;
interface LicenseObstacle {
  readonly row: number;
  readonly code: 'LICENSE_REVOKED' | 'LICENSE_EXPIRED' | 'NOT_STARTED' | 'LICENSE_SUSPENDED';
}

function subscriptionObstacle({ status }: Subscription): Standing | null {
  switch (status) {
    case 'TRIALING':
    case 'ACTIVE':
    case 'PAST_DUE':
      return null;
    case 'CANCELED':
    case 'EXPIRED':
      return { row: 9, code: 'SUBSCRIPTION_EXPIRED' };
    case 'SCHEDULED':
      return { row: 10, code: 'NOT_STARTED' };
    case 'PAUSED':
      return { row: 12, code: 'SUBSCRIPTION_PAUSED' };
    default:
      return unreachable(status);
  }
}

/** Rows 8 to 11, of a licence: all of them, in their order: time runs on while it is suspended, and what is revoked may have expired before. */
export function licenseObstacles({ standing, term }: License): LicenseObstacle[] {
  return [
    ...(standing.kind === 'REVOKED' ? [{ row: 8, code: 'LICENSE_REVOKED' } as const] : []),
    ...(term.phase === 'EXPIRED' ? [{ row: 9, code: 'LICENSE_EXPIRED' } as const] : []),
    ...(term.phase === 'SCHEDULED' ? [{ row: 10, code: 'NOT_STARTED' } as const] : []),
    ...(standing.kind === 'SUSPENDED' ? [{ row: 11, code: 'LICENSE_SUSPENDED' } as const] : []),
  ];
}

/** Rows 15 to 17: what depends on who asks. */
function askerObstacle(naming: NamingSource, subject: Subject, at: Instant): Obstacle | null {
  return versionObstacle(naming, subject, at) ?? boundObstacle(naming, subject, at);
}

/** Row 15. */
export function versionObstacle(
  naming: NamingSource,
  { feature, release: { catalog }, context, asker }: Subject,
  at: Instant,
): Obstacle | null {
  const { holding } = naming;
  if (context === 'ANY' || !isLicense(holding)) return null;
  return coversVersion(holding, { feature, catalog }, asker.productVersion, at)
    ? null
    : obstacle(naming, 15, 'VERSION_NOT_COVERED');
}

/** Rows 16 and 17. */
export function boundObstacle(
  naming: NamingSource,
  { context, asker }: Subject,
  at: Instant,
): Obstacle | null {
  const { holding } = naming;
  if (context === 'ANY' || !isLicense(holding)) return null;
  const found = machineObstacle(holding, asker, at);
  return found && obstacle(naming, found.row, found.code);
}

function obstacle(naming: NamingSource, row: number, code: DenyingCode): Obstacle {
  return { row, code, sources: sourcesIn(naming), began: beganAt(naming.holding), rule: null };
}

/** A source that a rule takes away. */
function ruledOut(naming: NamingSource, row: 13 | 14, rule: RuleFailure): Obstacle {
  const code = row === 13 ? 'DENIED_BY_RULE' : 'CONDITION_NOT_MET';
  return { ...obstacle(naming, row, code), rule };
}

/** What is left where a rule of the catalog cannot be evaluated: it takes away every source's feature (row 14), before who asks matters. */
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
  const got = obstacles.map((obstacle): Obstacle =>
    obstacle.row > 14 ? { ...obstacle, row: 14, code: 'CONDITION_NOT_MET', rule } : obstacle,
  );
  return {
    ...rest,
    passing: [],
    grants: [],
    blocks: [],
    obstacles: [...got, ...taken, ...given, ...prepaid],
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
  return obstacles.toReversed().sort(inOrderOfSpeaking);
}

/** Within row 9 licences come first; docs/rules.md, "Decision codes". */
function inOrderOfSpeaking(one: Obstacle, other: Obstacle): number {
  return other.row - one.row || precedence(other) - precedence(one) || other.began - one.began;
}

function precedence({ code }: Obstacle): number {
  return code === 'LICENSE_EXPIRED' ? 1 : 0;
}

function isFurther(one: Obstacle, other: Obstacle): boolean {
  return inOrderOfSpeaking(one, other) <= 0;
}

/** A block, as decisions name it. */
export function sourceOf({ id }: CreditBlock): EntitlementSource {
  return { kind: 'CREDIT_BLOCK', id, key: null };
}

/** A holding with all its parts, as decisions name them. */
export function sourcesIn(naming: NamingSource): EntitlementSource[] {
  return [...(naming.plan ? [naming.plan.source] : []), ...naming.addOns.map((part) => part.source)];
}
