import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseCatalogYaml } from './parse.js';
import type { CatalogProblem } from './problem.js';

const HEAD = 'catalog: 1\nname: x';
const FEATURES = `${HEAD}
features:
  sso: { type: boolean }
  calls: { type: metered, window: P1M }
  seats: { type: seats, kind: named }
  level: { type: config, values: [small, large] }
  credits: { type: metered, prepaid: true }
plans:`;

interface Malformed {
  readonly what: string;
  readonly yaml: string;
  readonly problems: readonly string[];
}

function malformed(): Malformed[] {
  const text = readFileSync(path.join(__dirname, 'fixtures/malformed.txt'), 'utf8');
  const [, ...documents] = text.split(/^# /m);
  return documents.map((document) => {
    const [what = '', ...lines] = document.trimEnd().split('\n');
    const isProblem = (line: string): boolean => line.startsWith('=> ');
    return {
      what,
      yaml: lines
        .filter((line) => !isProblem(line))
        .map((line) => `${line.replace('$HEAD', HEAD).replace('$FEATURES', FEATURES)}\n`)
        .join(''),
      problems: lines.filter(isProblem).map((line) => line.slice(3)),
    };
  });
}

function asWritten({ line, column, path: at, severity, message }: CatalogProblem): string {
  const place = `${String(line)}:${String(column)} ${at}`;
  return severity === 'ERROR' ? `${place} ${message}` : `${place} WARNING ${message}`;
}

test.each(malformed())('$what: each problem with its place and its remedy', ({ yaml, problems }) => {
  const parse = parseCatalogYaml(yaml);
  expect(parse.ok).toBe(false);
  expect(parse.problems.map(asWritten)).toEqual(problems);
});

test('the table is read', () => {
  expect(malformed().length).toBeGreaterThan(90);
});
