import fc from 'fast-check';
import { featureKey, metered, newCustomer, time } from '../../testing/subscriptions.js';
import type { CustomerAccount } from '../customer.js';
import { instant } from '../time/instant.js';
import type { Span } from './meter.js';
import { contains, meterAt, windowAt } from './window.js';

const calls = metered('calls', 'P1M', 'subscription');
const minutes = metered('calls', 'P1M', 'calendar');
const ANCHOR = time('2026-01-31');
const NOW = time('2026-02-10');

function account(window: Span | null, used = 0, anchored = true, zone = 'UTC'): CustomerAccount {
  const feature = featureKey('calls');
  return {
    ...newCustomer(zone),
    windowAnchors: new Map(anchored ? [[feature, ANCHOR]] : []),
    meters: new Map(
      window === null ? [] : [[feature, { feature, used, reserved: 1, window, rolled: [], freesAt: null }]],
    ),
  };
}

test('a prepaid feature has no window', () => {
  expect(windowAt(metered('calls', null, 'calendar'), account(null), NOW)).toBeNull();
});

test.each([
  ['counted from the anchor', calls, true, '2026-01-31', '2026-02-28'],
  ['from now on where there is no anchor', calls, false, '2026-02-10', '2026-03-10'],
  ['of the calendar', minutes, true, '2026-02-01', '2026-03-01'],
])('a window is %s', (_, feature, anchored, start, end) => {
  expect(windowAt(feature, account(null, 0, anchored), NOW)).toEqual({ start: time(start), end: time(end) });
});

test('a running window keeps its start and length, and its counter', () => {
  const running = { start: time('2026-02-05'), end: time('2026-02-15') };
  expect(windowAt(calls, account(running), NOW)).toBe(running);
  expect(meterAt(account(running, 7), calls, NOW)).toMatchObject({
    used: 7,
    reserved: 1,
    window: running,
    freesAt: null,
  });
});

test('of a window that is over nothing counts any more', () => {
  const over = { start: time('2026-01-01'), end: time('2026-01-31') };
  const window = { start: ANCHOR, end: time('2026-02-28') };
  expect(meterAt(account(over, 7), calls, NOW)).toEqual({
    feature: calls.key,
    used: 0,
    reserved: 0,
    window,
    rolled: [],
    freesAt: null,
  });
});

test('every instant belongs to exactly one window, whatever is stored', () => {
  const shift = fc.integer({ min: -100, max: 100 }).map((days) => instant(NOW + days * 86_400_000 + 12_345));
  fc.assert(
    fc.property(
      shift,
      fc.integer({ min: 1, max: 60 }),
      shift,
      fc.constantFrom(calls, minutes),
      (start, days, at, feature) => {
        const state = account({ start, end: instant(start + days * 86_400_000) }, 1, true, 'Europe/Berlin');
        const window = windowAt(feature, state, at);
        if (window === null) throw new Error('the feature has a window');
        expect(contains(window, at)).toBe(true);
        expect(windowAt(feature, state, window.start)).toEqual(window);
        expect(windowAt(feature, state, instant(window.end - 1))).toEqual(window);
        expect(windowAt(feature, state, window.end)?.start).toBe(window.end);
      },
    ),
    { numRuns: 300 },
  );
});
