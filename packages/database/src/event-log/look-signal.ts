import type { Pool } from 'pg';
import type { TenantId } from '@licet/domain';

/** The NOTIFY channel; its payload names the tenants whose logs have grown, separated by commas. */
export const LOOK_CHANNEL = 'licet_look';
const INTERVAL_MS = 10;
/** NOTIFY carries less than 8,000 bytes: 200 ids of 36. What does not fit is found by the readers' poll. */
const MOST_TENANTS = 200;

/** Tells every process which tenants' logs have grown. What it cannot tell is lost. */
export type TellOfLooks = (tenants: readonly TenantId[]) => Promise<unknown>;

/**
 * By NOTIFY, which takes an instance-wide lock at commit: it has a statement of its own and never stands in a business
 * transaction.
 */
export function lookByNotify(pool: Pool): TellOfLooks {
  return (tenants) =>
    pool.query({
      name: 'look-signal',
      text: 'select pg_notify($1, $2)',
      values: [LOOK_CHANNEL, tenants.slice(0, MOST_TENANTS).join(',')],
    });
}

/**
 * "Look" signals after commits: at once, then at most one per 10 ms. A lost signal costs latency, not an event: readers poll
 * besides.
 */
export class LookSignal {
  readonly #tell: TellOfLooks;
  readonly #waiting = new Set<TenantId>();
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();

  constructor(tell: TellOfLooks) {
    this.#tell = tell;
  }

  look(tenantId: TenantId): void {
    this.#waiting.add(tenantId);
    if (this.#timer === null) this.#send();
  }

  #send(): void {
    const tenants = [...this.#waiting];
    this.#waiting.clear();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#waiting.size > 0) this.#send();
    }, INTERVAL_MS);
    this.#timer.unref();
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
