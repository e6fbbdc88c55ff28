import fc from 'fast-check';
import { releaseFrom, stateFrom } from '../../testing/states.js';
import { time } from '../../testing/subscriptions.js';
import { parseFeatureKey } from '../ids.js';
import { instant } from '../time/instant.js';
import { pastWindow, refuseRecord } from './record.js';
import { contains } from './window.js';

const RELEASE = releaseFrom(`
catalog: 1
name: recorded
features:
  calls: { type: metered, window: P1M, anchor: calendar }
  minutes: { type: metered, window: P1M, anchor: subscription }
  projects: { type: limit }
  sso: { type: boolean }
  credits: { type: metered, prepaid: true }
plans:
  free: { model: subscription, entitlements: { calls: 10, minutes: 10 } }
`);
const NOW = time('2026-03-15');
const MINUTE = 60_000;
const DAY = 86_400_000;

test.each<[string, number | null, string | null]>([
  ['calls', null, null],
  ['projects', null, null],
  ['calls', 5 * MINUTE, null],
  ['calls', 5 * MINUTE + 1, 'at'],
  ['calls', -35 * DAY, null],
  ['calls', -35 * DAY - 1, 'at'],
  ['sso', null, 'feature'],
  ['credits', null, null],
  ['cals', null, 'feature'],
])('usage of %s at %s milliseconds from now is refused for %s', (feature, after, field) => {
  const at = after === null ? null : instant(NOW + after);
  expect(refuseRecord(RELEASE, { feature, quantity: 1, at }, NOW)?.field ?? null).toBe(field);
});

function metered(name: string) {
  const key = parseFeatureKey(name);
  const feature = key === null ? undefined : RELEASE.catalog.features.get(key);
  if (feature?.type !== 'METERED') throw new Error(`${name} is not metered`);
  return feature;
}

function accountOf() {
  const state = stateFrom(RELEASE, { subscriptions: [{ plan: 'free' }], at: NOW });
  if (state.kind !== 'KNOWN') throw new Error('a known customer');
  const windowAnchors = new Map([[metered('minutes').key, time('2026-01-31')]]);
  return { ...state.account, windowAnchors };
}

const ACCOUNT = accountOf();

test('a window of which nothing is kept is that of the calendar or of the anchor', () => {
  const at = time('2026-02-20');
  const free = { after: null, before: time('2026-03-01') };
  expect(pastWindow(metered('calls'), ACCOUNT, at, free)).toEqual({
    start: time('2026-02-01'),
    end: time('2026-03-01'),
  });
  expect(pastWindow(metered('minutes'), ACCOUNT, at, free)).toEqual({
    start: time('2026-01-31'),
    end: time('2026-02-28'),
  });
});

test('it holds its instant, and never overlaps the windows beside it', () => {
  const days = fc.integer({ min: 0, max: 40 });
  const property = fc.property(days, days, fc.constantFrom('calls', 'minutes'), (before, behind, name) => {
    const at = instant(NOW - 41 * DAY);
    const neighbours = { after: instant(at - before * DAY), before: instant(at + 1 + behind * DAY) };
    const span = pastWindow(metered(name), ACCOUNT, at, neighbours);
    expect(contains(span, at)).toBe(true);
    expect(span.start).toBeGreaterThanOrEqual(neighbours.after);
    expect(span.end).toBeLessThanOrEqual(neighbours.before);
  });
  fc.assert(property);
});
