/**
 * Takes each guard away and runs the test that proves it: every one of them must fail, by an assertion of its own.
 * Prints a line for each guard; ends with 1 where a test did not notice.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const guards = JSON.parse(readFileSync(join(folder, 'guards.json'), 'utf8'));
const only = process.argv.slice(2);
let missed = 0;

for (const [guard, test] of Object.entries(guards).flatMap(([name, tests]) =>
  tests.map((one) => [name, one]),
)) {
  if (only.length > 0 && !only.includes(guard)) continue;
  const file = join(tmpdir(), `licet-broken-${guard}-${test}-${process.pid}.json`);
  spawnSync('npx', ['jest', '--json', `--outputFile=${file}`, '--runInBand', `test/${test}.test.ts`], {
    cwd: folder,
    env: { ...process.env, BREAK: guard },
    stdio: 'ignore',
    timeout: 180_000,
  });
  const result = verdict(file);
  if (result !== null) missed += 1;
  console.log(`${guard}: ${result ?? `${test} fails without it, as it must`}`);
  rmSync(file, { force: true });
}
process.exit(missed === 0 ? 0 : 1);

/** Null where the test failed by an assertion; else what happened instead. */
function verdict(file) {
  let results;
  try {
    results = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return `the test run left no result (${error.message})`;
  }
  if (results.numRuntimeErrorTestSuites > 0) return 'the test could not run';
  if (results.numFailedTests === 0) return 'NOT NOTICED: the test passes without it';
  const messages = results.testResults
    .flatMap((suite) => suite.assertionResults)
    .flatMap((test) => test.failureMessages);
  return messages.some((message) => message.includes('expect('))
    ? null
    : `failed, but by no assertion: ${messages[0]}`;
}
