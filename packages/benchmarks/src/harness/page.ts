import type { Results } from './results.js';
import { tableOf } from './table.js';

/** The results as a page of the documents, with its charts. */
export function pageOf(results: Results, charts: readonly string[]): string {
  const { machine, rows, skipped, failed } = results;
  const facts = [
    `Command: \`${results.command}\`, ${results.startedAt}, commit ${results.commit ?? 'unknown'}`,
    `Machine: ${machine.cpu}, ${String(machine.cores)} cores, ${String(machine.memoryGigabytes)} GB, ${machine.system}; ` +
      `load before the start ${machine.loadBefore.toFixed(2)}`,
    `Versions: ${listed(results.versions)}`,
    `PostgreSQL, read back: ${listed(results.postgresSettings)}`,
  ];
  const missed = rows.filter((row) => row.reached === false);
  const short = missed.map((row) => `- ${row.race}: ${row.measure}, against ${row.against ?? 'nothing'}`);
  return [
    '# Results',
    facts.map((fact) => `- ${fact}`).join('\n'),
    'Medians; every single run is in `results.json`.',
    tableOf(rows),
    missed.length === 0 ? 'Every goal is reached.' : `Short of the goal:\n\n${short.join('\n')}`,
    ...skipped.map(({ race, reason }) => `Skipped: ${race}: ${reason}`),
    ...failed.map(({ race, reason }) => `Failed: ${race}: ${reason}`),
    ...charts.map((file) => `![${file.replace('.svg', '').replaceAll('-', ' ')}](${file})`),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Names and values in one line. */
export function listed(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
