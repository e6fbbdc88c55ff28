import 'reflect-metadata';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exampleCurve, exampleRow, exampleRun } from '../testing/example-run.js';
import { withRun } from './harness/runs.js';
import { RACES } from './races/index.js';
import { PUBLISHED, readResults, writeResults } from './results-folder.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'licet-results-'))));
afterEach(() => rm(folder, { recursive: true }));

const names = RACES.map((race) => race.name);
const read = (from: string, name: string): Promise<string> => readFile(path.join(from, name), 'utf8');

test('what is written is read again; charts are drawn of the figures of all runs', async () => {
  expect(readResults(folder)).toEqual({ runs: [] });
  const old = exampleRun({ rows: [exampleRow('decide', 400)], curves: [exampleCurve('check-customers')] });
  writeResults(folder, { runs: [old] }, names);
  const run = exampleRun({ rows: [exampleRow('worker', 500)], curves: [exampleCurve('check-connections')] });
  writeResults(folder, withRun(readResults(folder), run), names);
  expect(readResults(folder)).toEqual({ runs: [old, run] });
  expect((await readdir(folder)).sort()).toEqual(['goals.svg', 'growth.svg', 'results.json', 'results.md']);
  const goals = await read(folder, 'goals.svg');
  for (const race of ['decide', 'worker']) expect(goals).toContain(`${race}: speed`);
  const growth = await read(folder, 'growth.svg');
  for (const race of ['check-customers', 'check-connections']) expect(growth).toContain(`>${race}<`);
});

test.each([
  ['another form', JSON.stringify(exampleRun()), 'results.json holds no results that can be added to'],
  ['no JSON', '{ "runs": [', 'restore it, or move it away'],
])('results of %s are refused', async (_, text, message) => {
  await writeFile(path.join(folder, 'results.json'), text);
  expect(() => readResults(folder)).toThrow(message);
});

test('page and charts in docs/benchmarks are those of its results.json: else `npm run generate`', async () => {
  writeResults(folder, readResults(PUBLISHED), names);
  for (const name of await readdir(folder))
    expect(await read(PUBLISHED, name)).toBe(await read(folder, name));
});
