import { exampleCurve, exampleRow, exampleRun } from '../../testing/example-run.js';
import { figuresOf, withRun } from './runs.js';

const NOTE = { race: 'decide', reason: 'a wrong body' };
const OLD = exampleRun({
  commit: 'old',
  rows: [exampleRow('check-http', 100), exampleRow('decide', 100)],
  curves: [exampleCurve('check-customers'), exampleCurve('check-connections')],
  skipped: [{ race: 'worker', reason: 'pgbench is not installed' }],
  failed: [{ race: 'sdk-check', reason: 'a wrong body' }],
});

test('the first run stands alone', () => {
  expect(withRun({ runs: [] }, OLD)).toEqual({ runs: [OLD] });
});

test('rows and curves of a new run replace those of the same races, and no others', () => {
  const run = exampleRun({ rows: [exampleRow('decide', 200)], curves: [exampleCurve('check-customers')] });
  expect(withRun({ runs: [OLD] }, run)).toEqual({
    runs: [
      { ...OLD, rows: [exampleRow('check-http', 100)], curves: [exampleCurve('check-connections')] },
      run,
    ],
  });
});

test('a run that is left without figures is dropped', () => {
  const decide = exampleRun({ commit: 'older', rows: [exampleRow('decide', 50)], failed: [NOTE] });
  const run = exampleRun({ rows: [exampleRow('decide', 200)] });
  expect(withRun({ runs: [decide] }, run)).toEqual({ runs: [run] });
});

test('a run is kept for a curve alone', () => {
  const growth = exampleRun({ curves: [exampleCurve('check-customers')] });
  const run = exampleRun({ rows: [exampleRow('decide', 200)] });
  expect(withRun({ runs: [growth] }, run)).toEqual({ runs: [growth, run] });
});

test.each(['failed', 'skipped'] as const)('a race that %s replaces no figures', (kind) => {
  const run = exampleRun({ rows: [exampleRow('sdk-start', 200)], [kind]: [NOTE] });
  expect(withRun({ runs: [OLD] }, run)).toEqual({ runs: [OLD, run] });
});

test.each(['failed', 'skipped'] as const)('a run of which every race %s changes nothing', (kind) => {
  const run = exampleRun({ [kind]: [NOTE, { ...NOTE, race: 'sdk-check' }] });
  const older = { runs: [OLD] };
  expect(withRun(older, run)).toBe(older);
});

test('why a race has no figures is told by the last run that tried it', () => {
  const run = exampleRun({
    rows: [exampleRow('sdk-check', 200)],
    failed: [{ race: 'worker', reason: 'a wrong body' }],
  });
  expect(withRun({ runs: [OLD] }, run)).toEqual({ runs: [{ ...OLD, skipped: [], failed: [] }, run] });
});

test('a run that grows is added again in its own place', () => {
  const begun = exampleRun({ rows: [exampleRow('decide', 200)] });
  const grown = { ...begun, rows: [...begun.rows, exampleRow('check-http', 300)] };
  const results = withRun({ runs: [OLD] }, begun);
  expect(withRun(results, grown)).toEqual(withRun({ runs: [OLD] }, grown));
});

test('figures stand in the order of the races, each with its run; at the end those of no race', () => {
  const runs = [
    exampleRun({
      rows: [exampleRow('gone', 1), exampleRow('worker', 2)],
      curves: [exampleCurve('worker')],
    }),
    exampleRun({ rows: [exampleRow('decide', 3)], curves: [exampleCurve('decide')] }),
  ];
  const { rows, curves } = figuresOf({ runs }, ['decide', 'worker']);
  expect(rows.map(({ race, run }) => [race, run])).toEqual([
    ['decide', 2],
    ['worker', 1],
    ['gone', 1],
  ]);
  expect(curves.map(({ race }) => race)).toEqual(['decide', 'worker']);
});
