import type { Action } from './actions.js';
import type { Performed } from './performed.js';

/** Without those that have no outcome of their own: time, the worker, and what was done before. */
type Kind = Exclude<Action['kind'], 'pass' | 'worker' | 'again'>;

const KINDS: Readonly<Record<Kind, true>> = {
  subscribe: true,
  changePlan: true,
  adjust: true,
  withdraw: true,
  uncancel: true,
  resume: true,
  cancel: true,
  extendTrial: true,
  pause: true,
  payment: true,
  consume: true,
  releaseUsage: true,
  recordUsage: true,
  grant: true,
  revoke: true,
  reserve: true,
  commit: true,
  releaseReservation: true,
  addCredits: true,
  voidCredits: true,
  issueLicense: true,
  renewLicense: true,
  suspendLicense: true,
  reinstateLicense: true,
  revokeLicense: true,
  rotateKey: true,
  activateMachine: true,
  deactivateMachine: true,
  heartbeatMachine: true,
  assignSeat: true,
  leaseSeat: true,
  releaseSeat: true,
};

/** How often each operation was asked for, and how often it was done. */
export class Tally {
  readonly #counts: ReadonlyMap<string, { asked: number; done: number }> = new Map(
    Object.keys(KINDS).map((kind) => [kind, { asked: 0, done: 0 }]),
  );

  count(kind: Action['kind'], { product, got }: Performed): void {
    const counts = this.#counts.get(kind);
    if (!counts || product === null) return;
    counts.asked += 1;
    if (product.code === null && !(got ?? '').startsWith('false')) counts.done += 1;
  }

  /** Those that were never done: of these the histories prove nothing. */
  neverDone(): string[] {
    return [...this.#counts].filter(([, { done }]) => done === 0).map(([kind]) => kind);
  }

  toString(): string {
    return [...this.#counts]
      .map(([kind, { asked, done }]) => `${kind} ${String(done)} of ${String(asked)}`)
      .join(', ');
  }
}
