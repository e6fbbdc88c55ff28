import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { racesOf } from './harness/runs.js';
import { readResults } from './results-folder.js';

const MAIN = path.resolve(__dirname, '../dist/main.js');
/** Contenders are processes, and the machine may have other work. */
const SLOW = 120_000;

let folder: string;
let run: ChildProcess | undefined;
beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), 'licet-bench-run-'))));
afterEach(async () => {
  run?.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, LICET_BENCH_RESULTS: folder, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  run = child;
  return { child, lines: createInterface({ input: child.stdout }), ended: once(child, 'exit') };
}

/** Of each run in the folder, which races have figures and which have failed. */
function measured() {
  return readResults(folder).runs.map((run) => ({
    races: racesOf(run),
    failed: run.failed.map(({ race }) => race),
  }));
}

test(
  'when the second race begins the first is on the disk, and a signal takes nothing of it',
  async () => {
    const { child, lines, ended } = start(['--smoke', 'decide', 'sdk-check']);
    for await (const line of lines) if (line.startsWith('sdk-check:')) break;
    expect(measured()).toEqual([{ races: ['decide'], failed: [] }]);
    child.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
    expect(measured()).toEqual([{ races: ['decide'], failed: [] }]);
  },
  SLOW,
);

test(
  'a server that does not start is the failure of the race that needs it, and of no other',
  async () => {
    const { child, ended } = start(['--smoke', 'decide', 'cold-start'], { TMPDIR: '/nowhere' });
    child.stdout.resume();
    expect(await ended).toEqual([1, null]);
    expect(measured()).toEqual([{ races: ['decide'], failed: ['cold-start'] }]);
  },
  SLOW,
);

test.each([
  [['--smoke', 'decode'], 'there is no race `decode`; there are check-http, '],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused with one line, and nothing is started', (args, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
