import { exampleRun } from '../../testing/example-run.js';
import { resultsSchema, rowOf } from './results.js';

const FIGURES = { race: 'check-http', measure: 'throughput', unit: 'checks/s', own: [300, 100, 200] };
const PEER = { name: 'a constant', values: [50, 100, 60] };

test('a row holds the medians and their ratio', () => {
  expect(rowOf({ ...FIGURES, peer: { name: 'a constant', values: [50, 100, 40] } })).toMatchObject({
    own: { median: 200, runs: [300, 100, 200] },
    peer: { median: 50 },
    against: 'a constant',
    ratio: 4,
    goal: null,
    reached: null,
  });
});

test.each([
  ['atLeast', 3, true],
  ['atLeast', 4, false],
  ['atMost', 3, false],
  ['atMost', 4, true],
] as const)('a ratio of 3.33 with the goal %s %d is reached: %s', (bound, ratio, reached) => {
  expect(rowOf({ ...FIGURES, peer: PEER, goal: { bound, ratio } }).reached).toBe(reached);
});

test('times are told the other way round', () => {
  const times = { ...FIGURES, unit: 'ns', own: [150], peer: { name: 'a peer', values: [1600] } };
  expect(rowOf({ ...times, ratioOf: 'peer / own' }).ratio).toBeCloseTo(10.67, 2);
});

test('a figure without a peer has no ratio and reaches no goal', () => {
  expect(rowOf({ ...FIGURES, goal: { bound: 'atLeast', ratio: 1 } })).toMatchObject({
    ratio: null,
    reached: null,
  });
});

test('a ratio that is no number fails its race, and not the run that would be written with it', () => {
  expect(() => rowOf({ ...FIGURES, peer: { name: 'nothing', values: [0] } })).toThrow('Infinity');
});

const RUN = exampleRun({
  rows: [rowOf({ ...FIGURES, peer: PEER })],
  curves: [
    { race: 'check-http', chart: 'growth', x: 'connections', y: 'checks/s', series: 'own', points: [[1, 2]] },
  ],
});

test('results survive being written and read', () => {
  const results = { runs: [RUN, exampleRun({ size: 'quick' })] };
  expect(resultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
});

test.each([
  ['a ratio that is no number', { rows: [{ ...RUN.rows[0], ratio: 'fast' }] }],
  ['a row without runs', { rows: [{ ...RUN.rows[0], own: { median: 1, runs: [] } }] }],
  ['a curve of no race', { curves: [{ ...RUN.curves[0], race: undefined }] }],
  ['a key that nobody knows', { weather: 'fair' }],
  ['a date that is none', { startedAt: 'yesterday' }],
])('%s is no result', (_, part) => {
  expect(resultsSchema.safeParse({ runs: [{ ...RUN, ...part }] }).success).toBe(false);
});
