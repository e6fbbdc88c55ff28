import { pageOf } from './page.js';
import { rowOf, type Results } from './results.js';

function row(race: string, own: number) {
  const goal = { bound: 'atLeast', ratio: 3 } as const;
  return rowOf({
    race,
    measure: 'speed',
    unit: '1/s',
    own: [own],
    peer: { name: 'a peer', values: [100] },
    goal,
  });
}

function results(...rows: Results['rows']): Results {
  return {
    command: 'npm run bench',
    size: 'full',
    startedAt: '2026-01-15T12:00:00.000Z',
    commit: 'abc',
    machine: { cpu: 'a processor', cores: 2, memoryGigabytes: 8, system: 'Linux', loadBefore: 0.1 },
    versions: { node: '20.19.0' },
    postgresSettings: { fsync: 'on', synchronous_commit: 'on' },
    rows,
    skipped: [{ race: 'consume-storage', reason: 'pgbench is not installed' }],
    failed: [{ race: 'worker', reason: 'a wrong body' }],
    curves: [],
  };
}

test('the page names command, machine, versions, settings, charts, and what was skipped', () => {
  const page = pageOf(results(row('first', 400)), ['goals.svg']);
  for (const text of [
    '`npm run bench`',
    'a processor, 2 cores, 8 GB',
    'node 20.19.0',
    'fsync on, synchronous_commit on',
    'Every goal is reached.',
    'Skipped: consume-storage: pgbench is not installed',
    'Failed: worker: a wrong body',
    '![goals](goals.svg)',
  ])
    expect(page).toContain(text);
});

test('a race that falls short is reported short', () => {
  const page = pageOf(results(row('first', 400), row('second', 299)), []);
  expect(page).toContain('Short of the goal:\n\n- second: speed, against a peer\n');
  expect(page).not.toContain('- first: speed');
});
