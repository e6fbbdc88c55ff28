import type { Feature, Limit } from '../catalog/catalog.js';
import { creditLimit, isPrepaid, liveBlocks } from '../credits/credit-block.js';
import { nextGiftAt } from '../credits/give-credits.js';
import type { CustomerAccount, Release } from '../customer.js';
import { isInForce, isOpen } from '../grant/grant.js';
import { isInGrace } from '../holding.js';
import type { FeatureKey } from '../ids.js';
import { freeAt, seatOf } from '../seats/seat.js';
import type { License } from '../license/license.js';
import { placeFreesAt } from '../license/machines/place.js';
import { nextTermChange } from '../license/term.js';
import { accountAt } from '../subscription/due.js';
import { versionMove } from '../release/version-move.js';
import { nextSubscriptionBoundary } from '../subscription/boundary.js';
import { isLive } from '../subscription/state.js';
import type { Subscription } from '../subscription/subscription.js';
import type { Instant } from '../time/instant.js';
import { nextRolledEnd, rolledUnits, rolledUntil } from '../usage/rollover.js';
import { NOBODY } from './asker.js';
import { type Allowance, combine, raised } from './combine.js';
import type { DenyingCode, EntitlementSource } from './decision.js';
import { capped, readCatalogRules } from './catalog-rules.js';
import type { Subject } from './subject.js';
import type { RuleFailure } from './rule-reading.js';
import { ruleBoundaries } from './rule-turns.js';
import { coverageEnds } from './product-version.js';
import { furthest, sourceOf, type Sources, sourcesIn, sourcesOf, speaksUntil, takenAway } from './sources.js';

/** A right to a feature, worked out before anybody asks: what is left is to compare a quantity with a counter. */
export interface Entitled {
  readonly kind: 'ENTITLED';
  readonly allowance: Allowance;
  /** What would be left without sources in grace, and without grants; null: nothing. */
  readonly withoutGrace: Allowance | null;
  readonly withoutGrants: Allowance | null;
  readonly sources: readonly EntitlementSource[];
}
export interface NotEntitled {
  readonly kind: 'DENIED';
  readonly code: DenyingCode;
  /** Those that came closest. */
  readonly sources: readonly EntitlementSource[];
  /** The rule that it is about; null: about none. */
  readonly rule: RuleFailure | null;
}
export type CompiledEntitlement = Entitled | NotEntitled;

/** Rows 4 to 15 of the decision codes, and the combination. The account has been brought to `at` before. */
export function entitlementOf(subject: Subject, at: Instant): CompiledEntitlement {
  const sources = sourcesOf(subject, at);
  if (sources.block !== null) {
    const block = { kind: 'GRANT' as const, id: sources.block.id, key: null };
    return { kind: 'DENIED', code: 'BLOCKED', sources: [block], rule: null };
  }
  const { denies, broken, cap } = readCatalogRules(subject, at);
  if (denies !== null) return { kind: 'DENIED', code: 'DENIED_BY_RULE', sources: [], rule: denies };
  const speaking = broken === null ? sources : takenAway(sources, broken);
  return entitledBy(speaking, subject.feature, adjustmentOf(subject, cap, at));
}

/** What comes on top of the combination, and what holds it all down. */
export interface Adjustment {
  /** Of the catalog's own rules. */
  readonly cap: Limit;
  /** From earlier windows. */
  readonly rolled: number;
  /** The limit of a prepaid feature, which its blocks are; null: it is none. */
  readonly credits: number | null;
}

export function adjustmentOf({ account, feature }: Subject, cap: Limit, at: Instant): Adjustment {
  const credits = isPrepaid(feature) ? creditLimit(account, feature.key) : null;
  return { cap, rolled: rolledUnits(account, feature.key, at), credits };
}

/** Row 15 and those before it that are asked of sources, and the combination. */
export function entitledBy(
  sources: Sources,
  feature: Feature,
  { cap, rolled, credits }: Adjustment,
): CompiledEntitlement {
  if (credits !== null) return prepaidBy(sources, credits);
  const { passing, grants } = sources;
  const given = (holdings: typeof passing, granted: typeof grants): Allowance | null =>
    capped(raised(combine(feature, holdings, granted), rolled), cap);
  const allowance = given(passing, grants);
  if (allowance === null) return notEntitled(sources);
  const sound = passing.filter(({ holding }) => !isInGrace(holding));
  return {
    kind: 'ENTITLED',
    allowance,
    withoutGrace: sound.length === passing.length ? allowance : given(sound, grants),
    withoutGrants: grants.length === 0 ? allowance : given(passing, []),
    sources: [
      ...passing.flatMap(sourcesIn),
      ...grants.map((grant) => ({ kind: 'GRANT' as const, id: grant.id, key: null })),
    ],
  };
}

/** What blocks hold can be spent without a plan; a plan that gives blocks is a source also where none is left. */
function prepaidBy(sources: Sources, credits: number): CompiledEntitlement {
  const { blocks, passing } = sources;
  if (blocks.length === 0 && passing.length === 0) return notEntitled(sources);
  const allowance = { kind: 'UNITS', limit: credits, ceiling: credits } as const;
  const isSound = blocks.length > 0 || passing.some(({ holding }) => !isInGrace(holding));
  return {
    kind: 'ENTITLED',
    allowance,
    withoutGrace: isSound ? allowance : null,
    withoutGrants: allowance,
    sources: blocks.length > 0 ? blocks.map(sourceOf) : passing.flatMap(sourcesIn),
  };
}

