import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

const REPOSITORY = path.resolve(__dirname, '../../..');
const GUARDS = path.join(__dirname, 'guards/preload.cjs');
const SIMULATED_TIME = path.join(__dirname, 'simulated-time/preload.cjs');

export interface ProgramOptions {
  readonly databaseUrl: string;
  readonly breakGuard?: string;
  /** Left out: any free one. */
  readonly port?: number;
  /** `<statement>:<milliseconds>[:client]`: waits there, in the server or between two of the client's statements. */
  readonly slow?: string;
  /** The name of a statement: its first answer is kept back until `letGo`. */
  readonly held?: string;
  /** The file of a simulated present, by which a gateway then goes. */
  readonly simulatedPresent?: string;
  /** `LICET_…` variables of the program itself. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A gateway or a worker as a process of its own, started from its build and stopped by its process id. */
export interface RunningProgram {
  readonly child: ChildProcess;
  readonly pid: number;
  /** JSON lines that it has logged. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  readonly exited: Promise<void>;
  /** Settles when the answer that is to be `held` has come. */
  readonly held: Promise<void>;
  letGo(): void;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function startProgram(
  app: 'gateway' | 'worker',
  options: ProgramOptions,
): Promise<RunningProgram> {
  const child = spawn(
    process.execPath,
    ['--require', GUARDS, '--require', SIMULATED_TIME, path.join(REPOSITORY, 'apps', app, 'dist/main.js')],
    {
      env: {
        ...process.env,
        ...options.settings,
        DATABASE_URL: options.databaseUrl,
        PORT: String(options.port ?? 0),
        LOG_LEVEL: 'info',
        BREAK_GUARD: options.breakGuard ?? '',
        SLOW_STATEMENT: options.slow ?? '',
        HELD_STATEMENT: options.held ?? '',
        SIMULATED_PRESENT: options.simulatedPresent ?? '',
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  const logged: Record<string, unknown>[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) logged.push(readLine(line));
  });
  // Not `exit`: what it logged last may still be in the pipe.
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const told = (text: string): Promise<void> =>
    new Promise((resolve) => child.on('message', (message) => (message === text ? resolve() : undefined)));
  const held = told('held');
  await Promise.race([
    told('ready'),
    exited.then(() => Promise.reject(new Error(`${app} ended before it was ready`))),
  ]);
  return {
    child,
    pid: child.pid ?? 0,
    logged,
    exited,
    held,
    letGo: () => void child.send('let go'),
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

function readLine(line: string): Record<string, unknown> {
  const value: unknown = JSON.parse(line);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
