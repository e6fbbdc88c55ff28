import { exampleRow, exampleRun } from '../../testing/example-run.js';
import { pageOf } from './page.js';

const RACES = ['first', 'second', 'third'];

test('the page names command, machine, versions, settings, charts, and what was skipped', () => {
  const run = exampleRun({
    rows: [exampleRow('first', 400)],
    skipped: [{ race: 'second', reason: 'pgbench is not installed' }],
    failed: [{ race: 'third', reason: 'a wrong body' }],
  });
  const page = pageOf({ runs: [run] }, RACES, ['goals.svg']);
  for (const text of [
    '`npm run bench`, 2026-01-15T12:00:00.000Z, commit abc',
    'a processor, 2 cores, 8 GB',
    'load before the start 0.10',
    'node 20.19.0',
    'fsync on, synchronous_commit on',
    'Every goal is reached.',
    'Skipped: second: pgbench is not installed',
    'Failed: third: a wrong body',
    '![goals](goals.svg)',
  ])
    expect(page).toContain(text);
});

test('one table holds the races of all runs in their order, and under it stand the facts of each', () => {
  const runs = [
    exampleRun({ commit: 'old', rows: [exampleRow('third', 500), exampleRow('first', 400)] }),
    exampleRun({ commit: 'new', rows: [exampleRow('second', 300)], postgresSettings: {} }),
  ];
  const page = pageOf({ runs }, RACES, []);
  expect(page).toMatch(/\| first .*\| 1 {3}\|\n\| second .*\| 2 {3}\|\n\| third .*\| 1 {3}\|\n/);
  expect(page).toMatch(/## Run 1\n\n- Races: third, first\n.*commit old\n/);
  expect(page).toMatch(/## Run 2\n\n- Races: second\n.*commit new\n/);
  expect(page).toContain('PostgreSQL, read back: not started');
});

test('a race that falls short is reported short', () => {
  const run = exampleRun({ rows: [exampleRow('first', 400), exampleRow('second', 299)] });
  const page = pageOf({ runs: [run] }, RACES, []);
  expect(page).toContain('Short of the goal:\n\n- second: speed, against a peer\n');
  expect(page).not.toContain('- first: speed');
});
