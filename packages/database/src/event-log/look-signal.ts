import type { Pool } from 'pg';
import type { TenantId } from '@licet/domain';

/** The NOTIFY channel; its payload names the tenants whose logs have grown, separated by commas. */
export const LOOK_CHANNEL = 'licet_look';
const INTERVAL_MS = 10;
/** Signals that may follow each other at once, after as many intervals without one. */
const BURST = 10;
/** NOTIFY carries less than 8,000 bytes: 200 ids of 36. What does not fit is found by the readers' poll. */
const MOST_TENANTS = 200;

/** Tells every process which tenants' logs have grown. What it cannot tell is lost. */
export type TellOfLooks = (tenants: readonly TenantId[]) => Promise<unknown>;

/**
 * By NOTIFY, which takes an instance-wide lock at commit: it has a statement of its own and never stands in a business
 * transaction. It does not wait for the disk: a signal has nothing to keep.
 */
export function lookByNotify(pool: Pool): TellOfLooks {
  return (tenants) =>
    pool.query({
      name: 'look-signal',
      text: "select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)",
      values: [LOOK_CHANNEL, tenants.slice(0, MOST_TENANTS).join(',')],
    });
}

/**
 * "Look" signals after commits: at once, and one per 10 ms in the long run, of which ten may be saved up: so changes at that
 * pace do not wait for each other. A lost signal costs latency, not an event: readers poll besides.
 */
export class LookSignal {
  readonly #tell: TellOfLooks;
  readonly #waiting = new Set<TenantId>();
  /** Until when the signals that were sent use up the long run, by `performance.now()`. */
  #usedUntil = 0;
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();

  constructor(tell: TellOfLooks) {
    this.#tell = tell;
  }

  look(tenantId: TenantId): void {
    this.#waiting.add(tenantId);
    if (this.#timer !== null) return;
    const wait = this.#usedUntil - (BURST - 1) * INTERVAL_MS - performance.now();
    if (wait <= 0) this.#send();
    else this.#sendAfter(wait);
  }

  #sendAfter(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#send();
    }, milliseconds);
    this.#timer.unref();
  }

  #send(): void {
    const tenants = [...this.#waiting];
    this.#waiting.clear();
    this.#usedUntil = Math.max(this.#usedUntil, performance.now()) + INTERVAL_MS;
    this.#sending = this.#tell(tenants).then(
      () => undefined,
      () => undefined,
    );
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sending;
  }
}
