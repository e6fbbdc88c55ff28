import { type Curve, type Row, rowOf, type Run } from '../src/harness/results.js';

/** A run of full size in which nothing was measured but what is given. */
export function exampleRun(part: Partial<Run> = {}): Run {
  return {
    command: 'npm run bench',
    size: 'full',
    startedAt: '2026-01-15T12:00:00.000Z',
    commit: 'abc',
    machine: { cpu: 'a processor', cores: 2, memoryGigabytes: 8, system: 'Linux', loadBefore: 0.1 },
    versions: { node: '20.19.0' },
    postgresSettings: { fsync: 'on', synchronous_commit: 'on' },
    rows: [],
    skipped: [],
    failed: [],
    curves: [],
    ...part,
  };
}

/** A speed that wants to be three times that of a peer, which makes 100. */
export function exampleRow(race: string, own: number): Row {
  return rowOf({
    race,
    measure: 'speed',
    unit: '1/s',
    own: [own],
    peer: { name: 'a peer', values: [100] },
    goal: { bound: 'atLeast', ratio: 3 },
  });
}

export function exampleCurve(race: string, chart = 'Growth'): Curve {
  return {
    race,
    chart,
    x: 'connections',
    y: '1/s',
    series: race,
    points: [
      [1, 100],
      [64, 400],
    ],
  };
}
