import { median, percentile } from './statistics.js';

test.each([
  [[3], 3],
  [[5, 1, 3], 3],
  [[10, 9, 1, 2], 5.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('a median leaves its values in their order', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])('the percentile %d of 1 to 100 is %d', (share, expected) => {
  expect(
    percentile(
      Array.from({ length: 100 }, (_, index) => 100 - index),
      share,
    ),
  ).toBe(expected);
});

test('there is neither of no values', () => {
  expect(() => median([])).toThrow('no values');
  expect(() => percentile([], 0.5)).toThrow('no values');
});
