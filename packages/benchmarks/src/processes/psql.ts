import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { connectionTo } from './client-programs.js';

/** One connection of psql, which PostgreSQL maintains: it is told commands one after the other. Stopped by its owner. */
export class Psql {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<void>;
  #complaints = '';

  constructor(program: string, url: string) {
    const { args, env } = connectionTo(url);
    this.#child = spawn(program, ['-XAtw', '-v', 'ON_ERROR_STOP=1', ...args], { env });
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => resolve());
      this.#child.once('error', () => resolve());
    });
    // Of a program that has ended the answer that is missing tells.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#complaints += chunk.toString()));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Rejects unless the first line that comes back is `expected`. */
  async tell(command: string, expected: string): Promise<void> {
    this.#child.stdin.write(`${command}\n`);
    const line = await this.#lines.next();
    if (line.done !== true && line.value === expected) return;
    if (line.done === true) await this.#exited;
    const said = line.done === true ? this.#complaints : line.value;
    throw new Error(`psql says "${said}" and not "${expected}"`);
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }
}

/** Runs `work` with a connection, and ends it afterwards. */
export async function withPsql<T>(
  program: string,
  url: string,
  work: (psql: Psql) => Promise<T>,
): Promise<T> {
  const psql = new Psql(program, url);
  try {
    return await work(psql);
  } finally {
    await psql.stop();
  }
}
