/**
 * Runs all suites and prints one table: what was run, in which version, and with what outcome. Its exit code is that of the
 * suites. Each test file is named for the package that it runs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN = path.dirname(fileURLToPath(import.meta.url));
/** What needs the gateway's own modules is tested there. */
const GATEWAY = path.resolve(OWN, '../../apps/gateway');
/** Test files, where they are, and the packages of outsiders that are in them. */
const SUITES = [
  { suite: 'graphql-http', folder: OWN, packages: ['graphql-http'] },
  { suite: 'apollo-integration', folder: GATEWAY, packages: ['@apollo/server-integration-testsuite'] },
  {
    suite: 'ofrep-server-provider',
    folder: OWN,
    packages: ['@openfeature/ofrep-provider', '@openfeature/server-sdk'],
  },
  {
    suite: 'apollo-gateway',
    folder: OWN,
    packages: ['@apollo/composition', '@apollo/gateway', '@apollo/subgraph'],
  },
  {
    suite: 'hive-gateway',
    folder: OWN,
    packages: ['@graphql-hive/gateway-runtime', '@graphql-mesh/transport-ws'],
  },
  {
    suite: 'guarded-subgraphs',
    folder: OWN,
    packages: ['@graphql-tools/schema', 'type-graphql', 'graphql-yoga', '@apollo/subgraph', '@apollo/server'],
  },
  { suite: 'guarded-composition', folder: OWN, packages: ['@apollo/composition', '@apollo/subgraph'] },
  {
    suite: 'ofrep-web-provider',
    folder: OWN,
    packages: ['@openfeature/ofrep-web-provider', '@openfeature/web-sdk'],
  },
];

/** How a test's title ends that holds us to a recommendation that is not followed. */
const DEVIATION = / \((warn|notice): .*\)$/;

const runs = SUITES.map((asked) => ({ ...asked, results: run(asked) }));
const rows = runs.map(rowOf);
print(['suite', 'versions', 'tests', 'passed', 'failed', 'skipped', 'deviations'], rows);
const titles = results.testResults.flatMap(({ assertionResults }) =>
  assertionResults.map(({ title }) => title),
);
for (const title of titles.filter((title) => DEVIATION.test(title))) process.stdout.write(`\n${title}\n`);
process.exitCode = runs.every(({ results }) => results.success) ? 0 : 1;

function run({ suite, folder }) {
  const temporary = mkdtempSync(path.join(tmpdir(), 'licet-conformance-'));
  const outputFile = path.join(temporary, 'results.json');
  const jest = ['jest', '--runInBand', '--json', `--outputFile=${outputFile}`, `test/${suite}.test.ts`];
  spawnSync('npx', jest, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    return JSON.parse(readFileSync(outputFile, 'utf8'));
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function testsOf({ testResults }) {
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}

function rowOf({ suite, folder, packages, results }) {
  const tests = testsOf(results);
  const count = (status) => tests.filter((test) => test.status === status).length;
  const [passed, failed] = [count('passed'), count('failed')];
  const deviations = tests.filter(({ title }) => DEVIATION.test(title)).length;
  return [
    suite,
    packages.map((name) => `${name} ${versionOf(folder, name)}`).join(', '),
    ...[tests.length, passed, failed, tests.length - passed - failed, deviations].map(String),
  ];
}

/** As it is pinned. */
function versionOf(folder, name) {
  const { devDependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
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
