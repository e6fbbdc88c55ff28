import { releaseFrom } from '../../testing/states.js';
import { thresholdText } from '../catalog/threshold.js';
import { leastOfShare } from '../decision/share.js';
import { parseFeatureKey } from '../ids.js';
import { type Rise, thresholdsReached } from './thresholds.js';

const RELEASE = releaseFrom(`
catalog: 1
name: thresholds
features:
  calls: { type: metered, window: P1M, notifyAt: [100%, 80%, 110%, 0.5%, 30] }
  projects: { type: limit, notifyAt: [1, 100%] }
  quiet: { type: limit }
  sso: { type: boolean }
plans: { free: { model: subscription, entitlements: { calls: 10 } } }
`);

function reached(name: string, rise: Rise): string[] {
  const key = parseFeatureKey(name);
  const feature = key === null ? undefined : RELEASE.catalog.features.get(key);
  if (feature === undefined) throw new Error(`no feature ${name}`);
  return thresholdsReached(feature, rise).map(thresholdText);
}

test.each<[string, number, number, number | null, string[]]>([
  ['calls', 0, 7, 10, ['0.5%']],
  ['calls', 7, 8, 10, ['80%']],
  ['calls', 8, 9, 10, []],
  ['calls', 0, 12, 10, ['100%', '80%', '110%', '0.5%']],
  ['calls', 10, 11, 10, ['110%']],
  // A part of a unit has not been reached before the unit has.
  ['calls', 11, 12, 15, ['80%']],
  ['calls', 16, 17, 15, ['110%']],
  ['calls', 0, 1, 200, ['0.5%']],
  ['calls', 0, 100, null, ['30']],
  ['calls', 29, 30, 1_000_000, ['30']],
  ['calls', 30, 31, 1_000_000, []],
  ['calls', 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, ['100%', '80%', '0.5%', '30']],
  ['projects', 3, 1, 3, []],
  ['projects', 2, 3, 3, ['100%']],
  ['projects', 0, 0, 0, []],
  ['quiet', 0, 9, 9, []],
  ['sso', 0, 1, 1, []],
])('%s from %d to %d of %s reaches %j', (feature, from, to, limit, expected) => {
  expect(reached(feature, { from, to, limit })).toEqual(expected);
});

test('a share is rounded up to whole units, to the last of them', () => {
  expect(leastOfShare(10_000, 0.57)).toBe(57);
  expect(leastOfShare(3, 50)).toBe(2);
  expect(leastOfShare(Number.MAX_SAFE_INTEGER, 100)).toBe(Number.MAX_SAFE_INTEGER);
});
