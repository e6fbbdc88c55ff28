import type { CustomerAccount, Release } from '../customer.js';
import type { AddOnKey } from '../ids.js';
import type { MigrationPolicy } from '../catalog/catalog.js';
import type { Instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import { offeredWith, routeOfDueChange } from '../subscription/plan-choice.js';
import { addOnSoldNow, leadsOn, policyOf } from './policy.js';
import { isStanding, isTrial, otherInFamily } from '../subscription/state.js';
import type {
  AddOnMove,
  BoughtAddOn,
  LiveSubscription,
  PlanVersion,
  VersionMove,
} from '../subscription/subscription.js';

/** A move to other versions of the same plan and add-ons that the live release asks for. */
export interface PendingMove {
  readonly to: PlanVersion;
  /** May lie behind: the move counts from then on, whoever writes it down later. */
  readonly at: Instant;
  readonly addOns: readonly BoughtAddOn[];
  /** What the subscription remembers afterwards. */
  readonly moves: readonly VersionMove[];
}

/** Of a longer history the first move and the last ones are kept: from anywhere a rollback leads near to where it was, or home. */
const MOST_MOVES = 100;

/**
 * What the live release does with a subscription whose plan or add-ons are on other versions than those sold now;
 * null: it stays. docs/rules.md, "Releases".
 */
export function versionMove(
  account: CustomerAccount,
  subscription: LiveSubscription,
  release: Release,
): PendingMove | null {
  const move = undoneMove(subscription, release) ?? migration(subscription, release);
  return move === null || isPrevented(account, subscription, release, move) ? null : move;
}

/**
 * A scheduled change leads to the version that was promised, unless the release moves everyone off it: at once, or at a
 * renewal that is over. To move it afterwards would be dated before the change.
 */
export function promisedVersion(
  { to: promised, at }: { readonly to: PlanVersion; readonly at: Instant },
  subscription: LiveSubscription,
  release: Release,
): PlanVersion {
  const { key } = promised.plan;
  const sold = release.planVersions.get(key);
  if (sold === undefined) return promised;
  const policy = policyOf(release, key);
  switch (policy) {
    case 'stay':
      return promised;
    case 'now':
      return sold;
    case 'atRenewal': {
      const renewal = nextRenewal(subscription, release.publication.at);
      return renewal !== null && renewal < at && leadsOn(promised, sold, release) ? sold : promised;
    }
    default:
      return unreachable(policy);
  }
}

/**
 * A rollback takes back what the publications after the one that it returns to have moved. And a request that holds a
 * release while the next one moves the row is decided as if it had not been moved yet.
 */
function undoneMove(subscription: LiveSubscription, { publication }: Release): PendingMove | null {
  const { version, undoesAfter } = publication;
  const first = subscription.moves.findIndex(
    (move) =>
      move.publication > version ||
      (undoesAfter !== null && move.publication > undoesAfter && move.publication < version),
  );
  const undone = subscription.moves[first];
  if (undone === undefined) return null;
  return {
    to: undone.from,
    at: sincePublication(subscription, publication.at),
    addOns: addOnsTakenBack(subscription.addOns, subscription.moves.slice(first)),
    moves: subscription.moves.slice(0, first),
  };
}

/** Add-ons as they were before these moves, dropped ones too; one that was bought since stays as it was bought. */
function addOnsTakenBack(
  held: readonly BoughtAddOn[],
  undone: readonly VersionMove[],
): readonly BoughtAddOn[] {
  const was = new Map<AddOnKey, BoughtAddOn>();
  const became = new Map<AddOnKey, number | null>();
  for (const { from, to } of undone.flatMap((move) => move.addOns)) {
    const { key } = from.addOn;
    if (!was.has(key)) was.set(key, from);
    became.set(key, to);
  }
  const back = held.map((one) => {
    const from = was.get(one.addOn.key);
    const isUnchanged = became.get(one.addOn.key) === one.version;
    return from && isUnchanged ? { ...from, quantity: one.quantity } : one;
  });
  const isHeld = (key: AddOnKey): boolean => held.some(({ addOn }) => addOn.key === key);
  const dropped = [...was].flatMap(([key, from]) => (became.get(key) === null && !isHeld(key) ? [from] : []));
  return [...back, ...dropped];
}

function migration(subscription: LiveSubscription, release: Release): PendingMove | null {
  const { planVersion } = subscription;
  const { key } = planVersion.plan;
  const sold = release.planVersions.get(key);
  // A plan that is sold no more keeps its subscriptions as they are.
  if (sold === undefined) return null;
  const isPlanMoved = leadsOn(planVersion, sold, release);
  const { addOns: held } = subscription;
  const kept = isPlanMoved ? offeredWith(release.catalog, key, held) : held;
  const addOns = kept.map((one) => addOnSoldNow(one, release));
  const moved = addOnMoves(held, addOns);
  if (!isPlanMoved && moved.length === 0) return null;
  const at = migrationTime(subscription, policyOf(release, key), release.publication.at);
  if (at === null) return null;
  const made = { publication: release.publication.version, from: planVersion, addOns: moved };
  return { to: isPlanMoved ? sold : planVersion, at, addOns, moves: remembered(subscription.moves, made) };
}

function addOnMoves(before: readonly BoughtAddOn[], after: readonly BoughtAddOn[]): AddOnMove[] {
  return before.flatMap((from) => {
    const to = after.find(({ addOn }) => addOn.key === from.addOn.key)?.version ?? null;
    return to === from.version ? [] : [{ from, to }];
  });
}

function remembered(moves: readonly VersionMove[], made: VersionMove): readonly VersionMove[] {
  return moves.length < MOST_MOVES ? [...moves, made] : [...moves.slice(0, 1), ...moves.slice(2), made];
}

function migrationTime(
  subscription: LiveSubscription,
  policy: MigrationPolicy,
  publishedAt: Instant,
): Instant | null {
  switch (policy) {
    case 'stay':
      return null;
    case 'now':
      return sincePublication(subscription, publishedAt);
    case 'atRenewal':
      return nextRenewal(subscription, publishedAt);
    default:
      return unreachable(policy);
  }
}

function sincePublication({ status, startedAt }: LiveSubscription, publishedAt: Instant): Instant {
  return status !== 'SCHEDULED' && startedAt > publishedAt ? startedAt : publishedAt;
}

/** The first end of a period since the publication: the one that has just been renewed, else the running one. */
function nextRenewal(subscription: LiveSubscription, publishedAt: Instant): Instant | null {
  // A trial ends by the version that gave it; whoever stays on the plan then moves.
  if (subscription.status === 'SCHEDULED' || isTrial(subscription)) return null;
  const { start, end } = subscription.period;
  if (start >= publishedAt && start > subscription.startedAt) return start;
  if (end === null) return sincePublication(subscription, publishedAt);
  return isStanding(subscription) ? null : end;
}

/** Where the new version would cost what the transition says is not to be lost, the subscription stays. */
function isPrevented(
  account: CustomerAccount,
  subscription: LiveSubscription,
  { catalog }: Release,
  { to, addOns }: PendingMove,
): boolean {
  const { key, family } = to.plan;
  const { addOnsNotOffered } = routeOfDueChange(catalog, key, key);
  const loses = addOns.length < subscription.addOns.length && addOnsNotOffered === 'refuse';
  return loses || otherInFamily(account, family, subscription.id) !== undefined;
}
