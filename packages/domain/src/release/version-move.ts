import type { CustomerAccount, Release } from '../customer.js';
import type { PlanKey } from '../ids.js';
import type { MigrationPolicy } from '../catalog/catalog.js';
import type { Instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import { offeredWith, routeOfDueChange } from '../subscription/plan-choice.js';
import { isStanding, isTrial, otherInFamily } from '../subscription/state.js';
import type {
  AddOnQuantity,
  LiveSubscription,
  PlanVersion,
  VersionMove,
} from '../subscription/subscription.js';

/** A move to another version of the same plan that the live release asks for. */
export interface PendingMove {
  readonly to: PlanVersion;
  /** May lie behind: the move counts from then on, whoever writes it down later. */
  readonly at: Instant;
  readonly addOns: readonly AddOnQuantity[];
  /** What the subscription remembers afterwards. */
  readonly moves: readonly VersionMove[];
}

/** A longer history is forgotten at its old end, and then not taken back by a rollback. */
const MOST_MOVES = 20;

/**
 * What the live release does with a subscription that is on another version than the one sold now; null: it stays.
 * docs/rules.md, "Releases".
 */
export function versionMove(
  account: CustomerAccount,
  subscription: LiveSubscription,
  release: Release,
): PendingMove | null {
  const move = undoneMove(subscription, release) ?? migration(subscription, release);
  if (move === null) return null;
  const addOns = offeredWith(release.catalog, move.to.plan.key, subscription.addOns);
  return isPrevented(account, subscription, release, move.to, addOns) ? null : { ...move, addOns };
}

/** A scheduled change leads to the version that was promised, unless the release moves everyone off it. */
export function promisedVersion(promised: PlanVersion, release: Release): PlanVersion {
  const { key } = promised.plan;
  return policyOf(release, key) === 'now' ? (release.planVersions.get(key) ?? promised) : promised;
}

type Move = Omit<PendingMove, 'addOns'>;

/**
 * A rollback takes back what the publications after the one that it returns to have moved. And a request that holds a
 * release while the next one moves the row is decided as if it had not been moved yet.
 */
function undoneMove(subscription: LiveSubscription, { publication }: Release): Move | null {
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
    moves: subscription.moves.slice(0, first),
  };
}

function migration(subscription: LiveSubscription, release: Release): Move | null {
  const { plan, version } = subscription.planVersion;
  const to = release.planVersions.get(plan.key);
  if (to === undefined || to.version === version) return null;
  // What was bought between the two stays on its version.
  if (release.publication.undoesAfter !== null && version > to.version) return null;
  const at = migrationTime(subscription, policyOf(release, plan.key), release.publication.at);
  if (at === null) return null;
  const made = { publication: release.publication.version, from: subscription.planVersion };
  return { to, at, moves: [...subscription.moves, made].slice(-MOST_MOVES) };
}

/** What becomes of existing subscriptions to a plan. */
export function policyOf({ catalog }: Release, plan: PlanKey): MigrationPolicy {
  const { byPlan, default: policy } = catalog.existingSubscriptions;
  return byPlan.get(plan) ?? policy;
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
  { plan }: PlanVersion,
  addOns: readonly AddOnQuantity[],
): boolean {
  const { addOnsNotOffered } = routeOfDueChange(catalog, plan.key, plan.key);
  const loses = addOns.length < subscription.addOns.length && addOnsNotOffered === 'refuse';
  return loses || otherInFamily(account, plan.family, subscription.id) !== undefined;
}
