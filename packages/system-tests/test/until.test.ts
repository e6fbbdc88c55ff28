import { until } from '../src/system.js';

test('what never comes true is given up, and named', async () => {
  const neverTrue = (): boolean => false;
  await expect(until(neverTrue, 0.05)).rejects.toThrow(/did not come true in 0.05 s: .*false/s);
  let asked = 0;
  await until(() => (asked += 1) > 3, 60);
  expect(asked).toBe(4);
});
