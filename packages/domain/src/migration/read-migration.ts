import type { Release } from '../customer.js';
import type { PlanKey } from '../ids.js';
import { noTransition, routeBetween } from '../subscription/plan-choice.js';
import { badInput, notFound, type Refused } from '../subscription/refusal.js';
import type { PlanVersion } from '../subscription/subscription.js';
import { effectiveTime } from '../subscription/timing.js';
import type { Instant } from '../time/instant.js';
import type { AskedMigration, Migration } from './migration.js';
import { refusedTarget, soldTarget } from './target.js';

/** What was sold, by the history of the catalog. */
export interface EverSold {
  /** Every version of the plan that is to be left. */
  readonly from: readonly number[];
  /** The version that is to be left; null: there was none. */
  readonly leaving: PlanVersion | null;
  /** Every version of the plan that it leads to. */
  readonly into: readonly number[];
  /** The version that `toVersion` names; null: there was none, or none is named. */
  readonly to: PlanVersion | null;
}

/**
 * The migration that is asked for, or why it can be right for nobody: what is refused here would be refused for each
 * subscription. docs/rules.md, "Plan migrations".
 */
export function readMigration(
  asked: AskedMigration,
  sold: EverSold,
  release: Release,
  now: Instant,
): Migration | Refused {
  const { from, timing, at } = asked;
  const unknown = refusedSource(asked, sold);
  if (unknown !== null) return unknown;
  const to = target(asked, sold, release);
  if ('ok' in to) return to;
  const refusal = refusedTarget(to, release) ?? refusedRoute(asked, to, release);
  if (refusal !== null) return refusal;
  const time = effectiveTime(timing, at, () => null, now);
  return typeof time === 'number' ? { from, to, timing, at } : time;
}

function refusedSource({ from }: AskedMigration, sold: EverSold): Refused | null {
  if (sold.from.length === 0) {
    const message = `there never was a plan \`${from.plan}\``;
    return notFound('plan', `${message}; name one of \`plans\`, or one that was sold before`);
  }
  if (sold.leaving === null) return notFound('version', neverSold(from.plan, from.version, sold.from));
  if (sold.leaving.plan.model !== 'PERPETUAL') return null;
  const message = `version ${String(from.version)} of \`${from.plan}\` is perpetual and sold by licence alone`;
  return badInput('plan', `${message}, so that no subscription is on it; name another plan`);
}

function neverSold(plan: PlanKey, version: number, versions: readonly number[]): string {
  return `\`${plan}\` was never sold in version ${String(version)}; it was in ${versions.map(String).join(', ')}`;
}

function target(asked: AskedMigration, sold: EverSold, release: Release): PlanVersion | Refused {
  const { from, toPlan, toVersion } = asked;
  const now = soldTarget(toPlan ?? from.plan, release);
  if ('ok' in now) return now;
  if (toVersion === null || toVersion === now.version) return now;
  return sold.to ?? notFound('toVersion', neverSold(now.plan.key, toVersion, sold.into));
}

function refusedRoute(
  { from, toVersion }: AskedMigration,
  { plan, version }: PlanVersion,
  release: Release,
): Refused | null {
  if (plan.key === from.plan && version === from.version) {
    const field = toVersion === null ? 'version' : 'toVersion';
    const message = `version ${String(version)} of \`${plan.key}\` is both where the migration begins and where it leads`;
    return badInput(field, `${message}; name another \`toVersion\` or \`toPlan\``);
  }
  if (routeBetween(release.catalog, from.plan, plan.key) !== null) return null;
  return badInput('toPlan', noTransition(from.plan, plan.key));
}
