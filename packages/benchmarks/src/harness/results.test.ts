import { resultsSchema, rowOf, type Results } from './results.js';

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

const RESULTS: Results = {
  command: 'npm run bench',
  size: 'full',
  startedAt: '2026-01-15T12:00:00.000Z',
  commit: null,
  machine: { cpu: 'a processor', cores: 2, memoryGigabytes: 8, system: 'Linux', loadBefore: 0.1 },
  versions: { node: '20.19.0' },
  postgresSettings: { fsync: 'on' },
  rows: [rowOf({ ...FIGURES, peer: PEER })],
  skipped: [],
  failed: [],
  curves: [{ chart: 'growth', x: 'connections', y: 'checks/s', series: 'own', points: [[1, 2]] }],
};

test('results survive being written and read', () => {
  expect(resultsSchema.parse(JSON.parse(JSON.stringify(RESULTS)))).toEqual(RESULTS);
});

test.each([
  ['a ratio that is no number', { rows: [{ ...RESULTS.rows[0], ratio: 'fast' }] }],
  ['a row without runs', { rows: [{ ...RESULTS.rows[0], own: { median: 1, runs: [] } }] }],
  ['a key that nobody knows', { weather: 'fair' }],
  ['a date that is none', { startedAt: 'yesterday' }],
])('%s is no result', (_, part) => {
  expect(resultsSchema.safeParse({ ...RESULTS, ...part }).success).toBe(false);
});
