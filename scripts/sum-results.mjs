/**
 * Adds up the jest results that `turbo run test` left in every package and prints one line:
 * `N passed, N failed, N skipped`. With CI=true a skip is a failure.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const totals = { passed: 0, failed: 0, skipped: 0 };
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
    const skipped = results.numPendingTests + results.numTodoTests;
    console.log(`${group}/${name}: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
    totals.passed += results.numPassedTests;
    totals.failed += failed;
    totals.skipped += skipped;
  }
}
console.log(`${totals.passed} passed, ${totals.failed + missing} failed, ${totals.skipped} skipped`);
const strict = process.env.CI === 'true';
process.exit(totals.failed + missing > 0 || (strict && totals.skipped > 0) ? 1 : 0);
