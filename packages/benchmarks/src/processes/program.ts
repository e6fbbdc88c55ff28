import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Answer } from './answers.js';

const DIST = path.resolve(__dirname, '..');
const REPOSITORY = path.resolve(DIST, '../../..');

/** What the gateway's `start` script gives to Node. */
export const GATEWAY_NODE = ['--max-semi-space-size=64'];

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
}

type Settle = (answer: Answer | Error) => void;

/** A process of its own that says `ready`, answers questions, and logs JSON lines. Stopped by its owner. */
export class Program {
  readonly #questions = new Map<number, Settle>();
  readonly #listeners = new Set<(line: Readonly<Record<string, unknown>>) => void>();
  #listening: (url: string) => void = () => undefined;
  /** Where it listens, once it has said so. */
  readonly url = new Promise<string>((resolve) => (this.#listening = resolve));
  #asked = 0;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    readonly exited: Promise<void>,
  ) {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#read(line));
    child.on('message', (message) => this.#settle(message));
    void exited.then(() => this.#fail(new Error(`${name} has ended`)));
  }

  /** One of ours: `peers/apollo`, `load/http`. */
  static start(file: string, options: ProgramOptions = {}): Promise<Program> {
    return Program.#launch(file, path.join(DIST, `${file}.js`), options);
  }

  /** A built app, as `npm start` runs it, with arguments for Node besides. */
  static startApp(
    app: 'gateway' | 'worker',
    databaseUrl: string,
    options: ProgramOptions = {},
  ): Promise<Program> {
    return Program.#launch(app, path.join(REPOSITORY, 'apps', app, 'dist/main.js'), {
      nodeArgs: [...(app === 'gateway' ? GATEWAY_NODE : []), ...(options.nodeArgs ?? [])],
      env: { DATABASE_URL: databaseUrl, PORT: '0', LOG_LEVEL: 'info', ...options.env },
    });
  }

  static async #launch(name: string, file: string, { env, nodeArgs }: ProgramOptions): Promise<Program> {
    const preload = path.join(DIST, 'processes/consumption.js');
    const child = spawn(process.execPath, [...(nodeArgs ?? []), '--require', preload, file], {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const program = new Program(name, child, exited);
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message) => (message === 'ready' ? resolve() : undefined));
      child.on('error', reject);
      void exited.then(() => reject(new Error(`${name} ended before it was ready`)));
    });
    return program;
  }

  ask(question: string, input: unknown = null): Promise<unknown> {
    const id = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#questions.set(id, (answer) => {
        if (answer instanceof Error) reject(answer);
        else if ('error' in answer) reject(new Error(`${this.name}: ${answer.error}`));
        else resolve(answer.output);
      });
      this.child.send({ id, ask: question, input }, (error) => {
        if (error) this.#settle({ id, error: error.message });
      });
    });
  }

  /** Calls back for each JSON line that it logs. */
  onLine(listener: (line: Readonly<Record<string, unknown>>) => void): void {
    this.#listeners.add(listener);
  }

  async memoryBytes(): Promise<number> {
    return Number(await this.ask('memory'));
  }

  /** Processor time of all its threads since its start, in microseconds. */
  async cpuMicroseconds(): Promise<number> {
    return Number(await this.ask('cpu'));
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.exited;
  }

  #read(line: string): void {
    if (!line.startsWith('{')) return;
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return;
    if ('url' in value && typeof value.url === 'string') this.#listening(value.url);
    for (const listener of this.#listeners) listener({ ...value });
  }

  #settle(message: unknown): void {
    if (!isAnswer(message)) return;
    this.#questions.get(message.id)?.(message);
    this.#questions.delete(message.id);
  }

  #fail(error: Error): void {
    for (const settle of this.#questions.values()) settle(error);
    this.#questions.clear();
  }
}

function isAnswer(message: unknown): message is Answer {
  return typeof message === 'object' && message !== null && 'id' in message && !('ask' in message);
}

/** Each element's program. */
type Started<T extends readonly Promise<Program>[]> = { [Index in keyof T]: Program };

/** Runs `work` with programs and stops them afterwards, whatever happens. */
export async function withPrograms<const T extends readonly Promise<Program>[], R>(
  starting: T,
  work: (programs: Started<T>) => Promise<R>,
): Promise<R> {
  try {
    return await work(await Promise.all(starting));
  } finally {
    for (const started of await Promise.allSettled(starting))
      if (started.status === 'fulfilled') await started.value.stop();
  }
}
