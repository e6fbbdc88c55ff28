import { spawnSync } from 'node:child_process';
import path from 'node:path';

const REPOSITORY = path.resolve(__dirname, '../../..');
const ESLINT = path.join(REPOSITORY, 'node_modules/eslint/bin/eslint.js');

function eslint(args: readonly string[], input = ''): { status: number | null; stdout: string } {
  return spawnSync(process.execPath, [ESLINT, ...args], { cwd: REPOSITORY, input, encoding: 'utf8' });
}

/** The rule as it holds for a file of this package. */
function importRule(file: string): string {
  const config: { rules: Record<string, unknown> } = JSON.parse(eslint(['--print-config', file]).stdout);
  return JSON.stringify({ 'no-restricted-imports': config.rules['no-restricted-imports'] });
}

function isRefused(file: string, imported: string): boolean {
  const rule = importRule(file);
  const { status, stdout } = eslint(
    ['--no-config-lookup', '--rule', rule, '--stdin', '--stdin-filename', 'fixture.js'],
    `import '${imported}';\n`,
  );
  if (status !== 0 && !stdout.includes('no-restricted-imports')) throw new Error(stdout);
  return status !== 0;
}

const DOMAIN = 'packages/domain/src/index.ts';
const DATABASE = 'packages/database/src/index.ts';
const GATEWAY = 'apps/gateway/src/main.ts';

test.each([
  [DOMAIN, '@licet/database'],
  [DOMAIN, '@licet/api-types'],
  ['packages/api-types/src/index.ts', '@licet/domain'],
  [DATABASE, '@licet/gateway'],
  [GATEWAY, '@licet/worker'],
  ['apps/worker/src/main.ts', '@licet/gateway'],
  [GATEWAY, '@licet/database/src/index.js'],
  [GATEWAY, '../../../packages/database/src/index.js'],
])('%s may not import %s', (file, imported) => {
  expect(isRefused(file, imported)).toBe(true);
});

test.each([
  [DATABASE, '@licet/domain'],
  [GATEWAY, '@licet/database'],
  ['apps/demo/src/tour.ts', '@licet/api-types'],
  [DATABASE, './connection/database.js'],
])('%s may import %s', (file, imported) => {
  expect(isRefused(file, imported)).toBe(false);
});
