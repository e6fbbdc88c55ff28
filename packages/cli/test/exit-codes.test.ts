import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../src/failure.js';
import { licet } from './process.js';

const FOLDER = tmpdir();

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
