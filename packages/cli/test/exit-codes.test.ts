import { tmpdir } from 'node:os';
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
