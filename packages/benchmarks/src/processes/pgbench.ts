import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { connectionTo } from './client-programs.js';

const SCRIPT = path.resolve(__dirname, '../../sql/pgbench-consume.sql');
const CLIENTS = 32;
const THREADS = 2;

export interface PgbenchResult {
  readonly perSecond: number;
  readonly transactions: number;
}

/** Runs the script over so many counters; rejects when a transaction fails. */
export async function runPgbench(
  program: string,
  { url, counters, seconds }: { url: string; counters: number; seconds: number },
): Promise<PgbenchResult> {
  const { args, env } = connectionTo(url);
  const time = String(Math.max(1, Math.round(seconds)));
  const { stdout } = await promisify(execFile)(
    program,
    [
      ...['-M', 'prepared', '-n', '-c', String(CLIENTS), '-j', String(THREADS), '-T', time],
      ...['-f', SCRIPT, '-D', `counters=${String(counters)}`],
      ...args,
    ],
    { env },
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
