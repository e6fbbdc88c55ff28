import type { Row } from './results.js';

const HEAD = ['race', 'measure', 'own', 'against', 'peer', 'ratio', 'goal', 'reached'];

/** The rows as a table that reads well in a terminal and in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(cellsOf);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function cellsOf(row: Row): string[] {
  return [
    row.race,
    row.measure,
    `${figure(row.own.median)} ${row.unit}`,
    row.against ?? '–',
    row.peer === null ? '–' : `${figure(row.peer.median)} ${row.unit}`,
    row.ratio === null ? '–' : `${figure(row.ratio)}×`,
    row.goal === null ? '–' : `${row.goal.bound === 'atLeast' ? '≥' : '≤'} ${String(row.goal.ratio)}×`,
    row.reached === null ? '–' : row.reached ? 'yes' : 'NO',
  ];
}

/** Three digits that count; whole numbers from a thousand on. */
function figure(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
