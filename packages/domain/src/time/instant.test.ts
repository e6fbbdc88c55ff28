import fc from 'fast-check';
import { formatInstant, instant } from './instant.js';

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
