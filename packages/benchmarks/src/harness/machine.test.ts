import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCommit } from './machine.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'licet-commit-'))));
afterEach(() => rm(folder, { recursive: true }));

test('a commit is marked by files that differ from it, but for figures that were published since', async () => {
  const change = (file: string, text: string) => writeFile(path.join(folder, file), text);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder });
  git('init', '--quiet');
  await mkdir(path.join(folder, 'docs/benchmarks'), { recursive: true });
  for (const file of ['source.ts', 'docs/benchmarks/results.json']) await change(file, 'old');
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
  const commit = await readCommit(folder);
  expect(commit).toMatch(/^[0-9a-f]{12}$/);
  await change('docs/benchmarks/results.json', 'new');
  expect(await readCommit(path.join(folder, 'docs'))).toBe(commit);
  await change('source.ts', 'new');
  expect(await readCommit(path.join(folder, 'docs'))).toBe(`${String(commit)}-dirty`);
});

test('outside a repository there is no commit', async () => {
  expect(await readCommit(folder)).toBeNull();
});
