import fc from 'fast-check';
import type { FeatureKey } from '../model/features.js';
import type { PlanKey } from '../model/plans.js';
import type { Action } from './actions/action.js';
import { DAY, type When } from './actions/arbitraries.js';
import type { ValidateAction } from './actions/license-actions.js';
import { MEMBERS } from './actions/seat-actions.js';
import { AS_PLANNED, change, FIRST, issue, pass, subscribe } from './opening-steps.js';
import { FILE_OPENINGS } from './file-openings.js';
import { USAGE_OPENINGS } from './usage-openings.js';

/**
 * What histories begin with: steps at random seldom find something that is sold, and hardly ever a pool so full that a change
 * leaves too many in it.
 */

const NOBODY = { fingerprint: null, components: null };

const members = fc.subarray([...MEMBERS], { minLength: 3 });
const minutes = fc.integer({ min: 1, max: DAY });
const NEXT: When = { near: 0, milliseconds: 0 };

function leases(holders: readonly string[]): Action[] {
  return holders.map((member) => ({ kind: 'leaseSeat', feature: 'viewers', member, lasts: DAY }));
}

const sold = fc
  .constantFrom<PlanKey>('pro', 'plus', 'enterprise', 'basic', 'max')
  .map((plan) => [subscribe(plan)]);

const onTrial = fc
  .record({ plan: fc.constantFrom<PlanKey>('pro', 'plus', 'basic'), later: fc.integer({ min: 14, max: 40 }) })
  .map(({ plan, later }): Action[] => [
    subscribe(plan, true),
    { kind: 'extendTrial', ...FIRST, until: { minutes: later * DAY } },
  ]);

const calledOff = fc
  .constantFrom<PlanKey>('pro', 'enterprise', 'max')
  .map((plan): Action[] => [
    subscribe(plan),
    { kind: 'cancel', ...FIRST, timing: 'PERIOD_END' },
    { kind: 'uncancel', ...FIRST },
  ]);

const changeCalledOff = fc
  .constantFrom<PlanKey>('pro', 'plus')
  .map((to): Action[] => [subscribe('enterprise'), change(to, 'PERIOD_END'), { kind: 'withdraw', ...FIRST }]);

function crowded(from: PlanKey, to: PlanKey): readonly Action[] {
  return [subscribe(from), ...leases(MEMBERS), change(to, 'NOW'), pass(NEXT)];
}
const kept = fc.constant(crowded('pro', 'plus'));
const releasedLater = fc.constant(crowded('pro', 'free'));
const refused = fc.constantFrom<PlanKey>('pro', 'free').map((to) => crowded('enterprise', to));

const crowdedWhenDue = fc
  .record({ to: fc.constantFrom<PlanKey>('pro', 'free'), minutes })
  .map(({ to, minutes }) => [
    subscribe('enterprise'),
    change(to, { at: { minutes } }),
    ...leases(MEMBERS),
    pass(NEXT),
  ]);

const crowdedByName = members.map((holders): Action[] => [
  subscribe('max'),
  ...holders.map((member): Action => ({ kind: 'assignSeat', feature: 'editors', member })),
  change('basic', 'NOW'),
  pass({ minutes: 2 * DAY }),
]);

const more = fc
  .constantFrom(12, 30)
  .map((editors): Action[] => [
    subscribe('basic'),
    { kind: 'adjust', ...FIRST, timing: 'NOW', addOns: null, quantities: { editors } },
  ]);

const excepted = fc
  .record({
    feature: fc.constantFrom<FeatureKey>('calls', 'exports', 'sso'),
    effect: fc.constantFrom<'ADD' | 'REPLACE' | 'BLOCK'>('ADD', 'REPLACE', 'BLOCK'),
  })
  .map(({ feature, effect }): Action[] => [
    subscribe('plus'),
    { kind: 'grant', feature, effect, units: 5, startsIn: null, lasts: null },
    { kind: 'revoke', ...FIRST },
  ]);

/** As an application asks for its user, who has typed the key: without any other credential. */
function validate(told: Partial<ValidateAction> = {}): Action {
  return {
    ...{ kind: 'validateLicense', ...FIRST, ...NOBODY, key: 'OWN', typed: 'BY_HAND', version: undefined },
    ...{ member: null, features: ['desktop', 'projects'], by: 'NOBODY' },
    ...told,
  };
}

const bound = fc
  .record({
    plan: fc.constantFrom<PlanKey>('station', 'station', 'node'),
    limit: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ plan, limit }): Action[] => [
    issue(plan),
    { kind: 'activateMachine', ...FIRST, fingerprint: 'm1', components: null, name: undefined },
    { kind: 'activateMachine', ...FIRST, fingerprint: 'm2', components: ['board', 'disk'], name: undefined },
    { kind: 'heartbeatMachine', ...FIRST, machine: 'm1', lasts: DAY },
    { kind: 'renewLicense', ...FIRST, ...AS_PLANNED, machineLimit: limit },
    validate({ components: ['disk', 'board'], version: 0 }),
    { kind: 'deactivateMachine', ...FIRST, machine: 'm1' },
  ]);

const stopped = fc
  .constantFrom<'suspendLicense' | 'revokeLicense'>('suspendLicense', 'revokeLicense')
  .map((kind): Action[] => [
    issue('forever'),
    validate(),
    { kind, ...FIRST },
    validate({ features: ['steps', 'sso'], by: 'API_KEY' }),
    { kind: 'reinstateLicense', ...FIRST },
  ]);

const endsByItself = fc.constant([
  issue('enterprise', { startsIn: 2, lasts: 3 }),
  validate(),
  pass({ minutes: 5 * DAY }),
  validate({ features: ['calls', 'pages'], by: 'LICENSE_KEY' }),
  pass({ minutes: 31 * DAY }),
  validate(),
]);

const outOfMaintenance = fc
  .constantFrom<string | null>(null, 'ann')
  .map((member): Action[] => [
    issue('forever', { startsIn: -400 }),
    validate({ version: null, member, features: ['desktop', 'rendering'] }),
    { kind: 'rotateKey', ...FIRST },
    validate({ key: 'FORMER', by: 'API_KEY' }),
  ]);

const none = fc.constant<readonly Action[]>([]);
/** As often as one another, in a run that is long enough: what is drawn at random is seldom drawn three times. */
const ofSubscriptions = inTurn([
  none,
  sold,
  onTrial,
  calledOff,
  changeCalledOff,
  kept,
  releasedLater,
  refused,
  crowdedWhenDue,
  crowdedByName,
  more,
  excepted,
  ...USAGE_OPENINGS,
  ...FILE_OPENINGS,
]);
const ofLicenses = fc.oneof(
  { withCrossShrink: true },
  ...[none, none, bound, bound, stopped, stopped, endsByItself, outOfMaintenance],
);

/** The same one for the same draw, so that a history that is made shorter begins as it did. */
function inTurn<T>(all: readonly fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  const turns = new Map<number, number>();
  return fc.noShrink(fc.noBias(fc.nat())).chain((draw) => {
    const turn = turns.get(draw) ?? turns.size;
    turns.set(draw, turn);
    const next = all[turn % all.length];
    if (next === undefined) throw new Error('there is one at least');
    return next;
  });
}

/** One of each, after the other: what is sold by subscription, and by licence. */
export const OPENING: fc.Arbitrary<readonly Action[]> = fc
  .tuple(ofSubscriptions, ofLicenses)
  .map((openings) => openings.flat());
