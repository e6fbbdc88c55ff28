import type { Curve, Results, Row, Run } from './results.js';

/**
 * The older runs and a new one, whose races take the place of the same races there; a run that is left without figures is
 * dropped. A race without figures replaces none, but what was noted of it before is over. A run may be added again as it grows;
 * one that has measured nothing leaves the very runs that were given.
 */
export function withRun(older: Results, run: Run): Results {
  const measured = new Set(racesOf(run));
  if (measured.size === 0) return older;
  const noted = new Set([...measured, ...[...run.skipped, ...run.failed].map(({ race }) => race)]);
  const stays = ({ race }: { race: string }): boolean => !measured.has(race);
  const isLast = ({ race }: { race: string }): boolean => !noted.has(race);
  const left = older.runs.map((before) => ({
    ...before,
    rows: before.rows.filter(stays),
    curves: before.curves.filter(stays),
    skipped: before.skipped.filter(isLast),
    failed: before.failed.filter(isLast),
  }));
  return { runs: [...left.filter((before) => racesOf(before).length > 0), run] };
}

/** Those that a run has figures of. */
export function racesOf({ rows, curves }: Run): string[] {
  return [...new Set([...rows, ...curves].map(({ race }) => race))];
}

/** A row, and which run it is of: they are counted from 1. */
export type RowOfRun = Row & { readonly run: number };

/** The figures of all runs in the order of the races; at the end those of races that there are no more. */
export function figuresOf(
  { runs }: Results,
  races: readonly string[],
): { rows: RowOfRun[]; curves: Curve[] } {
  const place = ({ race }: { race: string }): number =>
    races.includes(race) ? races.indexOf(race) : races.length;
  const inOrder = <T extends { race: string }>(all: T[]): T[] => all.sort((a, b) => place(a) - place(b));
  return {
    rows: inOrder(runs.flatMap(({ rows }, index) => rows.map((row) => ({ ...row, run: index + 1 })))),
    curves: inOrder(runs.flatMap(({ curves }) => curves)),
  };
}
