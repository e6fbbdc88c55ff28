import type { Run } from './harness/results.js';
import { tableOf } from './harness/table.js';
import type { Outcome, Race, Setting } from './race.js';

/** What came of the races of a run. */
type Figures = Pick<Run, 'rows' | 'curves' | 'skipped' | 'failed'>;
/** Under what it ran. */
export type Facts = Omit<Run, keyof Figures>;

export interface Course {
  readonly races: readonly Race[];
  readonly setting: Setting;
  /** Asked after each race: the server that is measured is started by the first that needs it. */
  readonly facts: () => Facts;
  /** Given all that was measured so far, after each race. */
  readonly keep: (run: Run) => void;
  /** Aborted by a signal: the race that it breaks off is no failure, and no other begins. */
  readonly broken: AbortSignal;
}

/** Runs one race after the other. One that fails does not take the others' figures with it. */
export async function runRaces({ races, setting, facts, keep, broken }: Course): Promise<Run> {
  let figures: Figures = { rows: [], curves: [], skipped: [], failed: [] };
  for (const race of races) {
    const began = performance.now();
    setting.say(`\n${race.name}: ${race.question}`);
    const outcome = await race.run(setting).catch(failed);
    if (broken.aborted) break;
    figures = withOutcome(figures, race.name, outcome);
    setting.say(described(outcome, setting));
    keep({ ...facts(), ...figures });
    setting.say(`(${((performance.now() - began) / 1000).toFixed(1)} s)`);
  }
  return { ...facts(), ...figures };
}

function failed(error: unknown): Outcome {
  return { kind: 'FAILED', reason: error instanceof Error ? error.message : String(error) };
}

function withOutcome(figures: Figures, race: string, outcome: Outcome): Figures {
  switch (outcome.kind) {
    case 'RUN':
      return {
        ...figures,
        rows: [...figures.rows, ...outcome.rows],
        curves: [...figures.curves, ...(outcome.curves ?? [])],
      };
    case 'SKIPPED':
      return { ...figures, skipped: [...figures.skipped, { race, reason: outcome.reason }] };
    case 'FAILED':
      return { ...figures, failed: [...figures.failed, { race, reason: outcome.reason }] };
  }
}

function described(outcome: Outcome, { size }: Setting): string {
  switch (outcome.kind) {
    case 'SKIPPED':
      return `skipped: ${outcome.reason}`;
    case 'FAILED':
      return `FAILED: ${outcome.reason}`;
    case 'RUN':
      return size === 'smoke' ? 'every body was right' : tableOf(outcome.rows);
  }
}
