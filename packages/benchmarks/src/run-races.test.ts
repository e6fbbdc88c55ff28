import { exampleRow, exampleRun } from '../testing/example-run.js';
import type { Run } from './harness/results.js';
import { EFFORT, type Outcome, type Race } from './race.js';
import { runRaces } from './run-races.js';

function race(name: string, run: () => Promise<Outcome>): Race {
  return { name, question: `how fast is ${name}?`, run };
}

function fast(name: string): Race {
  return race(name, () => Promise.resolve({ kind: 'RUN', rows: [exampleRow(name, 400)] }));
}

/** What was kept after each race, and the run that came back. */
async function keptOf(races: readonly Race[], broken = new AbortController().signal): Promise<[Run[], Run]> {
  const kept: Run[] = [];
  const postgres = (): never => {
    throw new Error('none of these wants a server');
  };
  const run = await runRaces({
    races,
    setting: { ...EFFORT.smoke, size: 'smoke', postgres, say: () => undefined },
    facts: () => exampleRun({ postgresSettings: { asked: `after ${String(kept.length)} races` } }),
    keep: (run) => kept.push(run),
    broken,
  });
  return [kept, run];
}

test('after each race all that was measured so far is kept, with the facts of that moment', async () => {
  const [kept, run] = await keptOf([fast('first'), fast('second')]);
  expect(kept.map(({ rows }) => rows.map(({ race }) => race))).toEqual([['first'], ['first', 'second']]);
  expect(kept.map(({ postgresSettings }) => postgresSettings['asked'])).toEqual([
    'after 0 races',
    'after 1 races',
  ]);
  expect(run.rows).toEqual(kept.at(-1)?.rows);
});

test('a race that fails or is skipped takes no figures of others with it', async () => {
  const [kept] = await keptOf([
    fast('first'),
    race('second', () => Promise.reject(new Error('a wrong body'))),
    race('third', () => Promise.resolve({ kind: 'SKIPPED', reason: 'pgbench is not installed' })),
    fast('fourth'),
  ]);
  expect(kept).toHaveLength(4);
  expect(kept.at(-1)).toMatchObject({
    rows: [{ race: 'first' }, { race: 'fourth' }],
    failed: [{ race: 'second', reason: 'a wrong body' }],
    skipped: [{ race: 'third', reason: 'pgbench is not installed' }],
  });
});

test('a race that a signal breaks off is no failure, and no other begins', async () => {
  const signal = new AbortController();
  const brokenOff = race('second', () => {
    signal.abort();
    return Promise.reject(new Error('second has ended'));
  });
  const [kept, run] = await keptOf([fast('first'), brokenOff, fast('third')], signal.signal);
  expect(kept).toHaveLength(1);
  expect(run).toMatchObject({ rows: [{ race: 'first' }], failed: [] });
});
