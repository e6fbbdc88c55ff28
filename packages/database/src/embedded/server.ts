import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnIdentity } from './account.js';
import type { ClusterOptions } from './cluster.js';
import { SERVER_ENVIRONMENT } from './command.js';
import { EmbeddedPostgresError } from './errors.js';
import { readPostmasterFile } from './ownership.js';

const LAST_LINES = 20;
/** Recovery after a crash may take its time. */
const READY_WITHIN_MILLISECONDS = 120_000;

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  readonly exited: Promise<ServerExit>;
  stop(): Promise<void>;
}

/** Runs the server until it takes connections. Without a port a free one is used. */
export async function runServer(
  options: ClusterOptions & { port: number | undefined; onLog: ((line: string) => void) | undefined },
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    const server = spawnServer(options, port);
    try {
      await untilReady(server, options);
      return server;
    } catch (error) {
      await server.stop();
      // Someone may have taken the free port in between.
      const portTaken = server.lastLines.some((line) => line.includes('Address already in use'));
      if (options.port !== undefined || !portTaken || attempt === 3) throw error;
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

interface SpawnedServer extends ServerProcess {
  readonly lastLines: readonly string[];
}

function spawnServer(options: Parameters<typeof runServer>[0], port: number): SpawnedServer {
  const args = ['-D', options.home.cluster, ...settings(port, options.fsync)];
  const child = spawn(path.join(options.native.folder, 'bin', 'postgres'), args, {
    ...spawnIdentity(options.account),
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    // A process group of its own: Ctrl-C in the terminal would end the server before those who use it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      options.onLog?.(line);
    });
  }
  const exited = exitOf(child);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopServer(child, exited));
  return { pid: child.pid ?? 0, port, exited, stop, lastLines };
}

function settings(port: number, fsync: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function exitOf(child: ChildProcess): Promise<ServerExit> {
  return new Promise((resolve) => {
    child.on('error', () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.on('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
}

/** Fast shutdown; immediate where that takes too long; by force in the end. */
async function stopServer(child: ChildProcess, exited: Promise<ServerExit>): Promise<void> {
  child.kill('SIGINT');
  const immediate = setTimeout(() => child.kill('SIGQUIT'), 20_000);
  const force = setTimeout(() => child.kill('SIGKILL'), 25_000);
  await exited;
  clearTimeout(immediate);
  clearTimeout(force);
}

/** The server writes into its own file when it takes connections; asking it by connecting would fill its log. */
async function untilReady(server: SpawnedServer, options: ClusterOptions): Promise<void> {
  const ended = new AbortController();
  void server.exited.then(() => {
    ended.abort();
  });
  const until = performance.now() + READY_WITHIN_MILLISECONDS;
  while (!ended.signal.aborted && performance.now() < until) {
    options.signal?.throwIfAborted();
    const file = await readPostmasterFile(options.home);
    if (file?.pid === server.pid && file.status === 'ready') return;
    await sleep(10);
  }
  throw new EmbeddedPostgresError(
    'START_FAILED',
    `PostgreSQL did not start on \`${options.home.folder}\`; see why here, or set DATABASE_URL\n` +
      server.lastLines.join('\n'),
  );
}
