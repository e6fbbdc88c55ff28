/**
 * Takes each guard away and runs the tests that prove it: every one of them must fail, by an assertion of its own.
 * Prints a line for each test; ends with 1 where one did not notice. Arguments: the guards to take away; none: all.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const guards = JSON.parse(readFileSync(join(folder, 'guards.json'), 'utf8'));
/** Not by `npx`, which a time limit would end alone. */
const JEST = createRequire(import.meta.url).resolve('jest/bin/jest');
const only = process.argv.slice(2);
/** Each run has a server and processes of its own, and mostly waits. */
const RUNS_AT_ONCE = 2;
/** Where a run has shown nothing. */
const MOST_RUNS = 3;
/** Where callers wait for one another for ever, each is let go by the server a second later. */
const LONGEST_TEST_MS = 300_000;

const runs = Object.entries(guards)
  .filter(([guard]) => only.length === 0 || only.includes(guard))
  .flatMap(([guard, files]) => Object.entries(files).map(([file, tests]) => ({ guard, file, tests })));
let missed = 0;
await Promise.all(Array.from({ length: RUNS_AT_ONCE }, runAll));
process.exit(missed === 0 ? 0 : 1);

async function runAll() {
  for (let run = runs.shift(); run; run = runs.shift()) {
    let results = await resultsOf(run);
    for (let made = 1; made < MOST_RUNS && hasShownNothing(results, run.tests); made += 1)
      results = await resultsOf(run);
    for (const test of run.tests) {
      const problem = problemOf(results, test);
      if (problem !== null) missed += 1;
      console.log(`${run.guard}: ${run.file}: ${test}: ${problem ?? 'fails without it, as it must'}`);
    }
  }
}

/** Null where the run left none. */
async function resultsOf({ guard, file, tests }) {
  const output = join(tmpdir(), `licet-broken-${guard}-${file}-${process.pid}.json`);
  const names = tests.map((test) => test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const args = ['--json', `--outputFile=${output}`, '--runInBand', `--testTimeout=${LONGEST_TEST_MS}`];
  const child = spawn(process.execPath, [JEST, ...args, '-t', `^(${names})`, `test/${file}.test.ts`], {
    cwd: folder,
    env: { ...process.env, BREAK: guard },
    stdio: 'ignore',
    timeout: LONGEST_TEST_MS + 60_000,
  });
  await once(child, 'close');
  try {
    return JSON.parse(readFileSync(output, 'utf8')).testResults.flatMap((suite) => suite.assertionResults);
  } catch {
    return null;
  } finally {
    rmSync(output, { force: true });
  }
}

/**
 * A kill at some moment may miss the gap that the guard closes, and what is broken may end a test before it asserts:
 * then there are other runs. Every other test must notice at once.
 */
function hasShownNothing(results, tests) {
  return tests.some((test) => {
    const problem = problemOf(results, test);
    return problem?.startsWith('NOT NOTICED') ? test.startsWith('kill -9') : problem !== null;
  });
}

/** Null where the tests whose names begin so have all failed by an assertion; else what happened instead. */
function problemOf(results, beginning) {
  if (results === null) return 'the run left no result';
  const found = results.filter(({ fullName }) => fullName.startsWith(beginning));
  if (found.length === 0) return 'there is no such test, or it could not run';
  const passed = found.find(({ status }) => status !== 'failed');
  if (passed) return `NOT NOTICED: it has ${passed.status} without it`;
  const other = found.find(({ failureMessages }) => !failureMessages.some(isAssertion));
  return other ? `failed, but by no assertion: ${other.failureMessages[0]}` : null;
}

function isAssertion(message) {
  return message.includes('expect(');
}
