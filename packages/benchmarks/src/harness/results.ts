import { z } from 'zod';
import { median } from './statistics.js';

const runs = z.strictObject({ median: z.number(), runs: z.array(z.number()).min(1) });
const goal = z.strictObject({ bound: z.enum(['atLeast', 'atMost']), ratio: z.number() });

/** One figure beside the figure that it is compared with. */
const row = z.strictObject({
  race: z.string(),
  measure: z.string(),
  unit: z.string(),
  own: runs,
  against: z.string().nullable(),
  peer: runs.nullable(),
  /** Of the medians. Null where there is nothing to compare with. */
  ratio: z.number().nullable(),
  ratioOf: z.enum(['own / peer', 'peer / own']),
  goal: goal.nullable(),
  /** Null where there is no goal. */
  reached: z.boolean().nullable(),
});
export type Row = z.infer<typeof row>;

/** A line of a chart. */
const curve = z.strictObject({
  race: z.string(),
  chart: z.string(),
  x: z.string(),
  y: z.string(),
  series: z.string(),
  points: z.array(z.tuple([z.number(), z.number()])),
});
export type Curve = z.infer<typeof curve>;

const machine = z.strictObject({
  cpu: z.string(),
  cores: z.number(),
  memoryGigabytes: z.number(),
  system: z.string(),
  /** Over the minute before the start: what else was running. */
  loadBefore: z.number(),
});
export type Machine = z.infer<typeof machine>;

const noted = z.strictObject({ race: z.string(), reason: z.string() });

/** What a run leaves behind, with the facts that its figures are read by. */
const run = z.strictObject({
  command: z.string(),
  size: z.enum(['full', 'quick', 'smoke']),
  startedAt: z.iso.datetime(),
  commit: z.string().nullable(),
  machine,
  versions: z.record(z.string(), z.string()),
  /** Read back from the server that was measured. */
  postgresSettings: z.record(z.string(), z.string()),
  rows: z.array(row),
  skipped: z.array(noted),
  failed: z.array(noted),
  curves: z.array(curve),
});
export type Run = z.infer<typeof run>;

/** From the oldest run to the newest; the figures of a race are of one of them. */
export const resultsSchema = z.strictObject({ runs: z.array(run) });
export type Results = z.infer<typeof resultsSchema>;

/** A figure of each run, and what it is compared with. */
export interface Figures {
  readonly race: string;
  readonly measure: string;
  readonly unit: string;
  readonly own: readonly number[];
  readonly peer?: { readonly name: string; readonly values: readonly number[] };
  /** Which way round the ratio is told. Default: own / peer. */
  readonly ratioOf?: Row['ratioOf'];
  readonly goal?: Row['goal'];
}

/** Works out medians and ratio, and whether the goal is reached. Throws where a figure is no number, which is its race's failure. */
export function rowOf(figures: Figures): Row {
  const { race, measure, unit, peer, goal = null, ratioOf = 'own / peer' } = figures;
  const own = runsOf(figures.own);
  const compared = peer === undefined ? null : runsOf(peer.values);
  const ratio =
    compared === null
      ? null
      : ratioOf === 'own / peer'
        ? own.median / compared.median
        : compared.median / own.median;
  return row.parse({
    race,
    measure,
    unit,
    own,
    against: peer?.name ?? null,
    peer: compared,
    ratio,
    ratioOf,
    goal,
    reached: goal === null || ratio === null ? null : isReached(goal, ratio),
  });
}

function runsOf(values: readonly number[]): Row['own'] {
  return { median: median(values), runs: [...values] };
}

function isReached({ bound, ratio: aimed }: NonNullable<Row['goal']>, ratio: number): boolean {
  return bound === 'atLeast' ? ratio >= aimed : ratio <= aimed;
}
