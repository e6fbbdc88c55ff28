import fc from 'fast-check';
import { shareOf } from './share.js';

test.each([
  [10_000, 0.57, 57],
  [50_000, 0.29, 145],
  [1005, 10, 100],
  [99, 1, 0],
  [100, 100, 100],
  [7, 250, 17],
  [0, 50, 0],
  [Number.MAX_SAFE_INTEGER, 100, Number.MAX_SAFE_INTEGER],
  [Number.MAX_SAFE_INTEGER, 99, 8_917_127_262_193_581],
])('of %p, %p percent are %p', (limit, percent, share) => {
  expect(shareOf(limit, percent)).toBe(share);
});

test('the share is the largest whole number that is not more than the percentage', () => {
  const limits = fc.nat({ max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(limits, fc.nat(9999), fc.nat(999), (limit, whole, thousandths) => {
      const share = BigInt(
        shareOf(limit, Number(`${String(whole)}.${String(thousandths).padStart(3, '0')}`)),
      );
      const exact = BigInt(limit) * BigInt(whole * 1000 + thousandths);
      // Beyond 2^53 a number holds no single units any more; a ceiling ends there.
      if (share > BigInt(Number.MAX_SAFE_INTEGER)) return;
      expect(share * 100_000n <= exact && exact < (share + 1n) * 100_000n).toBe(true);
    }),
  );
});
