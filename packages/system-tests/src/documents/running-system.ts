import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface RunningSystem {
  /** Looks like a clone in which `npm start` runs. */
  readonly checkout: string;
  /** Of the gateway. */
  readonly origin: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const OWN = new Set(['.licet', '.git']);

/**
 * Starts the built system on a free port, as `npm start` does, with data of its own. The checkout holds links to all
 * that the repository holds, so that a block may name any file and the repository's own data stay out of it.
 */
export async function startSystem(repository: string): Promise<RunningSystem> {
  const checkout = await mkdtemp(path.join(tmpdir(), 'licet-documents-'));
  for (const name of await readdir(repository)) {
    if (!OWN.has(name)) await symlink(path.join(repository, name), path.join(checkout, name));
  }
  const dataDir = path.join(checkout, '.licet');
  const base = { ...inherited(['PATH', 'HOME', 'TMPDIR', 'CI']), LICET_DATA_DIR: dataDir };
  const child = spawn(process.execPath, [path.join(repository, 'scripts/start.mjs')], {
    env: { ...base, PORT: '0', LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    await ended;
    await rm(checkout, { recursive: true, force: true });
  }
  try {
    const origin = await originOf(child);
    const key = (await readFile(path.join(dataDir, 'admin-key'), 'utf8')).trim();
    return { checkout, origin, stop, environment: { ...base, LICET_URL: origin, LICET_API_KEY: key } };
  } catch (error) {
    await stop();
    throw error;
  }
}

function inherited(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** From the last words of the start; an Error with all its words where it ends before. */
function originOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const origin = /^ +GraphQL +(\S+)\/graphql$/m.exec(output)?.[1];
      // The line to paste comes last.
      if (origin !== undefined && /^curl .*\n/m.test(output)) resolve(origin);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', (code) => {
      reject(new Error(`the system ended with ${String(code)} before it was ready:\n${output}`));
    });
  });
}
