import type { PlanKey } from '../model/plans.js';
import type { Action } from './actions/action.js';
import type { When } from './actions/arbitraries.js';
import type { TimingAction } from './actions/subscription-actions.js';

/** What openings are made of. */

export const FIRST = { which: 0 };
const NO_LISTS = { addOns: null, quantities: null };

export function subscribe(plan: PlanKey, trial = false): Action {
  return { kind: 'subscribe', plan, trial, startsIn: null, ...NO_LISTS };
}

export function change(plan: PlanKey, timing: TimingAction | null): Action {
  return { kind: 'changePlan', ...FIRST, plan, timing, from: null, ...NO_LISTS };
}

export function pass(to: When): Action {
  return { kind: 'pass', to };
}
