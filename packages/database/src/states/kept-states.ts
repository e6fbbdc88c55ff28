import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';
import type { CustomerId } from '@licet/domain';
import type { KeptState } from './kept-state.js';

/** A customer that was not there is asked for again after so long: nothing else may tell of it. */
const UNKNOWN_FOR_MS = 30_000;
/** How exactly it is known which states were used last: to note each use would cost more than to find the state. */
const NOTED_EVERY_MS = 5000;

/** The kept states of all tenants; those that were not used for longest are dropped when there are too many. */
export class KeptStates {
  readonly #states: LRUCache<KeptState, StatesOfTenant>;

  constructor(most: number) {
    this.#states = new LRUCache({
      max: most,
      dispose: (tenant, kept) => {
        tenant.forget(kept);
      },
    });
  }

  get size(): number {
    return this.#states.size;
  }

  ofTenant(): StatesOfTenant {
    return new StatesOfTenant(this.#states);
  }
}

interface Entry {
  readonly kept: KeptState;
  /** By `performance.now()`. */
  notedAt: number;
}

/** Those of one tenant, found by customer and by subject. */
export class StatesOfTenant {
  readonly #all: LRUCache<KeptState, StatesOfTenant>;
  readonly #byCustomer = new Map<CustomerId, Entry>();
  readonly #bySubject = new Map<string, KeptState>();

  constructor(all: LRUCache<KeptState, StatesOfTenant>) {
    this.#all = all;
  }

  get(customerId: CustomerId): KeptState | undefined {
    const entry = this.#byCustomer.get(customerId);
    if (entry === undefined) return undefined;
    const now = performance.now();
    if (now - entry.notedAt < NOTED_EVERY_MS) return entry.kept;
    entry.notedAt = now;
    return this.#all.get(entry.kept) === undefined ? undefined : entry.kept;
  }

  set(customerId: CustomerId, kept: KeptState): void {
    this.delete(customerId);
    this.#byCustomer.set(customerId, { kept, notedAt: performance.now() });
    if (kept.subject !== null) this.#bySubject.set(kept.subject, kept);
    this.#all.set(kept, this, kept.subject === null ? { ttl: UNKNOWN_FOR_MS } : {});
  }

  delete(customerId: CustomerId): void {
    const entry = this.#byCustomer.get(customerId);
    if (entry !== undefined) this.#all.delete(entry.kept);
  }

  deleteAll(): void {
    for (const { kept } of [...this.#byCustomer.values()]) this.#all.delete(kept);
  }

  bySubject(subject: string): KeptState | undefined {
    return this.#bySubject.get(subject);
  }

  /** It was dropped. */
  forget({ customerId, subject }: KeptState): void {
    this.#byCustomer.delete(customerId);
    if (subject !== null) this.#bySubject.delete(subject);
  }
}