function notEntitled({ obstacles, anyLive }: Sources): NotEntitled {
  const closest = furthest(obstacles);
  if (closest === null)
    return { kind: 'DENIED', code: anyLive ? 'NOT_IN_PLAN' : 'NO_ACTIVE_PLAN', sources: [], rule: null };
  return { kind: 'DENIED', code: closest.code, sources: closest.sources, rule: closest.rule };
}

export interface Ceiling {
  readonly entitled: boolean;
  /** Used and reserved units may reach it, not pass it; null: none. 0 where the customer has no right. */
  readonly ceiling: Limit;
  /** Until when time alone leaves the ceiling as it is; null: for ever. */
  readonly validUntil: Instant | null;
}

/**
 * What the database writes beside a counter, so that a spend finds its limit in the row that it locks: the most that any
 * request may be given. Where rules read `context` or `usage`, `decide` refuses below it (docs/rules.md, "Conditions").
 */
export function ceilingOf(
  account: CustomerAccount,
  release: Release,
  key: FeatureKey,
  now: Instant,
): Ceiling {
  const current = accountAt(account, release, now);
  const feature = release.catalog.features.get(key);
  const subject = feature
    ? { account: current, release, feature, context: 'ANY' as const, asker: NOBODY }
    : null;
  const validUntil = subject ? ceilingHolds(subject, now) : null;
  const entitlement = subject ? entitlementOf(subject, now) : null;
  if (entitlement?.kind !== 'ENTITLED' || entitlement.allowance.kind !== 'UNITS') {
    return { entitled: false, ceiling: 0, validUntil };
  }
  return { entitled: true, ceiling: entitlement.allowance.ceiling, validUntil };
}

/** A window's end shows in every decision, but only where units roll over in the ceiling. */
function ceilingHolds(subject: Subject, now: Instant): Instant | null {
  const { account, feature } = subject;
  const boundary = nextBoundary(subject, now);
  const rolled = feature.type === 'METERED' ? rolledUntil(account, feature, now) : null;
  return boundary === null || (rolled !== null && rolled < boundary) ? rolled : boundary;
}

/** The earliest instant after `after` at which time may change what the customer has of a feature; null: never. */
export function nextBoundary(subject: Subject, after: Instant): Instant | null {
  const next = new Soonest(after);
  lookAtOwn(subject, next);
  lookAtSeat(subject, next);
  return next.at;
}

/** The first of the instants that lie after another. */
class Soonest {
  at: Instant | null = null;

  constructor(readonly after: Instant) {}

  see(at: Instant | null): void {
    if (at !== null && at > this.after && (this.at === null || at < this.at)) this.at = at;
  }
}

function lookAtOwn(subject: Subject, next: Soonest): void {
  const { account, feature } = subject;
  const meter = account.meters.get(feature.key);
  if (meter !== undefined) next.see(nextRolledEnd(meter));
  for (const { expiresAt } of liveBlocks(account, feature.key)) next.see(expiresAt);
  for (const subscription of account.subscriptions) lookAtSubscription(subject, subscription, next);
  for (const license of account.licenses) lookAtLicense(subject, license, next);
  for (const grant of account.grants) {
    if (grant.feature === feature.key && isOpen(grant))
      next.see(isInForce(grant, next.after) ? grant.expiresAt : grant.startsAt);
  }
  for (const at of ruleBoundaries(subject, next.after)) next.see(at);
}

/** Of the seat that the feature needs: when whoever asks loses it, and what time does to its feature. */
function lookAtSeat(subject: Subject, next: Soonest): void {
  const { account, release, feature, asker } = subject;
  const key = feature.needsSeat;
  const needed = key === null ? undefined : release.catalog.features.get(key);
  if (needed === undefined || typeof asker.member === 'string') return;
  const seat = seatOf(account, needed.key, asker.member.memberId);
  if (seat) next.see(freeAt(seat));
  lookAtOwn({ ...subject, feature: needed }, next);
}

function lookAtSubscription(subject: Subject, subscription: Subscription, next: Soonest): void {
  const { account, release, feature } = subject;
  next.see(speaksUntil(subscription, account));
  if (!isLive(subscription)) return;
  next.see(nextSubscriptionBoundary(subscription, next.after));
  next.see(versionMove(account, subscription, release)?.at ?? null);
  next.see(subscription.prorations.get(feature.key)?.until ?? null);
  if (isPrepaid(feature)) next.see(nextGiftAt(subscription, feature.key, account.timeZone, next.after));
  if (feature.type === 'SEATS') next.see(subscription.seatsReleasedAt);
}

function lookAtLicense(
  { account, release, feature, context, asker }: Subject,
  license: License,
  next: Soonest,
): void {
  next.see(speaksUntil(license, account));
  next.see(nextTermChange(license));
  if (context !== 'ANY') next.see(placeFreesAt(license, asker, next.after));
  next.see(coverageEnds(license, { feature, catalog: release.catalog }, asker.productVersion));
  if (isPrepaid(feature)) next.see(nextGiftAt(license, feature.key, account.timeZone, next.after));
}
