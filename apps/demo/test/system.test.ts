import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const REPOSITORY = path.join(__dirname, '../../..');
const run = promisify(execFile);

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'licet-system-'));
});

afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

interface RunningSystem {
  readonly npm: ChildProcess;
  readonly output: () => string;
  /** The last line of the start-up output, to be pasted. */
  readonly curl: string;
  readonly exited: Promise<number | null>;
}

/** `npm start` as a newcomer types it, on a free port and data of its own. */
async function npmStart(): Promise<RunningSystem> {
  const npm = spawn('npm', ['start'], {
    cwd: REPOSITORY,
    env: { ...process.env, PORT: '0', LICET_DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<number | null>((resolve) => npm.on('close', (code) => resolve(code)));
  const curl = new Promise<string>((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const line = /^curl .*$/m.exec(output);
      if (line && output.endsWith('\n')) resolve(line[0]);
    };
    npm.stdout.on('data', look);
    npm.stderr.on('data', look);
    void exited.then((code) => reject(new Error(`npm start ended with ${String(code)}:\n${output}`)));
  });
  return { npm, output: () => output, curl: await curl, exited };
}

async function paste(line: string): Promise<unknown> {
  const { stdout } = await run('bash', ['-c', line]);
  return JSON.parse(stdout);
}

/** A process and all that descend from it. */
async function family(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const found = [pid];
  for (const member of found)
    found.push(...rows.filter(([, parent]) => parent === member).map(([child]) => child ?? 0));
  return found;
}

async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => null);
  return status !== null && !/\) Z /.test(status);
}

async function survivors(pids: readonly number[]): Promise<number[]> {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
}

test('one command starts everything, the line it prints can be pasted, a second start keeps the data, SIGTERM leaves nothing', async () => {
  const first = await npmStart();
  expect(await paste(first.curl)).toEqual({
    data: { check: { allowed: true, code: 'ENTITLED', message: 'allowed' } },
  });
  const processes = await family(first.npm.pid ?? 0);
  expect(processes.length).toBeGreaterThan(8);
  first.npm.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  expect(await survivors(processes)).toEqual([]);

  const second = await npmStart();
  const keyIn = (line: string): string | undefined => /Bearer (\S+)'/.exec(line)?.[1];
  expect(keyIn(second.curl)).toBe(keyIn(first.curl));
  expect(await paste(second.curl)).toMatchObject({ data: { check: { allowed: true } } });
  const again = await family(second.npm.pid ?? 0);
  // Ctrl-C: the whole foreground process group hears it, and npm says it once more.
  process.kill(-(second.npm.pid ?? 0), 'SIGINT');
  await second.exited;
  expect(await survivors(again)).toEqual([]);
}, 180_000);

test('without a right environment nothing starts, and all that is wrong is said at once', async () => {
  const failed = run('node', ['scripts/start.mjs'], {
    cwd: REPOSITORY,
    env: {
      ...process.env,
      PORT: 'http',
      LICET_DATA_DIR: dataDir,
      LICET_MASTER_KEY: 'short',
      LOG_LEVEL: 'loud',
    },
  });
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/PORT[\s\S]*LICET_MASTER_KEY[\s\S]*LOG_LEVEL/),
  });
}, 120_000);
