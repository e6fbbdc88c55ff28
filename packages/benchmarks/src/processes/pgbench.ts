import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const SCRIPT = path.resolve(__dirname, '../../sql/pgbench-consume.sql');
/** Debian keeps it off the path. */
const DEBIAN = '/usr/lib/postgresql';
const CLIENTS = 32;
const THREADS = 2;

export interface PgbenchResult {
  readonly perSecond: number;
  readonly transactions: number;
}

/** Where pgbench is installed; null where it is not. */
export async function findPgbench(folders?: readonly string[]): Promise<string | null> {
  for (const folder of folders ?? (await usualFolders())) {
    const file = path.join(folder, 'pgbench');
    if (await isProgram(file)) return file;
  }
  return null;
}

async function usualFolders(): Promise<string[]> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const newestFirst = versions.toSorted((one, other) => Number(other) - Number(one));
  return [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    ...newestFirst.map((version) => path.join(DEBIAN, version, 'bin')),
  ];
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Runs the script over so many counters; rejects when a transaction fails. */
export async function runPgbench(
  program: string,
  { url, counters, seconds }: { url: string; counters: number; seconds: number },
): Promise<PgbenchResult> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const time = String(Math.max(1, Math.round(seconds)));
  const { stdout } = await promisify(execFile)(
    program,
    [
      ...['-M', 'prepared', '-n', '-c', String(CLIENTS), '-j', String(THREADS), '-T', time],
      ...['-f', SCRIPT, '-D', `counters=${String(counters)}`],
      ...['-h', hostname, '-p', port, '-U', username, pathname.slice(1)],
    ],
    { env: { ...process.env, PGPASSWORD: password } },
  );
  return readPgbench(stdout);
}

/** What pgbench prints at its end. */
export function readPgbench(stdout: string): PgbenchResult {
  const transactions = Number(/^number of transactions actually processed: (\d+)/m.exec(stdout)?.[1]);
  const failed = Number(/^number of failed transactions: (\d+)/m.exec(stdout)?.[1] ?? 0);
  const perSecond = Number(/^tps = ([\d.]+) \(without initial connection time\)/m.exec(stdout)?.[1]);
  if (!(transactions > 0) || !(perSecond > 0)) throw new Error(`pgbench says something else:\n${stdout}`);
  if (failed > 0) throw new Error(`${String(failed)} transactions of pgbench failed`);
  return { perSecond, transactions };
}
