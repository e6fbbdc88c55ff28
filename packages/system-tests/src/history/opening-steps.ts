import type { FeatureKey } from '../model/features.js';
import type { PlanKey } from '../model/plans.js';
import type { Action } from './actions/action.js';
import type { When } from './actions/arbitraries.js';
import type { IssueAction } from './actions/license-actions.js';
import type { TimingAction } from './actions/subscription-actions.js';

/** What openings are made of. */

export const FIRST = { which: 0 };
export const AS_PLANNED = { lasts: null, maintained: null, quantities: null, machineLimit: undefined };
const NO_LISTS = { addOns: null, quantities: null };

export function subscribe(plan: PlanKey, trial = false): Action {
  return { kind: 'subscribe', plan, trial, startsIn: null, ...NO_LISTS };
}

export function change(plan: PlanKey, timing: TimingAction | null): Action {
  return { kind: 'changePlan', ...FIRST, plan, timing, from: null, ...NO_LISTS };
}

export function consume(feature: FeatureKey, quantity: number): Action {
  return { kind: 'consume', feature, quantity };
}

export function issue(plan: PlanKey, dates: Partial<IssueAction> = {}): Action {
  return { kind: 'issueLicense', plan, startsIn: null, ...AS_PLANNED, ...dates };
}

export function pass(to: When): Action {
  return { kind: 'pass', to };
}
