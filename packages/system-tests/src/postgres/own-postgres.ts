import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { migrate, parseMasterKey } from '@licet/database';
import type { TestDatabase } from '@licet/database/testing';

const REGISTER = path.resolve(__dirname, '../../../../scripts/register-source.cjs');

/** A migrated database on a server of one's own that keeps what it has committed (`fsync` on), and that may be killed. */
export class OwnPostgres implements TestDatabase {
  #pid = 0;

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    pid: number,
  ) {
    this.#pid = pid;
  }

  static async start(): Promise<OwnPostgres> {
    const child = fork(path.join(__dirname, 'server-process.ts'), {
      execArgv: ['-C', '@licet/source', '-r', REGISTER],
    });
    const { url, pid } = await started(child);
    await migrate({ url, masterKey: parseMasterKey(undefined).key });
    return new OwnPostgres(child, url, pid);
  }

  /** `kill -9` of the server and of every process that it has started, none of which gets to do anything more. */
  async kill(): Promise<void> {
    const ended = message(this.child, isExit);
    // Stopped, it starts no other process while its processes are counted.
    process.kill(this.#pid, 'SIGSTOP');
    for (const pid of [...childrenOf(this.#pid), this.#pid]) kill(pid);
    await ended;
  }

  /** After `kill`: recovers from its log, and takes connections at the same address. */
  async start(): Promise<void> {
    this.#pid = (await started(this.child)).pid;
  }

  /** Keeps a copy of its data as they are, for `restore`. */
  async save(): Promise<void> {
    await this.kill();
    await this.#copied('save');
    await this.start();
  }

  /** Puts back what was saved: whatever was committed since is lost. */
  async restore(): Promise<void> {
    await this.kill();
    await this.#copied('restore');
    await this.start();
  }

  async #copied(order: 'save' | 'restore'): Promise<void> {
    const done = message(this.child, isCopied);
    this.child.send(order);
    await done;
  }

  /** Stops it and deletes its data. */
  async drop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }
}

interface Started {
  readonly url: string;
  readonly pid: number;
}

async function started(child: ChildProcess): Promise<Started> {
  const answer = message(child, isStarted);
  child.send('start');
  return answer;
}

/** The next message of this form; rejects where the process ends instead. */
function message<T>(child: ChildProcess, is: (value: unknown) => value is T): Promise<T> {
  return new Promise((resolve, reject) => {
    function settle(): void {
      child.off('message', look);
      child.off('exit', gone);
    }
    function look(value: unknown): void {
      if (!is(value)) return;
      settle();
      resolve(value);
    }
    function gone(): void {
      settle();
      reject(new Error('the process that runs the server has ended'));
    }
    child.on('message', look);
    child.on('exit', gone);
  });
}

function isStarted(value: unknown): value is Started {
  return typeof value === 'object' && value !== null && 'url' in value;
}

function isCopied(value: unknown): value is 'copied' {
  return value === 'copied';
}

function isExit(value: unknown): value is { readonly exited: number } {
  return typeof value === 'object' && value !== null && 'exited' in value;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Each of the server's processes leads a group of its own, so that their parent is what tells them. */
function childrenOf(parent: number): number[] {
  return processes().flatMap(([pid, ppid]) => (ppid === parent ? [pid] : []));
}

function processes(): [pid: number, ppid: number][] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => {
      const [pid, ppid] = line.trim().split(/\s+/).map(Number);
      return [pid ?? 0, ppid ?? 0];
    });
  }
  return readdirSync('/proc').flatMap((name): [number, number][] => {
    const ppid = /^\d+$/.test(name) ? parentOf(name) : null;
    return ppid === null ? [] : [[Number(name), ppid]];
  });
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}
