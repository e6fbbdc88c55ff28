import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface HolderTask {
  readonly name: string;
  readonly seed: number;
  readonly urls: readonly string[];
  readonly apiKey: string;
  readonly customerId: string;
  readonly feature: string;
  /** How many leases each asks for. */
  readonly rounds: number;
}

/** A lease as its holder has told of it. */
export interface ToldLease {
  readonly quantity: number;
  spent: number;
  returned: boolean;
}

type Told =
  | { readonly leased: string; readonly quantity: number }
  | { readonly spentOf: string }
  | { readonly returned: string }
  | { readonly errors: readonly string[] };

/** A process that spends from quota leases, and what it has told so far. */
export class Holder {
  readonly leases = new Map<string, ToldLease>();
  readonly errors: string[] = [];
  /** Whether it has come to its end by itself. */
  hasEnded = false;
  readonly #process: ChildProcess;
  readonly ended: Promise<unknown>;

  constructor(task: HolderTask) {
    this.#process = fork(path.join(__dirname, 'holder.cjs'));
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
    } else if ('leased' in told) {
      this.leases.set(told.leased, { quantity: told.quantity, spent: 0, returned: false });
    } else if ('spentOf' in told) {
      const lease = this.leases.get(told.spentOf);
      if (lease) lease.spent += 1;
    } else {
      const lease = this.leases.get(told.returned);
      if (lease) lease.returned = true;
    }
  }
}
