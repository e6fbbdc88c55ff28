import type { Results, Run } from './results.js';
import { figuresOf, racesOf } from './runs.js';
import { tableOf } from './table.js';

/** The results as a page of the documents, with its charts; the races in the order given. */
export function pageOf(results: Results, races: readonly string[], charts: readonly string[]): string {
  const { rows } = figuresOf(results, races);
  const missed = rows.filter((row) => row.reached === false);
  const short = missed.map((row) => `- ${row.race}: ${row.measure}, against ${row.against ?? 'nothing'}`);
  return [
    '# Results',
    'Medians; every single figure is in `results.json`. Both sides of a ratio are of one run, whose facts stand under its number.',
    tableOf(rows),
    missed.length === 0 ? 'Every goal is reached.' : `Short of the goal:\n\n${short.join('\n')}`,
    ...results.runs.map((run, index) => `## Run ${String(index + 1)}\n\n${factsOf(run)}`),
    ...(charts.length > 0 ? ['## Charts'] : []),
    ...charts.map((file) => `![${file.replace('.svg', '').replaceAll('-', ' ')}](${file})`),
  ]
    .join('\n\n')
    .concat('\n');
}

function factsOf(run: Run): string {
  const { machine, postgresSettings } = run;
  return [
    `Races: ${racesOf(run).join(', ') || 'none'}`,
    `Command: \`${run.command}\`, ${run.startedAt}, commit ${run.commit ?? 'unknown'}`,
    `Machine: ${machine.cpu}, ${String(machine.cores)} cores, ${String(machine.memoryGigabytes)} GB, ${machine.system}; ` +
      `load before the start ${machine.loadBefore.toFixed(2)}`,
    `Versions: ${listed(run.versions)}`,
    `PostgreSQL, read back: ${listed(postgresSettings) || 'not started'}`,
    ...run.skipped.map(({ race, reason }) => `Skipped: ${race}: ${reason}`),
    ...run.failed.map(({ race, reason }) => `Failed: ${race}: ${reason}`),
  ]
    .map((fact) => `- ${fact}`)
    .join('\n');
}

/** Names and values in one line. */
export function listed(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
