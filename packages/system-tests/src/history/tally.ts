import { type Met, TO_MEET } from '../model/account.js';
import type { Action } from './actions/action.js';
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
  consumeMany: true,
  releaseUsage: true,
  recordUsage: true,
  grant: true,
  revoke: true,
  reserve: true,
  commit: true,
  releaseReservation: true,
  leaseQuota: true,
  returnQuota: true,
  addCredits: true,
  voidCredits: true,
  moveZone: true,
  issueFile: true,
  settleFile: true,
  issueLicense: true,
  renewLicense: true,
  suspendLicense: true,
  reinstateLicense: true,
  revokeLicense: true,
  rotateKey: true,
  validateLicense: true,
  activateMachine: true,
  deactivateMachine: true,
  heartbeatMachine: true,
  assignSeat: true,
  leaseSeat: true,
  releaseSeat: true,
};

/** How often each operation was asked for, and how often it was done; how often each rule was met that no operation is. */
export class Tally {
  readonly #counts: ReadonlyMap<string, { asked: number; done: number }> = new Map(
    Object.keys(KINDS).map((kind) => [kind, { asked: 0, done: 0 }]),
  );
  readonly #met = new Map<Met, number>(TO_MEET.map((rule) => [rule, 0]));

  count(kind: Action['kind'], { product, got }: Performed): void {
    const counts = this.#counts.get(kind);
    if (!counts) return;
    counts.asked += 1;
    const isRefused = product !== null && product.code !== null;
    if (!isRefused && !(got ?? '').startsWith('false')) counts.done += 1;
  }

  meet(rules: readonly Met[]): void {
    for (const rule of rules) this.#met.set(rule, (this.#met.get(rule) ?? 0) + 1);
  }

  /** Those that were done, or met, less often: of these the histories prove too little. */
  below(floor: number): string[] {
    const done = [...this.#counts].map(([kind, { done }]): [string, number] => [kind, done]);
    return [...done, ...this.#met]
      .filter(([, times]) => times < floor)
      .map(([what, times]) => `${what}: ${String(times)}`);
  }

  toString(): string {
    const done = [...this.#counts].map(
      ([kind, { asked, done }]) => `${kind} ${String(done)} of ${String(asked)}`,
    );
    const met = [...this.#met].map(([rule, times]) => `${rule}: ${String(times)}`);
    return [...done, ...met].join(', ');
  }
}
