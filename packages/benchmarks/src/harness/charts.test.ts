import { curveChart, goalChart } from './charts.js';
import { rowOf } from './results.js';

const CURVE = {
  race: 'check-connections',
  chart: 'growth',
  x: 'connections',
  y: 'checks/s',
  series: 'gateway',
};

test('a curve chart names its axes and its lines', () => {
  const svg = curveChart('Growth', [
    {
      ...CURVE,
      points: [
        [1, 100],
        [512, 2000],
      ],
    },
    {
      ...CURVE,
      series: 'peer',
      points: [
        [1, 50],
        [512, 900],
      ],
    },
  ]);
  expect(svg).toMatch(/^<svg/);
  for (const text of ['Growth', 'connections', 'checks/s', 'gateway', 'peer'])
    expect(svg).toContain(`>${text}<`);
});

test('a goal chart shows each goal, in the colour of its fate', () => {
  const figures = { race: 'decide', measure: 'one call', unit: 'ns', own: [100] };
  const row = (peer: number) =>
    rowOf({ ...figures, peer: { name: 'a peer', values: [peer] }, goal: { bound: 'atMost', ratio: 8 } });
  const [reached, missed] = [goalChart('Goals', [row(50)]), goalChart('Goals', [row(10)])];
  expect(reached).toContain('decide: one call, against a peer');
  expect(reached).toContain('#2e7d32');
  expect(reached).not.toContain('#c62828');
  expect(missed).toContain('#c62828');
});

test('a chart of nothing is refused', () => {
  expect(() => curveChart('Growth', [])).toThrow('needs a curve');
});

test('the same figures make the same file, however many charts were drawn before', () => {
  const curve = {
    ...CURVE,
    points: [
      [1, 100],
      [512, 2000],
    ] satisfies [number, number][],
  };
  expect(curveChart('Growth', [curve])).toBe(curveChart('Growth', [curve]));
});
