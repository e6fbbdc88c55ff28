/**
 * Runs all suites and prints one table: what was run, in which version, and with what outcome. Its exit code is that of the
 * suites. Each test file is named for the package that it runs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = path.dirname(fileURLToPath(import.meta.url));
/** Test files, and the packages of outsiders that are in them, the one that is asked first. */
const SUITES = {
  'graphql-http': ['graphql-http'],
  'ofrep-server-provider': ['@openfeature/ofrep-provider', '@openfeature/server-sdk'],
  'ofrep-web-provider': ['@openfeature/ofrep-web-provider', '@openfeature/web-sdk'],
};

/** How a test's title ends that holds us to a recommendation that is not followed. */
const DEVIATION = / \((warn|notice): .*\)$/;

const results = run();
const rows = Object.entries(SUITES).map(([suite, packages]) => rowOf(suite, packages));
print(['suite', 'versions', 'tests', 'passed', 'failed', 'skipped', 'deviations'], rows);
const titles = results.testResults.flatMap(({ assertionResults }) =>
  assertionResults.map(({ title }) => title),
);
for (const title of titles.filter((title) => DEVIATION.test(title))) process.stdout.write(`\n${title}\n`);
process.exitCode = results.success ? 0 : 1;

function run() {
  const folder = mkdtempSync(path.join(tmpdir(), 'licet-conformance-'));
  const outputFile = path.join(folder, 'results.json');
  const jest = ['jest', '--runInBand', '--json', `--outputFile=${outputFile}`];
  spawnSync('npx', jest, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    return JSON.parse(readFileSync(outputFile, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rowOf(suite, packages) {
  const file = results.testResults.find(({ name }) => path.basename(name) === `${suite}.test.ts`);
  const tests = file?.assertionResults ?? [];
  const count = (status) => tests.filter((test) => test.status === status).length;
  const [passed, failed] = [count('passed'), count('failed')];
  const deviations = tests.filter(({ title }) => DEVIATION.test(title)).length;
  return [
    suite,
    packages.map((name) => `${name} ${versionOf(name)}`).join(', '),
    ...[tests.length, passed, failed, tests.length - passed - failed, deviations].map(String),
  ];
}

/** Packages may hide their package.json from `require`. */
function versionOf(name) {
  const { devDependencies } = JSON.parse(readFileSync(path.join(FOLDER, 'package.json'), 'utf8'));
  return devDependencies[name];
}

function print(head, rows) {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  for (const row of [head, ...rows])
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd()}\n`,
    );
}
