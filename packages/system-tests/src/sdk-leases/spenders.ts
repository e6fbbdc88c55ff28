import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface SpenderTask {
  readonly seed: number;
  readonly url: string;
  readonly apiKey: string;
  readonly customerId: string;
  readonly feature: string;
  /** How often each spends. */
  readonly spends: number;
  readonly lease: { readonly ttl: number; readonly first: number; readonly most: number };
}

type Told =
  | { readonly consumed: number; readonly source: 'lease' | 'gateway' | 'fallback' }
  | { readonly errors: readonly string[] };

/** A process that spends by the SDK, and what it has told so far. */
export class Spender {
  /** Units, by where they came from. */
  readonly spent = { lease: 0, gateway: 0, fallback: 0 };
  denied = 0;
  readonly errors: string[] = [];
  /** Whether it has come to its end by itself. */
  hasEnded = false;
  readonly ended: Promise<unknown>;
  readonly #process: ChildProcess;

  constructor(task: SpenderTask) {
    this.#process = fork(path.join(__dirname, 'spender.cjs'));
    this.#process.on('message', (told: Told) => this.#hear(told));
    this.ended = once(this.#process, 'exit');
    this.#process.send(task);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #hear(told: Told): void {
    if ('errors' in told) {
      this.errors.push(...told.errors);
      this.hasEnded = true;
    } else {
      this.spent[told.source] += told.consumed;
      if (told.consumed === 0) this.denied += 1;
    }
  }
}
