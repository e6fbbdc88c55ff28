import type { Pool } from 'pg';
import type { TenantId } from '@licet/domain';

/** The NOTIFY channel; its payload names the tenants whose logs have grown, separated by commas. */
export const LOOK_CHANNEL = 'licet_look';
const INTERVAL_MS = 10;
/** NOTIFY carries less than 8,000 bytes: 200 ids of 36. What does not fit is found by the readers' poll. */
const MOST_TENANTS = 200;

/**
 * "Look" signals after commits: at once, then at most one per 10 ms. NOTIFY takes an instance-wide lock at
 * commit, so it has a statement of its own and never stands in a business transaction. A lost signal costs
 * latency, not an event: readers poll besides.
 */
export class LookSignal {
  readonly #pool: Pool;
  readonly #waiting = new Set<TenantId>();
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> = Promise.resolve();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  look(tenantId: TenantId): void {
    this.#waiting.add(tenantId);
    if (this.#timer === null) this.#send();
  }

  #send(): void {
    const tenants = [...this.#waiting].slice(0, MOST_TENANTS).join(',');
    this.#waiting.clear();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#waiting.size > 0) this.#send();
    }, INTERVAL_MS);
    this.#timer.unref();
    const statement = { name: 'look-signal', text: 'select pg_notify($1, $2)' };
    this.#sending = this.#pool.query({ ...statement, values: [LOOK_CHANNEL, tenants] }).then(
      () => undefined,
      () => undefined,
    );
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sending;
  }
}
