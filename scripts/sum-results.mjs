/**
 * Adds up the jest results that `turbo run test` left in every package and prints one line:
 * `N passed, N failed, N skipped`. With CI=true a skip is a failure. What a suite of others leaves out by itself, because
 * it wants another graphql than there is, is no skip of ours: it is told of apart. What failed is told again, with its
 * message, right before that line: whoever is shown only the end of a long run sees what to look at.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { basename, join, relative } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
/** By test file: what its suite leaves out by itself. */
const LEFT_OUT = { 'apollo-integration.test.ts': /incremental delivery tests|fields with defer/ };

/** How many of the tests that did not run a suite of others has left out. */
function leftOutOf({ testResults }) {
  return testResults.flatMap(({ name, assertionResults }) => {
    const pattern = LEFT_OUT[basename(name)];
    return assertionResults.filter(({ status, fullName }) => status === 'pending' && pattern?.test(fullName));
  }).length;
}

/** What each failed test of a package said: a property's seed and counterexample stand in its message. */
function* failuresOf({ testResults }) {
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed)
      yield `${relative(root, name)}: ${fullName}\n${failureMessages.join('\n')}`;
    if (failed.length === 0 && message !== '') yield `${relative(root, name)}: ${message}`;
  }
}

/** Characters of what a failed test said that are shown. */
const SHOWN = 3000;
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
let missing = 0;

for (const group of ['apps', 'packages']) {
  for (const name of readdirSync(join(root, group))) {
    const folder = join(root, group, name);
    if (!existsSync(join(folder, 'jest.config.cjs'))) continue;
    const file = join(folder, 'test-results.json');
    if (!existsSync(file)) {
      console.error(`${group}/${name}: no test results`);
      missing += 1;
      continue;
    }
    const results = JSON.parse(readFileSync(file, 'utf8'));
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const leftOut = leftOutOf(results);
    const skipped = results.numPendingTests + results.numTodoTests - leftOut;
    if (leftOut > 0)
      console.log(`${group}/${name}: ${leftOut} left out by a suite of others: @defer and @stream`);
    console.log(`${group}/${name}: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
    totals.passed += results.numPassedTests;
    totals.failed += failed;
    totals.skipped += skipped;
    failures.push(...failuresOf(results));
  }
}
for (const failure of failures) console.log(`failed: ${stripVTControlCharacters(failure).slice(0, SHOWN)}\n`);
console.log(`${totals.passed} passed, ${totals.failed + missing} failed, ${totals.skipped} skipped`);
const strict = process.env.CI === 'true';
process.exit(totals.failed + missing > 0 || (strict && totals.skipped > 0) ? 1 : 0);
