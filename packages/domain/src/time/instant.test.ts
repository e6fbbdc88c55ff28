import fc from 'fast-check';
import { formatInstant, instant, parseDuration, parseTimeZone } from './instant.js';

test('every instant is written as toISOString writes it', () => {
  const near = fc.integer({ min: -1e13, max: 1e13 });
  const any = fc.integer({ min: -8.64e15, max: 8.64e15 });
  fc.assert(
    fc.property(fc.oneof(near, any), (at) => {
      expect(formatInstant(instant(at))).toBe(new Date(at).toISOString());
    }),
    { numRuns: 2000 },
  );
});

test.each([-8.64e15, -1, 0, 999, 86_399_999, 86_400_000, 253_402_300_800_000, 8.64e15])(
  'the instant %d is written as toISOString writes it',
  (at) => {
    expect(formatInstant(instant(at))).toBe(new Date(at).toISOString());
  },
);

test.each([
  ['a zone', () => parseTimeZone('europe/BERLIN'), 'Europe/Berlin'],
  ['a zone that is none', () => parseTimeZone('Mars/Base'), null],
  ['a duration', () => parseDuration('P1M2D'), 'P1M2D'],
  ['a duration that is none', () => parseDuration('P0D'), null],
  ['a long duration', () => parseDuration(`PT${'0'.repeat(100)}1S`), `PT${'0'.repeat(100)}1S`],
])('%s means the same when it is read again', (_, read, meant) => {
  expect([read(), read()]).toEqual([meant, meant]);
});
