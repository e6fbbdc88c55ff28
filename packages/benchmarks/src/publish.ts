import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { curveChart, goalChart } from './harness/charts.js';
import { pageOf } from './harness/page.js';
import { type Curve, type Results, resultsSchema } from './harness/results.js';

const REPOSITORY = path.resolve(__dirname, '../../..');
/** What is committed, and what is not. */
const PUBLISHED = path.join(REPOSITORY, 'docs/benchmarks');
const SCRATCH = path.join(REPOSITORY, 'packages/benchmarks/.results');

/** Writes results and charts; those of a whole, full run into the documents. Returns the files' names. */
export async function publish(results: Results, isWhole: boolean): Promise<string[]> {
  const folder = isWhole && results.size === 'full' ? PUBLISHED : SCRATCH;
  await mkdir(folder, { recursive: true });
  const files = new Map([['results.json', `${JSON.stringify(resultsSchema.parse(results), null, 2)}\n`]]);
  if (results.rows.some((row) => row.goal !== null)) files.set('goals.svg', goalChart('Goals', results.rows));
  for (const [title, curves] of chartsOf(results.curves))
    files.set(`${slug(title)}.svg`, curveChart(title, curves));
  files.set(
    'results.md',
    pageOf(
      results,
      [...files.keys()].filter((name) => name.endsWith('.svg')),
    ),
  );
  for (const [name, text] of files) await writeFile(path.join(folder, name), text);
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
