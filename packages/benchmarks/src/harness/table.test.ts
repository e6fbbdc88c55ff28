import { rowOf } from './results.js';
import { tableOf } from './table.js';

test('figures stand beside their peers, with ratio, goal and whether it is reached', () => {
  const table = tableOf([
    rowOf({
      race: 'check-http',
      measure: 'throughput',
      unit: 'checks/s',
      own: [21_345.6],
      peer: { name: 'a constant', values: [7000] },
      goal: { bound: 'atLeast', ratio: 3 },
    }),
    rowOf({
      race: 'decide',
      measure: 'one call',
      unit: 'ns',
      own: [151.26],
      peer: { name: 'two look-ups', values: [10] },
      goal: { bound: 'atMost', ratio: 8 },
    }),
    rowOf({ race: 'cold-start', measure: 'first decision', unit: 'ms', own: [900] }),
  ]);
  expect(`\n${table}\n`).toBe(`
| race       | measure        | own             | against      | peer           | ratio | goal | reached |
| ---------- | -------------- | --------------- | ------------ | -------------- | ----- | ---- | ------- |
| check-http | throughput     | 21,346 checks/s | a constant   | 7,000 checks/s | 3.05× | ≥ 3× | yes     |
| decide     | one call       | 151 ns          | two look-ups | 10 ns          | 15.1× | ≤ 8× | NO      |
| cold-start | first decision | 900 ms          | –            | –              | –     | –    | –       |
`);
});

test('where rows are of several runs, each names its own', () => {
  const row = rowOf({ race: 'cold-start', measure: 'listening', unit: 'ms', own: [900] });
  expect(`\n${tableOf([{ ...row, run: 12 }])}\n`).toBe(`
| race       | measure   | own    | against | peer | ratio | goal | reached | run |
| ---------- | --------- | ------ | ------- | ---- | ----- | ---- | ------- | --- |
| cold-start | listening | 900 ms | –       | –    | –     | –    | –       | 12  |
`);
});
