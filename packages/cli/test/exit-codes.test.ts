import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../src/failure.js';
import { licet } from './process.js';

const FOLDER = tmpdir();
const ISSUE = ['license', 'issue', '--api-key', 'lk_x', '--license', 'lic_x', '--fingerprint', 'x'];

test.each([
  [['--help']],
  // A group without a command, and nothing at all: it says what there is.
  [['token']],
  [[]],
])('help is no failure: licet %j', async (args) => {
  const { code, stdout, stderr } = await licet(FOLDER, args);
  expect(code).toBe(0);
  expect(stdout + stderr).toMatch(/^Usage: licet/);
});

test.each([
  [['nonsense'], 'unknown command'],
  [['token', 'inspect'], 'missing required argument'],
  [['token', 'inspect', 'a', '--nonsense'], 'unknown option'],
  [['token', 'inspect', 'missing.jwt'], 'there is no file `missing.jwt`'],
  [['license', 'request', '--fingerprint', ''], '--fingerprint'],
  [['license', 'request', '--fingerprint', 'a'.repeat(256)], '--fingerprint'],
  // Found before the gateway is asked, which does it once: nobody answers here.
  [['keys', 'rotate', '--api-key', 'lk_x', '--keys-out', 'missing/keys.json'], 'the keys cannot be written'],
  [[...ISSUE, '--out', 'missing/license.jwt'], 'the licence file cannot be written'],
  [[...ISSUE, '--keys-out', '.'], 'the keys cannot be written'],
  [[...ISSUE, '--revocations-out', 'missing/revoked.jwt'], 'the revocation list cannot be written'],
  [['license', 'revocations', '--api-key', 'lk_x', '--url', 'nonsense'], 'no address of a gateway'],
  [['license', 'revocations', '--api-key', 'lk_x', '--url', 'ftp://localhost'], 'no address of a gateway'],
  [['license', 'revocations', '--api-key', 'lk_x\nlk_y'], 'API key'],
])('what cannot be right is one of usage: licet %j', async (args, message) => {
  const { code, stdout, stderr } = await licet(FOLDER, args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(message);
});

test('a fault of the program is told apart from whatever can be mended by who calls it', async () => {
  const broken = ['--require', join(__dirname, 'broken-system.cjs')];
  const { code, stdout, stderr } = await licet(FOLDER, ['license', 'request', '--json'], { node: broken });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('no network cards: a fault of the tests');
});

test('each exit code has its row in the README', () => {
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
  const documented = [...readme.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
  expect(documented).toEqual([0, ...Object.values(EXIT)]);
});
