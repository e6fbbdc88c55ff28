import type { BackOff } from './back-off.js';
import { Timer } from './timer.js';

export interface Refreshing {
  /** Fetches what is new; throws where nothing could be had. */
  readonly fetch: () => Promise<void>;
  /** When to come again after one that has succeeded, in milliseconds from now. */
  readonly after: () => number;
  readonly backOff: BackOff;
}

/** Fetches now and then: one at a time, again after a failure, and once more where it was asked for on the way. */
export class Refresher {
  readonly #timer = new Timer();
  #running: Promise<void> | null = null;
  #isWanted = false;
  #isStopped = false;

  constructor(private readonly refreshing: Refreshing) {}

  /** Resolves when what was to be had at this call is there, or could not be had. */
  refresh(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#isWanted = true;
    return (this.#running ??= this.#run());
  }

  /** Fetches no more; resolves when what is on its way has come, or failed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isWanted = false;
    this.#timer.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#timer.clear();
    let wait = 0;
    while (this.#isWanted) {
      this.#isWanted = false;
      wait = await this.#once();
    }
    this.#running = null;
    if (!this.#isStopped) this.#timer.set(wait, () => void this.refresh());
  }

  async #once(): Promise<number> {
    const { fetch, after, backOff } = this.refreshing;
    try {
      await fetch();
      backOff.reset();
      return after();
    } catch {
      // What it was is reported by `fetch`.
      this.#isWanted = false;
      return backOff.next();
    }
  }
}
