import { spawnSync } from 'node:child_process';
import path from 'node:path';

const REPOSITORY = path.resolve(__dirname, '../../..');
/** Asks ESLint outside jest, which cannot import its configuration: the rules that hold for a file, and what they say. */
const ASK = `
import { ESLint, Linter } from 'eslint';
import { text } from 'node:stream/consumers';
const asked = JSON.parse(await text(process.stdin));
const answers = [];
for (const { file, source } of asked) {
  const { rules: all } = await new ESLint().calculateConfigForFile(file);
  const rules = Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('no-restricted-')));
  answers.push(new Linter().verify(source, [{ rules }]).map(({ ruleId }) => ruleId));
}
process.stdout.write(JSON.stringify(answers));`;

type Case = readonly [file: string, source: string];

/** For each case, whether the restricting rules refuse the source where it stands in the file's place. */
function refusals(cases: readonly Case[]): boolean[] {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', ASK], {
    cwd: REPOSITORY,
    input: JSON.stringify(cases.map(([file, source]) => ({ file, source }))),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  const answers: (string | null)[][] = JSON.parse(stdout);
  // Null: the source is no JavaScript, which is not what the case meant.
  if (answers.flat().includes(null)) throw new Error(stdout);
  return answers.map((rules) => rules.length > 0);
}

const DOMAIN = 'packages/domain/src/index.ts';
const DATABASE = 'packages/database/src/index.ts';
const GATEWAY = 'apps/gateway/src/main.ts';
const MODEL = 'packages/system-tests/src/model/time.ts';

function imports(file: string, imported: string): Case {
  return [file, `import '${imported}';`];
}

const REFUSED: readonly Case[] = [
  imports(DOMAIN, '@licet/database'),
  imports(DOMAIN, '@licet/api-types'),
  imports(DOMAIN, '../../database/src/index.js'),
  imports('packages/api-types/src/index.ts', '@licet/domain'),
  imports(DATABASE, '@licet/gateway'),
  imports('apps/worker/src/main.ts', '@licet/gateway'),
  imports(GATEWAY, '@licet/worker'),
  imports(GATEWAY, '@licet/database/src/index.js'),
  imports(GATEWAY, '../../../packages/database/src/index.js'),
  imports(GATEWAY, '../../worker/src/main.js'),
  imports(DOMAIN, 'temporal-polyfill'),
  imports(MODEL, '@licet/domain'),
  imports(MODEL, '@licet/database'),
  imports(MODEL, '../system.js'),
  imports('apps/gateway/src/modules/check/check-many.ts', '../../../../worker/src/main.js'),
  [GATEWAY, "await import('@licet/worker');"],
  [GATEWAY, "export * from '@licet/worker';"],
];

const IMPURE: readonly Case[] = [
  "import 'node:fs';",
  "import 'fs';",
  "import 'pg';",
  "require('fs');",
  "import 'temporal-polyfill/fns/Now';",
  'Date.now();',
  'new Date();',
  'Date();',
  'new globalThis.Date();',
  'Temporal.Now.instant();',
  'performance.now();',
  'Math.random();',
].map((source) => [DOMAIN, source]);

const ALLOWED: readonly Case[] = [
  imports(DATABASE, '@licet/domain'),
  imports(DATABASE, './connection/database.js'),
  imports(GATEWAY, '@licet/database'),
  imports('apps/demo/src/tour.ts', '@licet/api-types'),
  imports(DOMAIN, 'temporal-polyfill/fns/Instant'),
  imports(DOMAIN, './decision/decide.js'),
  imports(MODEL, './account.js'),
  imports(MODEL, 'temporal-polyfill'),
  [DOMAIN, 'new Date(0);'],
];

test('an import against the direction is a lint error, however it is written', () => {
  const refused = refusals(REFUSED);
  expect(REFUSED.filter((_, index) => !refused[index])).toEqual([]);
});

test('a clock, chance or I/O in the rules is a lint error', () => {
  const refused = refusals(IMPURE);
  expect(IMPURE.filter((_, index) => !refused[index])).toEqual([]);
});

test('what ARCHITECTURE.md allows is none', () => {
  const refused = refusals(ALLOWED);
  expect(ALLOWED.filter((_, index) => refused[index])).toEqual([]);
});
