import type { Row } from './results.js';
import type { RowOfRun } from './runs.js';

const HEAD = ['race', 'measure', 'own', 'against', 'peer', 'ratio', 'goal', 'reached'];

/** The rows as a table that reads well in a terminal and in Markdown; where they are of several runs, with the run's number. */
export function tableOf(rows: readonly (Row | RowOfRun)[]): string {
  const head = rows.some((row) => 'run' in row) ? [...HEAD, 'run'] : HEAD;
  const cells = rows.map(cellsOf);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function cellsOf(row: Row | RowOfRun): string[] {
  return [
    row.race,
    row.measure,
    `${figure(row.own.median)} ${row.unit}`,
    row.against ?? '–',
    row.peer === null ? '–' : `${figure(row.peer.median)} ${row.unit}`,
    row.ratio === null ? '–' : `${figure(row.ratio)}×`,
    row.goal === null ? '–' : `${row.goal.bound === 'atLeast' ? '≥' : '≤'} ${String(row.goal.ratio)}×`,
    row.reached === null ? '–' : row.reached ? 'yes' : 'NO',
    ...('run' in row ? [String(row.run)] : []),
  ];
}

/** Three digits that count; whole numbers from a thousand on. */
function figure(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
