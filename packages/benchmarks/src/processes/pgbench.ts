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

/** Where pgbench is; null where it is not installed. */
export async function findPgbench(): Promise<string | null> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const folders = [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    ...versions
      .toSorted()
      .toReversed()
      .map((version) => path.join(DEBIAN, version, 'bin')),
  ];
  for (const folder of folders) {
    const file = path.join(folder, 'pgbench');
    if (await isProgram(file)) return file;
  }
  return null;
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Runs the script over so many counters; pgbench ends with an error when a transaction fails. */
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
  const transactions = Number(/transactions actually processed: (\d+)/.exec(stdout)?.[1]);
  const perSecond = Number(/tps = ([\d.]+) \(without initial connection time\)/.exec(stdout)?.[1]);
  if (!(transactions > 0) || !(perSecond > 0)) throw new Error(`pgbench says something else:\n${stdout}`);
  return { perSecond, transactions };
}
