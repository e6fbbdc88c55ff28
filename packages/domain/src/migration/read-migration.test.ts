import {
  FIRST_PUBLICATION,
  plan,
  planKey,
  releaseOf,
  time,
  transition,
} from '../../testing/subscriptions.js';
import type { MigrationPolicy } from '../catalog/catalog.js';
import type { Release } from '../customer.js';
import type { AskedMigration } from './migration.js';
import { type EverSold, readMigration } from './read-migration.js';

const NOW = time('2026-02-10');
const PLANS = [plan('pro'), plan('team'), plan('island'), plan('box', { model: 'PERPETUAL' })];
const live = releaseOf({
  plans: PLANS,
  features: [],
  transitions: [transition('pro legacy', 'team pro')],
  version: 3,
});

function underPolicy(policy: MigrationPolicy): Release {
  return {
    ...live,
    catalog: { ...live.catalog, existingSubscriptions: { default: policy, byPlan: new Map() } },
  };
}

function asked(
  options: Partial<Omit<AskedMigration, 'toPlan'>> & { plan?: string; version?: number; toPlan?: string },
) {
  const { plan: key = 'pro', version = 1, toPlan, ...rest } = options;
  return {
    from: { plan: planKey(key), version },
    toPlan: toPlan === undefined ? null : planKey(toPlan),
    toVersion: null,
    timing: 'NOW',
    at: null,
    ...rest,
  } as const;
}

const VERSIONS = [1, 2, 3];
const SOLD: EverSold = {
  from: VERSIONS,
  leaving: { plan: plan('pro'), version: 1 },
  into: VERSIONS,
  to: null,
};
const second: EverSold = { ...SOLD, to: { plan: plan('pro'), version: 2 } };
const NOTHING: EverSold = { from: [], leaving: null, into: [], to: null };
const boxed = plan('box', { model: 'PERPETUAL' });

function result(request: AskedMigration, sold = SOLD, release = live) {
  const migration = readMigration(request, sold, release, NOW);
  if (!('ok' in migration)) return `${migration.to.plan.key} ${String(migration.to.version)}`;
  return `${migration.refusal.code} ${migration.refusal.field ?? ''}`;
}

const CASES: readonly [string, string, AskedMigration, EverSold?, Release?][] = [
  ['leads to the version that is sold now', 'pro 3', asked({})],
  ['leads to another plan as it is sold now', 'team 3', asked({ toPlan: 'team' })],
  ['leads to an older version that is named', 'pro 2', asked({ toVersion: 2 }), second],
  ['leaves a plan that is sold no more', 'team 3', asked({ plan: 'legacy', toPlan: 'team' })],
  ['refuses a plan that never was', 'NOT_FOUND plan', asked({ plan: 'ghost' }), NOTHING],
  [
    'refuses a version that was never sold',
    'NOT_FOUND version',
    asked({ version: 4 }),
    { ...SOLD, leaving: null },
  ],
  [
    'refuses a plan that is sold by licence alone',
    'BAD_USER_INPUT plan',
    asked({ plan: 'box', toPlan: 'pro' }),
    { ...SOLD, leaving: { plan: boxed, version: 1 } },
  ],
  ['refuses a target that is not sold', 'NOT_FOUND toPlan', asked({ toPlan: 'ghost' })],
  ['asks for a target where the plan is sold no more', 'NOT_FOUND toPlan', asked({ plan: 'legacy' })],
  ['refuses a target that is sold by licence', 'BAD_USER_INPUT toPlan', asked({ toPlan: 'box' })],
  ['refuses a target version that was never sold', 'NOT_FOUND toVersion', asked({ toVersion: 9 })],
  [
    'refuses a target version that was sold by licence',
    'BAD_USER_INPUT toVersion',
    asked({ toVersion: 2 }),
    { ...SOLD, to: { plan: plan('pro', { model: 'PERPETUAL' }), version: 2 } },
  ],
  ['refuses to lead from the version sold now to itself', 'BAD_USER_INPUT version', asked({ version: 3 })],
  [
    'refuses to lead from a version that is named to itself',
    'BAD_USER_INPUT toVersion',
    asked({ version: 2, toVersion: 2 }),
    second,
  ],
  ['refuses where no transition leads', 'BAD_USER_INPUT toPlan', asked({ toPlan: 'island' })],
  [
    'refuses a version that the live release moves everyone off',
    'CONFLICT toVersion',
    asked({ toVersion: 2 }),
    second,
    underPolicy('now'),
  ],
  [
    'refuses a version that the live release moves everyone off at renewal',
    'CONFLICT toVersion',
    asked({ toVersion: 2 }),
    second,
    underPolicy('atRenewal'),
  ],
  ['takes the version sold now under such a release', 'pro 3', asked({}), SOLD, underPolicy('now')],
  ['refuses a time without timing AT', 'BAD_USER_INPUT at', asked({ at: NOW })],
  ['refuses timing AT without a time', 'BAD_USER_INPUT at', asked({ timing: 'AT' })],
  ['refuses a time that is past', 'BAD_USER_INPUT at', asked({ timing: 'AT', at: FIRST_PUBLICATION.at })],
  [
    'refuses a time more than a century ahead',
    'BAD_USER_INPUT at',
    asked({ timing: 'AT', at: time('2126-03-01') }),
  ],
];

test.each(CASES.map(([name, ...rest]) => [name, rest] as const))('%s', (_, [expected, ...given]) => {
  expect(result(...given)).toBe(expected);
});

test.each<[string, AskedMigration, EverSold]>([
  ['`pro` was never sold in version 9; it was in 1, 2, 3', asked({ version: 9 }), { ...SOLD, leaving: null }],
  ['`team` was never sold in version 9; it was in 1, 2, 3', asked({ toPlan: 'team', toVersion: 9 }), SOLD],
  [
    'there never was a plan `ghost`; name one of `plans`, or one that was sold before',
    asked({ plan: 'ghost' }),
    NOTHING,
  ],
  [
    'no transition of the catalog leads from `pro` to `island`; choose another plan, or publish a release that has one',
    asked({ toPlan: 'island' }),
    SOLD,
  ],
])('it says what to do: %s', (message, request, sold) => {
  expect(readMigration(request, sold, live, NOW)).toMatchObject({ refusal: { message } });
});
