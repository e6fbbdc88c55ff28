import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseEnvironment } from '../src/start/environment.js';
import { start } from '../src/start/main.js';
import type { Program } from '../src/start/program.js';
import { summary } from '../src/start/summary.js';

const REGISTER = path.resolve(__dirname, '../../../scripts/register-source.cjs');
const RUN_ON = 'setInterval(() => {}, 1000);';
const LET_GO = "process.on('disconnect', () => process.exit(0));";
const READY = "console.log('pid', process.pid); process.send('ready');";

function program(name: string, source: string): Program {
  return { name, command: process.execPath, args: ['-e', source] };
}

/** A supervising process, and what it has written. */
class Supervising {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  private readonly waiting = new Set<() => void>();

  constructor(programs: readonly Program[], readyWithin: number) {
    const script = path.join(__dirname, 'fixtures/supervise.ts');
    const told = [JSON.stringify(programs), String(readyWithin)];
    const args = ['-C', '@licet/source', '-r', REGISTER, script, ...told];
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (this.child.stdout) {
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.lines.push(line);
        for (const look of this.waiting) look();
      });
    }
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
  }

  async until(text: string): Promise<void> {
    const written = new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.lines.some((line) => line.includes(text))) resolve();
      };
      this.waiting.add(look);
      look();
    });
    const early = this.exited.then(() => {
      if (!this.lines.some((line) => line.includes(text)))
        throw new Error(`ended early:\n${this.lines.join('\n')}`);
    });
    await Promise.race([written, early]);
  }

  /** Process ids that the programs wrote. */
  get pids(): number[] {
    return this.lines.flatMap((line) => {
      const pid = / \| pid (\d+)$/.exec(line)?.[1];
      return pid === undefined ? [] : [Number(pid)];
    });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

const started: Supervising[] = [];

/** Longer than any program takes to get ready. */
const READY_WITHIN_MS = 60_000;

function superviseInProcess(...programs: Program[]): Supervising {
  return superviseWithin(READY_WITHIN_MS, ...programs);
}

function superviseWithin(readyWithin: number, ...programs: Program[]): Supervising {
  const supervising = new Supervising(programs, readyWithin);
  started.push(supervising);
  return supervising;
}

afterEach(() => {
  for (const supervising of started.splice(0)) {
    supervising.child.kill('SIGKILL');
    for (const pid of supervising.pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
});

const calm = (name: string): Program => program(name, READY + RUN_ON + LET_GO);

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s stops every program, and the exit code is 0',
  async (signal) => {
    const supervising = superviseInProcess(calm('one'), calm('two'));
    await supervising.until('all ready');
    supervising.child.kill(signal);
    expect(await supervising.exited).toEqual({ code: 0, signal: null });
    expect(supervising.pids).toHaveLength(2);
    expect(supervising.pids.filter(isAlive)).toEqual([]);
  },
);

test('Ctrl-C that arrives twice is one stop, and the programs get one SIGTERM', async () => {
  const slow = `process.on('SIGTERM', () => { console.log('asked'); setTimeout(() => process.exit(0), 200); });`;
  const supervising = superviseInProcess(program('slow', slow + READY + RUN_ON));
  await supervising.until('all ready');
  supervising.child.kill('SIGINT');
  await supervising.until('asked');
  supervising.child.kill('SIGINT');
  supervising.child.kill('SIGTERM');
  expect(await supervising.exited).toEqual({ code: 0, signal: null });
  expect(supervising.lines.filter((line) => line === 'slow | asked')).toHaveLength(1);
});

test('a signal before everything is ready stops what has been started', async () => {
  const supervising = superviseInProcess(
    calm('one'),
    program('never', "console.log('pid', process.pid);" + RUN_ON),
  );
  await supervising.until('never | pid');
  supervising.child.kill('SIGTERM');
  expect(await supervising.exited).toEqual({ code: 0, signal: null });
  expect(supervising.pids.filter(isAlive)).toEqual([]);
});

test('a program that ignores SIGTERM is killed when its time is over', async () => {
  const deaf = "process.on('SIGTERM', () => console.log('no'));";
  const supervising = superviseInProcess(program('deaf', deaf + READY + RUN_ON));
  await supervising.until('all ready');
  supervising.child.kill('SIGTERM');
  await supervising.until('deaf | no');
  expect(await supervising.exited).toEqual({ code: 0, signal: null });
  expect(supervising.pids.filter(isAlive)).toEqual([]);
});

test('the crash of one program names it with its last lines, stops the others and exits with 1', async () => {
  const crash = "setTimeout(() => { console.error('the disk is on fire'); process.exit(3); }, 200);";
  const supervising = superviseInProcess(calm('one'), program('two', READY + crash));
  await supervising.until('all ready');
  expect(await supervising.exited).toEqual({ code: 1, signal: null });
  const text = supervising.lines.join('\n');
  expect(text).toContain(
    'error: the two ended by itself with exit code 3; everything else is stopped; its last lines:',
  );
  expect(text.slice(text.indexOf('error:'))).toContain('  the disk is on fire');
  expect(supervising.pids.filter(isAlive)).toEqual([]);
});

test('a program that ends before it is ready, or is not there, ends the start with 1', async () => {
  const early = superviseInProcess(calm('one'), program('two', 'process.exit(0)'));
  expect(await early.exited).toEqual({ code: 1, signal: null });
  expect(early.lines.join('\n')).toContain('the two ended by itself with exit code 0');
  const missing = superviseInProcess(calm('one'), { name: 'two', command: '/no/such/program', args: [] });
  expect(await missing.exited).toEqual({ code: 1, signal: null });
  expect(missing.lines.join('\n')).toContain('the two could not be started');
});

test('a program that never gets ready ends the start with 1', async () => {
  const supervising = superviseWithin(2000, program('mute', RUN_ON + LET_GO));
  expect(await supervising.exited).toEqual({ code: 1, signal: null });
  expect(supervising.lines.join('\n')).toContain('the mute did not get ready within 2 s');
});

test('programs notice by their closed channel that the supervisor was killed', async () => {
  const supervising = superviseInProcess(calm('one'), calm('two'));
  await supervising.until('all ready');
  supervising.child.kill('SIGKILL');
  await supervising.exited;
  await untilGone(supervising.pids);
});

test('a port in use is one message that says what to do, and nothing is started', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const lines: string[] = [];
  const code = await start({
    env: { PORT: String(port) },
    repository: path.join(tmpdir(), 'no-repository'),
    shutdown: new AbortController().signal,
    write: (line) => lines.push(line),
  });
  other.close();
  expect(code).toBe(1);
  expect(lines).toEqual([
    `error: port ${String(port)} is already in use; stop the program that uses it, or set PORT to another port`,
  ]);
});

test("a database of one's own that cannot be reached is one message that says what to do", async () => {
  const lines: string[] = [];
  const code = await start({
    env: { PORT: '0', DATABASE_URL: 'postgres://owner:secret@127.0.0.1:1/licet' },
    repository: path.join(tmpdir(), 'no-repository'),
    shutdown: new AbortController().signal,
    write: (line) => lines.push(line),
  });
  expect(code).toBe(1);
  expect(lines.slice(1)).toEqual([
    expect.stringMatching(
      /^error: the database that DATABASE_URL names .*ECONNREFUSED 127\.0\.0\.1:1; it must run/,
    ),
  ]);
  expect(lines.join('\n')).not.toContain('secret');
});

test('all problems of the environment are told at once, and no password is repeated', () => {
  const variables = {
    PORT: '65536',
    DATABASE_URL: 'mysql://root:secret@db/x',
    LICET_MASTER_KEY: 'short',
    LICET_BOOTSTRAP_KEY: 'short',
    LOG_LEVEL: 'loud',
  };
  expect(() => parseEnvironment(variables, '/')).toThrow(
    /PORT is `65536`[^]*DATABASE_URL[^]*LICET_MASTER_KEY[^]*LICET_BOOTSTRAP_KEY[^]*LOG_LEVEL is `loud`/,
  );
  expect(() => parseEnvironment(variables, '/')).not.toThrow(/secret/);
});

test('an empty environment means port 4000, the embedded server, and data in the repository', () => {
  expect(parseEnvironment({ PORT: '', DATABASE_URL: '' }, '/repository')).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    databaseUrl: null,
    dataDir: '/repository/.licet',
    bootstrapKey: null,
    logLevel: 'info',
  });
});

test('the summary ends in one line for the shell, whatever the names hold', () => {
  const lines = summary('http://127.0.0.1:4000', {
    adminKey: 'key',
    customerId: "o'hara",
    feature: 'sso',
  }).split('\n');
  const line = lines.at(-1) ?? '';
  expect(line).toMatch(/^curl -s .* http:\/\/127\.0\.0\.1:4000\/graphql$/);
  expect(line).toContain(`o'\\''hara`);
});
