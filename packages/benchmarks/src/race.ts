import type { Curve, Row } from './harness/results.js';
import type { BenchPostgres } from './processes/postgres.js';

/** `full` is what is published; `quick` is for whoever changes something; `smoke` only asserts bodies. */
export const SIZES = ['full', 'quick', 'smoke'] as const;
export type Size = (typeof SIZES)[number];

/** What a race is run with. */
export interface Setting {
  readonly size: Size;
  /** How often each side runs. */
  readonly rounds: number;
  /** How long each side runs in a round, and beforehand to warm up. */
  readonly seconds: number;
  readonly warmSeconds: number;
  /** Started by the first race that needs it. */
  postgres(): Promise<BenchPostgres>;
  say(line: string): void;
}

export type Outcome =
  | { readonly kind: 'RUN'; readonly rows: readonly Row[]; readonly curves?: readonly Curve[] }
  | { readonly kind: 'SKIPPED'; readonly reason: string }
  /** An answer was wrong, or something broke: there are no figures. */
  | { readonly kind: 'FAILED'; readonly reason: string };

/** One side by side comparison. Throws when an answer's body is wrong. */
export interface Race {
  readonly name: string;
  readonly question: string;
  run(setting: Setting): Promise<Outcome>;
}

/** How long and how often, by size. Medians are published of five runs at least. */
export const EFFORT: Readonly<Record<Size, Pick<Setting, 'rounds' | 'seconds' | 'warmSeconds'>>> = {
  full: { rounds: 5, seconds: 5, warmSeconds: 5 },
  quick: { rounds: 3, seconds: 2, warmSeconds: 2 },
  smoke: { rounds: 1, seconds: 0.5, warmSeconds: 0 },
};
