import fc from 'fast-check';
import type { FeatureKey } from '../model/features.js';
import type { PlanKey } from '../model/plans.js';
import type { Action } from './actions/action.js';
import { DAY, type When } from './actions/arbitraries.js';
import { change, consume, FIRST, pass, subscribe } from './opening-steps.js';

/** What histories of usage begin with. */

const minutes = fc.integer({ min: 1, max: DAY });
const NEXT: When = { near: 0, milliseconds: 0 };

const held = fc
  .record({
    feature: fc.constantFrom<FeatureKey>('calls', 'exports', 'credits', 'projects'),
    minutes,
    settle: fc.constantFrom<Action>(
      { kind: 'releaseReservation', ...FIRST },
      { kind: 'commit', ...FIRST, quarters: 2 },
    ),
  })
  .map(({ feature, minutes: lasts, settle }): Action[] => [
    subscribe('pro'),
    { kind: 'reserve', feature, quantity: 3, lasts },
    { kind: 'consume', feature, quantity: 1 },
    settle,
    { kind: 'releaseUsage', feature: 'projects', quantity: 1 },
  ]);

const lentTo = fc.record({
  feature: fc.constantFrom<FeatureKey>('calls', 'exports', 'pages', 'credits', 'projects'),
  quantity: fc.integer({ min: 2, max: 40 }),
  minutes: fc.integer({ min: 1, max: 2 * DAY }),
  quarters: fc.nat(4),
});

const lent = lentTo.map(({ feature, quantity, minutes, quarters }): Action[] => [
  subscribe('pro'),
  { kind: 'leaseQuota', feature, quantity, ttl: `PT${String(minutes)}M` },
  { kind: 'consume', feature, quantity: 1 },
  { kind: 'returnQuota', ...FIRST, quarters },
]);

/** In time to be corrected, or not; with what rolled over, and has ended meanwhile, among it. */
const returnedLate = fc
  .record({ lent: lentTo, late: fc.integer({ min: -10, max: DAY }), days: fc.constantFrom(0, 8, 32) })
  .map(({ lent: { feature, quantity, minutes, quarters }, late, days }): Action[] => [
    subscribe('pro'),
    ...(days === 0 ? [] : [pass({ minutes: days * DAY })]),
    { kind: 'leaseQuota', feature, quantity, ttl: `PT${String(minutes)}M` },
    pass({ minutes: Math.max(1, minutes + late) }),
    { kind: 'returnQuota', ...FIRST, quarters },
  ]);

const returnedTooLate = lentTo.map(({ feature, quantity, minutes, quarters }): Action[] => [
  subscribe('pro'),
  { kind: 'leaseQuota', feature, quantity, ttl: `PT${String(minutes)}M` },
  pass({ minutes: minutes + DAY + 1 }),
  { kind: 'returnQuota', ...FIRST, quarters },
]);

const lentUntilItsWindowEnds = fc
  .record({
    feature: fc.constantFrom<FeatureKey>('calls', 'exports', 'pages'),
    lent: lentTo,
    end: fc.constantFrom<Action>(
      pass({ minutes: 32 * DAY }),
      change('plus', 'NOW'),
      change('enterprise', null),
    ),
  })
  .map(({ feature, lent: { quantity, quarters }, end }): Action[] => [
    subscribe('pro'),
    { kind: 'leaseQuota', feature, quantity, ttl: 'P2M' },
    end,
    { kind: 'returnQuota', ...FIRST, quarters },
  ]);

const leftOver = fc
  .record({
    plan: fc.constantFrom<PlanKey>('pro', 'plus', 'basic'),
    feature: fc.constantFrom<FeatureKey>('pages', 'exports'),
    quantity: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ plan, ...usage }): Action[] => [
    subscribe(plan),
    { kind: 'consume', ...usage },
    pass({ minutes: 32 * DAY }),
    { kind: 'consume', ...usage },
    pass({ minutes: 9 * DAY }),
  ]);

const reached = fc
  .record({
    feature: fc.constantFrom<FeatureKey>('calls', 'exports', 'minutes', 'credits'),
    more: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ feature, more }): Action[] => [
    subscribe('pro'),
    consume(feature, more),
    consume(feature, 5),
    consume(feature, more),
  ]);

const reachedAgain = fc
  .integer({ min: 1, max: 8 })
  .map((lowered): Action[] => [
    subscribe('pro'),
    consume('projects', 8),
    { kind: 'releaseUsage', feature: 'projects', quantity: lowered },
    consume('projects', lowered),
  ]);

/** Its share of the new limit, too: that is told once. */
const reachedOfMore = fc
  .constantFrom<PlanKey>('pro', 'plus')
  .map((to): Action[] => [
    subscribe('free'),
    consume('calls', 9),
    change(to, 'NOW'),
    { kind: 'recordUsage', feature: 'calls', quantity: 18, minutesAgo: 0, as: 'USAGE_EVENT' },
  ]);

const reachedByTime = fc
  .record({ feature: fc.constantFrom<FeatureKey>('calls', 'exports', 'projects'), minutes })
  .map(({ feature, minutes }): Action[] => [
    subscribe('pro'),
    { kind: 'leaseQuota', feature, quantity: 30, ttl: `PT${String(minutes)}M` },
    pass({ minutes }),
  ]);

const voided = fc
  .integer({ min: 1, max: 10 })
  .map((quantity): Action[] => [
    { kind: 'addCredits', quantity, priority: 0, lasts: null },
    consume('credits', 1),
    { kind: 'voidCredits', ...FIRST },
  ]);

/** To and fro over the date line, in the middle of windows. */
const movedInWindow = fc
  .record({
    feature: fc.constantFrom<FeatureKey>('steps', 'minutes', 'exports', 'pages'),
    plan: fc.constantFrom<PlanKey>('plus', 'enterprise'),
    zones: fc.constantFrom(
      { from: 'America/New_York', to: 'Pacific/Apia' },
      { from: 'Pacific/Apia', to: 'America/New_York' },
    ),
    minutes,
  })
  .map(({ feature, plan, zones, minutes }): Action[] => [
    { kind: 'moveZone', zone: zones.from },
    subscribe(plan),
    pass({ minutes }),
    consume(feature, 2),
    { kind: 'leaseQuota', feature: 'steps', quantity: 1, ttl: 'P1D' },
    { kind: 'moveZone', zone: zones.to },
    consume(feature, 1),
    pass(NEXT),
    { kind: 'moveZone', zone: zones.from },
  ]);

export const USAGE_OPENINGS: readonly fc.Arbitrary<readonly Action[]>[] = [
  held,
  lent,
  returnedLate,
  returnedTooLate,
  lentUntilItsWindowEnds,
  leftOver,
  reached,
  reachedAgain,
  reachedOfMore,
  reachedByTime,
  voided,
  movedInWindow,
];
