import path from 'node:path';
import { parseEnvironment, type Environment, type Variables } from './environment.js';
import { claimPort } from './port.js';
import { migrateDatabase, seedDemo } from './prepare.js';
import { startProgram, type Program } from './program.js';
import { step } from './progress.js';
import { startStore } from './store.js';
import { summary } from './summary.js';
import { supervise, type Supervisor } from './supervise.js';

export interface StartOptions {
  readonly env: Variables;
  /** The folder that holds `apps`. */
  readonly repository: string;
  /** Aborted when the system is to stop. */
  readonly shutdown: AbortSignal;
  readonly write: (line: string) => void;
}

/** Runs the whole system until its end; returns the exit code. Everything that was started has then ended. */
export async function start(options: StartOptions): Promise<number> {
  return supervise(options, async (supervisor) => {
    const environment = parseEnvironment(options.env, options.repository);
    const port = await claimPort(environment.host, environment.port);
    const databaseUrl =
      environment.databaseUrl ?? (await embeddedUrl(supervisor, environment, options.write));
    const prepare = { ...environment, databaseUrl };
    await step(options.write, 'migrating', () =>
      supervisor.during(migrateDatabase(prepare, environment.databaseUrl !== null)),
    );
    const demo = await step(options.write, 'loading the demo', () => supervisor.during(seedDemo(prepare)));
    const origin = `http://${reachableHost(environment.host)}:${String(port)}`;
    const programs = programsOf(options, { ...environment, port, databaseUrl }, origin);
    await step(options.write, 'starting gateway and worker', () =>
      runPrograms(supervisor, programs, options.write),
    );
    options.write(summary(origin, demo));
  });
}

async function embeddedUrl(
  supervisor: Supervisor,
  environment: Environment,
  write: (line: string) => void,
): Promise<string> {
  const verbose = ['debug', 'trace'].includes(environment.logLevel);
  const server = await step(
    write,
    'starting PostgreSQL',
    () => startStore(supervisor, { dataDir: environment.dataDir, verbose, write }),
    ({ version, port }) => `PostgreSQL ${version} on port ${String(port)}`,
  );
  return server.url;
}

/** A gateway that listens everywhere is asked on the loopback interface. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/** As in the gateway's own `start` script; why, docs/benchmarks/README.md says. */
const YOUNG_GENERATION = '--max-semi-space-size=64';

function programsOf(
  { env, repository }: StartOptions,
  environment: Environment & { databaseUrl: string },
  origin: string,
): Program[] {
  const variables = {
    ...env,
    HOST: environment.host,
    PORT: String(environment.port),
    DATABASE_URL: environment.databaseUrl,
    LOG_LEVEL: environment.logLevel,
  };
  const node = (name: string, ...options: string[]): Omit<Program, 'readyUrl'> => ({
    name,
    command: process.execPath,
    args: [...options, path.join(repository, 'apps', name, 'dist', 'main.js')],
    env: variables,
  });
  return [{ ...node('gateway', YOUNG_GENERATION), readyUrl: `${origin}/readyz` }, node('worker')];
}

/** Starts programs and returns when all are ready. */
export async function runPrograms(
  supervisor: Supervisor,
  programs: readonly Program[],
  write: (line: string) => void,
  limits = { stopWithinMilliseconds: 10_000, readyWithinMilliseconds: 60_000 },
): Promise<void> {
  const running = programs.map((program) =>
    supervisor.start('program', () => startProgram(program, { write, ...limits })),
  );
  await supervisor.during(Promise.all(running.map((program) => program.ready)));
}
