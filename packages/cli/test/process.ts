import { fork, type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensureAdminKey } from '@licet/database';
import { createTestDatabase, createTestTenant } from '@licet/database/testing';

const ROOT = join(__dirname, '../../..');
const SOURCE = ['-C', '@licet/source', '-r', join(ROOT, 'scripts/register-source.cjs')];
const ADMIN_KEY = 'bootstrap-of-the-tests-long-enough-for-one';

/** How a process of `licet` has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface LicetOptions {
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** Options of Node's own. */
  readonly node?: readonly string[];
}

/** Runs `licet` as a process of its own, in `folder`. It has no gateway and no key unless `env` names them. */
export async function licet(
  folder: string,
  args: readonly string[],
  { env = {}, input = '', node = [] }: LicetOptions = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...SOURCE, ...node, join(__dirname, '../src/main.ts'), ...args], {
    cwd: folder,
    // Nothing listens on the discard port: whoever asks a gateway that was not named is told at once.
    env: { PATH: process.env['PATH'], LICET_URL: 'http://127.0.0.1:9', ...env },
  });
  const [stdout, stderr] = [collected(child.stdout), collected(child.stderr)];
  child.stdin.end(input);
  await once(child, 'close');
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
}

function collected(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

export interface RunningGateway {
  /** For processes that are to reach it. */
  readonly env: { readonly LICET_URL: string; readonly LICET_API_KEY: string };
  ask(query: string, variables?: object): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** A gateway as a process, on a database of its own with one tenant that has this catalog. */
export async function startGateway(catalog: Readonly<Record<string, unknown>>): Promise<RunningGateway> {
  const database = await createTestDatabase();
  const tenant = await createTestTenant(database.url, catalog);
  await ensureAdminKey(tenant.db, tenant.caller.tenantId, ADMIN_KEY);
  await tenant.close();
  const child = fork(join(ROOT, 'apps/gateway/src/main.ts'), {
    cwd: join(ROOT, 'apps/gateway'),
    execArgv: SOURCE,
    env: { PATH: process.env['PATH'], PORT: '0', DATABASE_URL: database.url },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await urlOf(child);
  const env = { LICET_URL: url, LICET_API_KEY: ADMIN_KEY };
  return {
    env,
    ask: async (query, variables = {}) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_KEY}` },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors }: { data: Record<string, unknown>; errors?: unknown } = JSON.parse(
        await response.text(),
      );
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      return data;
    },
    stop: async () => {
      const closed = once(child, 'exit');
      child.kill('SIGTERM');
      await closed;
      await database.drop();
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  let output = '';
  const found = new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const url = /"url":"(http:[^"]+)"/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error(`the gateway has ended: ${output}`);
  return found;
}
