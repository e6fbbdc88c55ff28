import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { readResults } from './results-folder.js';

const MAIN = path.resolve(__dirname, '../dist/main.js');

test('when the second race begins the first is on the disk, and a signal takes nothing of it', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'licet-bench-run-'));
  const measured = () =>
    readResults(folder).runs.map(({ rows, failed }) => [
      ...new Set([...rows, ...failed].map((row) => row.race)),
    ]);
  const run = spawn(process.execPath, [MAIN, '--smoke', 'decide', 'sdk-check'], {
    env: { ...process.env, LICET_BENCH_RESULTS: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const ended = once(run, 'exit');
    for await (const line of createInterface({ input: run.stdout })) if (line.startsWith('sdk-check:')) break;
    expect(measured()).toEqual([['decide']]);
    run.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
    expect(measured()).toEqual([['decide']]);
  } finally {
    run.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
}, 120_000);
