import type { Release } from '../customer.js';
import type { PlanKey } from '../ids.js';
import { leadsOn, policyOf } from '../release/policy.js';
import { badInput, conflict, notFound, type Refused } from '../subscription/refusal.js';
import type { PlanVersion } from '../subscription/subscription.js';

/** The version of a plan that is sold now. A plan that is sold no more takes nobody in, nor does one that is sold by licence alone. */
export function soldTarget(key: PlanKey, release: Release): PlanVersion | Refused {
  const sold = release.planVersions.get(key);
  if (sold === undefined)
    return notFound('toPlan', `the plan \`${key}\` is not sold; \`toPlan\` names one of \`plans\``);
  if (sold.plan.model !== 'PERPETUAL') return sold;
  return badInput('toPlan', `the plan \`${key}\` is perpetual and sold by licence alone; name another one`);
}

/** Null, or why the live release lets no subscription go to this version, whoever asks. */
export function refusedTarget(to: PlanVersion, release: Release): Refused | null {
  const { key, model } = to.plan;
  const sold = soldTarget(key, release);
  if ('ok' in sold) return sold;
  const version = String(to.version);
  if (model === 'PERPETUAL') {
    const message = `version ${version} of \`${key}\` is perpetual and was sold by licence alone`;
    return badInput('toVersion', `${message}; name another one`);
  }
  if (policyOf(release, key) === 'stay' || !leadsOn(to, sold, release)) return null;
  return conflict(
    'toVersion',
    `the live release moves the subscriptions of \`${key}\` to version ${String(sold.version)}, so that none stays on ${version}; leave \`toVersion\` out, or publish a release that lets them stay`,
  );
}
