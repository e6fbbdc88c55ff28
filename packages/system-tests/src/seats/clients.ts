import { fork } from 'node:child_process';
import path from 'node:path';

export interface MembersOptions {
  readonly name: string;
  readonly seed: number;
  readonly urls: readonly string[];
  readonly apiKey: string;
  readonly customerId: string;
  readonly feature: string;
  readonly kind: 'NAMED' | 'FLOATING';
  /** How many ask at once, each a member of its own. */
  readonly callers: number;
  /** How often each of them asks. */
  readonly rounds: number;
}

/** What one client process was told. */
export interface MembersDone {
  readonly granted: number;
  readonly denied: number;
  readonly codes: readonly string[];
  readonly errors: readonly string[];
}

/** One client process, until all its callers are done. */
export function startMembers(options: MembersOptions): Promise<MembersDone> {
  const child = fork(path.join(__dirname, 'client.cjs'));
  child.send(options);
  return new Promise((resolve, reject) => {
    child.once('message', (done: MembersDone) => resolve(done));
    child.once('exit', () => reject(new Error('a client process ended without handing in its answers')));
  });
}
