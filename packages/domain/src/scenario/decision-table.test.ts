import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { releaseFrom } from '../../testing/states.js';
import { runScenario } from './run-scenario.js';

const FOLDER = path.join(__dirname, '../../decision-table');
const TABLES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => {
    const release = releaseFrom(readFileSync(path.join(FOLDER, file), 'utf8'));
    return { file, release, scenarios: release.catalog.scenarios };
  });

describe.each(TABLES)('$file', ({ release, scenarios }) => {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    const result = runScenario(release, scenario);
    expect(result.actual).toEqual(result.expected);
  });
});

test('the table is as long as it has to be, and says nothing twice', () => {
  const all = TABLES.flatMap(({ file, scenarios }) => scenarios.map(({ name }) => `${file}: ${name}`));
  expect(all.length).toBeGreaterThanOrEqual(700);
  expect(new Set(all).size).toBe(all.length);
});
