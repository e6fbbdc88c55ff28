import { fork } from 'node:child_process';
import path from 'node:path';

export interface CallersOptions {
  readonly name: string;
  readonly seed: number;
  readonly urls: readonly string[];
  readonly apiKey: string;
  readonly customerId: string;
  readonly feature: string;
  /** How many ask at once. */
  readonly callers: number;
  /** How often each of them reserves. */
  readonly rounds: number;
}

/** What one client process was told. */
export interface CallersDone {
  /** Reservations that were granted. */
  readonly reserved: number;
  /** Units. */
  readonly committed: number;
  readonly errors: readonly string[];
}

/** One client process, until all its callers are done. */
export function startCallers(options: CallersOptions): Promise<CallersDone> {
  const child = fork(path.join(__dirname, 'client.cjs'));
  child.send(options);
  return new Promise((resolve, reject) => {
    child.once('message', (done: CallersDone) => resolve(done));
    child.once('exit', () => reject(new Error('a client process ended without handing in its answers')));
  });
}
