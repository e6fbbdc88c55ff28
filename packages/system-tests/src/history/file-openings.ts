import fc from 'fast-check';
import type { Budget } from '../model/files.js';
import type { FeatureKey } from '../model/features.js';
import type { PlanKey } from '../model/plans.js';
import type { Action } from './actions/action.js';
import { DAY } from './actions/arbitraries.js';
import { consume, FIRST, issue, pass } from './opening-steps.js';

/** What histories of files with budgets begin with. */

function issueFile(validFor: string, ...budgets: readonly Budget[]): Action {
  return { kind: 'issueFile', ...FIRST, fingerprint: 'm1', validFor, budgets };
}

const lent = fc.record({
  plan: fc.constantFrom<PlanKey>('forever', 'station', 'node'),
  quantity: fc.integer({ min: 2, max: 5 }),
  minutes: fc.integer({ min: 1, max: 2 * DAY }),
  quarters: fc.nat(4),
});

const settled = lent.map(({ plan, quantity, minutes, quarters }): Action[] => [
  issue(plan),
  issueFile(`PT${String(minutes)}M`, { feature: 'projects', quantity }, ...more(plan)),
  consume('projects', 1),
  { kind: 'settleFile', ...FIRST, quarters },
]);

function more(plan: PlanKey): Budget[] {
  return plan === 'forever'
    ? [
        { feature: 'exports', quantity: 9 },
        { feature: 'credits', quantity: 2 },
      ]
    : [];
}

const settledLate = fc
  .record({ lent, late: fc.integer({ min: 0, max: DAY - 1 }) })
  .map(({ lent: { plan, quantity, minutes, quarters }, late }): Action[] => [
    issue(plan),
    issueFile(`PT${String(minutes)}M`, { feature: 'projects', quantity }, ...more(plan)),
    pass({ minutes: minutes + late }),
    { kind: 'settleFile', ...FIRST, quarters },
  ]);

const settledTooLate = lent.map(({ plan, quantity, minutes, quarters }): Action[] => [
  issue(plan),
  issueFile(`PT${String(minutes)}M`, { feature: 'projects', quantity }),
  pass({ minutes: minutes + DAY + 1 }),
  { kind: 'settleFile', ...FIRST, quarters },
]);

const settledAfterItsWindow = fc
  .record({ feature: fc.constantFrom<FeatureKey>('steps', 'exports', 'pages'), quarters: fc.nat(4) })
  .map(({ feature, quarters }): Action[] => [
    issue('forever'),
    issueFile('P60D', { feature, quantity: 3 }),
    pass({ minutes: 33 * DAY }),
    { kind: 'settleFile', ...FIRST, quarters },
  ]);

export const FILE_OPENINGS: readonly fc.Arbitrary<readonly Action[]>[] = [
  settled,
  settledLate,
  settledTooLate,
  settledAfterItsWindow,
];
