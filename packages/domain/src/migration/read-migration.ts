import type { Release } from '../customer.js';
import { leadsOn, policyOf } from '../release/policy.js';
import { routeBetween, sellablePlan } from '../subscription/plan-choice.js';
import { badInput, conflict, notFound, type Refused } from '../subscription/refusal.js';
import type { PlanVersion } from '../subscription/subscription.js';
import { effectiveTime } from '../subscription/timing.js';
import type { Instant } from '../time/instant.js';
import type { AskedMigration, Migration } from './migration.js';

/** What was sold, by the history of the catalog. */
export interface EverSold {
  /** Every version of the plan that is to be left. */
  readonly from: readonly number[];
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
  if (to.plan.key === from.plan && to.version === from.version) {
    const field = asked.toVersion === null ? 'version' : 'toVersion';
    return badInput(field, `\`${from.plan}\` in version ${String(from.version)} is to be left and reached`);
  }
  const refusal = refusedRoute(asked, to, release);
  if (refusal !== null) return refusal;
  const time = effectiveTime(timing, at, () => null, now);
  return typeof time === 'number' ? { from, to, timing, at } : time;
}

function refusedSource({ from }: AskedMigration, sold: EverSold): Refused | null {
  if (sold.from.length === 0) return notFound('plan', `there never was a plan \`${from.plan}\``);
  if (sold.from.includes(from.version)) return null;
  const versions = sold.from.map(String).join(', ');
  return notFound(
    'version',
    `\`${from.plan}\` was never sold in version ${String(from.version)}, but in ${versions}`,
  );
}

/** A plan that is sold no more takes nobody in. */
function target(
  { from, toPlan, toVersion }: AskedMigration,
  sold: EverSold,
  release: Release,
): PlanVersion | Refused {
  const key = toPlan ?? from.plan;
  const now = sellablePlan(release, key);
  if ('ok' in now) {
    const message =
      toPlan === null
        ? `\`${key}\` is not sold by subscription any more; name another plan`
        : now.refusal.message;
    return { ok: false, refusal: { ...now.refusal, field: 'toPlan', message } };
  }
  if (toVersion === null || toVersion === now.version) return now;
  if (sold.to === null)
    return notFound('toVersion', `\`${key}\` was never sold in version ${String(toVersion)}`);
  if (sold.to.plan.model === 'PERPETUAL') {
    const message = `\`${key}\` in version ${String(toVersion)} is perpetual and goes by licence alone`;
    return badInput('toVersion', `${message}; choose another version`);
  }
  return sold.to;
}

function refusedRoute(
  { from, toVersion }: AskedMigration,
  to: PlanVersion,
  release: Release,
): Refused | null {
  const { key } = to.plan;
  if (routeBetween(release.catalog, from.plan, key) === null)
    return badInput('toPlan', `no transition of the catalog leads from \`${from.plan}\` to \`${key}\``);
  const sold = release.planVersions.get(key);
  if (policyOf(release, key) === 'stay' || sold === undefined || !leadsOn(to, sold, release)) return null;
  const field = toVersion === null ? 'toPlan' : 'toVersion';
  return conflict(
    field,
    `the live release moves the subscriptions of \`${key}\` to version ${String(sold.version)}, which is sold now; leave \`toVersion\` out, or publish one whose \`existingSubscriptions\` says \`stay\``,
  );
}
