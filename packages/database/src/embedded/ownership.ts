import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { unusable, type DataHome } from './data-home.js';
import { EmbeddedPostgresError, systemCode } from './errors.js';
import { commandLine, isAlive, startMark } from './process-table.js';

/** Marks the data directory as this process's own; EmbeddedPostgresError while another living process has it. */
export async function takeOwnership(home: DataHome): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await writeFile(home.owner, startMark(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (systemCode(error) === 'EACCES') throw unusable(home.folder, 'it belongs to another user', error);
      if (systemCode(error) !== 'EEXIST' || attempt === 3) throw error;
    }
    const owner = await readFile(home.owner, 'utf8').catch(() => '');
    const pid = Number(owner.split(' ')[0]);
    if (pid > 0 && isAlive(pid) && startMark(pid) === owner) throw inUse(home, pid);
    await rm(home.owner, { force: true });
  }
}

function inUse(home: DataHome, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'DATA_IN_USE',
    `the data directory \`${home.folder}\` is in use by process ${String(pid)}; ` +
      'stop that one, or set LICET_DATA_DIR to another directory',
  );
}

export async function giveUpOwnership(home: DataHome): Promise<void> {
  await rm(home.owner, { force: true });
}

/** First line: the server's process id; eighth: its status. */
export async function readPostmasterFile(home: DataHome): Promise<{ pid: number; status: string } | null> {
  const text = await readFile(`${home.cluster}/postmaster.pid`, 'utf8').catch(() => null);
  if (text === null) return null;
  const lines = text.split('\n');
  return { pid: Number(lines[0]), status: lines[7]?.trim() ?? '' };
}

/**
 * Ends a server whose parent was killed: it still runs on the data directory, and its log has no reader. Returns
 * its process id; null where there was none. An id that now belongs to another program is left alone.
 */
export async function stopLeftoverServer(home: DataHome): Promise<number | null> {
  const file = await readPostmasterFile(home);
  if (file === null || !(file.pid > 1)) return null;
  if (!isAlive(file.pid)) return null;
  if (!commandLine(file.pid).includes(`-D ${home.cluster} `)) {
    // Postgres would take that program for a server and refuse to start.
    await rm(`${home.cluster}/postmaster.pid`, { force: true });
    return null;
  }
  await endProcess(file.pid);
  return file.pid;
}

const STOP_STEPS = [
  { signal: 'SIGINT', waitMilliseconds: 20_000 },
  { signal: 'SIGQUIT', waitMilliseconds: 5_000 },
  { signal: 'SIGKILL', waitMilliseconds: 5_000 },
] as const;

/** Ends a server that is not a child of this process: fast shutdown, then immediate, then by force. */
async function endProcess(pid: number): Promise<void> {
  for (const step of STOP_STEPS) {
    try {
      process.kill(pid, step.signal);
    } catch (error) {
      if (systemCode(error) !== 'ESRCH') throw error;
    }
    const until = performance.now() + step.waitMilliseconds;
    while (performance.now() < until) {
      if (!isAlive(pid)) return;
      await sleep(20);
    }
  }
}
