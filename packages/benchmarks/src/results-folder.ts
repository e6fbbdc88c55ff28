import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { curveChart, goalChart } from './harness/charts.js';
import { pageOf } from './harness/page.js';
import { type Curve, type Results, resultsSchema } from './harness/results.js';
import { figuresOf } from './harness/runs.js';

const REPOSITORY = path.resolve(__dirname, '../../..');
/** What is committed. */
export const PUBLISHED = path.join(REPOSITORY, 'docs/benchmarks');
/** What is not: the last run that was not published. */
export const SCRATCH = path.join(REPOSITORY, 'packages/benchmarks/.results');

/** The results that a folder holds; none where there are none yet. An Error where they are of another form. */
export function readResults(folder: string): Results {
  const file = path.join(folder, 'results.json');
  if (!existsSync(file)) return { runs: [] };
  const { data, error } = resultsSchema.safeParse(parsed(readFileSync(file, 'utf8')));
  if (error)
    throw new Error(
      `${file} holds no results that can be added to; restore it, or move it away: ${z.prettifyError(error)}`,
    );
  return data;
}

/** Null, which is no result, for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Writes results with their page and charts, the races in the order given, and returns the files' names. Nothing is awaited, so
 * that no signal comes between them; each file is there as a whole, or as it was, if the disk is full.
 */
export function writeResults(folder: string, results: Results, races: readonly string[]): string[] {
  const { rows, curves } = figuresOf(results, races);
  const files = new Map([['results.json', `${JSON.stringify(resultsSchema.parse(results), null, 2)}\n`]]);
  if (rows.some((row) => row.goal !== null)) files.set('goals.svg', goalChart('Goals', rows));
  for (const [title, lines] of chartsOf(curves)) files.set(`${slug(title)}.svg`, curveChart(title, lines));
  const charts = [...files.keys()].filter((name) => name.endsWith('.svg'));
  files.set('results.md', pageOf(results, races, charts));
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) {
    const file = path.join(folder, name);
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
  return [...files.keys()].map((name) => path.relative(REPOSITORY, path.join(folder, name)));
}

function chartsOf(curves: readonly Curve[]): Map<string, Curve[]> {
  const charts = new Map<string, Curve[]>();
  for (const curve of curves) charts.set(curve.chart, [...(charts.get(curve.chart) ?? []), curve]);
  return charts;
}

function slug(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
