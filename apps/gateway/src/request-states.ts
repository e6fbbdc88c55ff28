import type { Revision, StampedState, StateStore } from '@licet/database';
import { knownState, type CustomerId, type Release, type TenantId } from '@licet/domain';
import { granted } from './errors/api-error.js';

/** States as one request sees them: one release for all, one state for each customer, its own writes included. */
export class RequestStates {
  readonly #store: StateStore;
  readonly #tenantId: TenantId;
  readonly #seen = new Map<CustomerId, StampedState>();
  #release: Release | null = null;
  #written: Revision | null = null;

  constructor(store: StateStore, tenantId: TenantId) {
    this.#store = store;
    this.#tenantId = tenantId;
  }

  /** The release that the whole request is answered by. */
  async release(): Promise<Release> {
    return (this.#release ??= await this.#store.release(this.#tenantId));
  }

  /** The same, where a state has been loaded; null before. */
  get knownRelease(): Release | null {
    return this.#release;
  }

  /** From memory where it is there; UNAVAILABLE where neither memory nor the database has it. */
  load(customerId: CustomerId): StampedState | Promise<StampedState> {
    const seen = this.#seen.get(customerId);
    if (seen) return seen;
    const kept = this.#written === null ? this.#store.peek(this.#tenantId, customerId) : null;
    return kept ? this.#see(customerId, kept) : this.#fetch(customerId);
  }

  /** Afterwards states hold `revision`; CONFLICT where this history has no such revision. */
  async reach(revision: string, field: string, customerIds: readonly CustomerId[]): Promise<void> {
    const reached = await this.#store.reach(this.#tenantId, revision, customerIds);
    granted(reached.ok ? reached : { ...reached, field }, '');
    for (const id of customerIds) this.#seen.delete(id);
  }

  /** Reads the log up to what this request has written, so that this gateway decides by it when it answers. */
  async follow(revision: Revision): Promise<void> {
    this.wrote(revision);
    // Others hear of it within a second in any case.
    await this.#store.reach(this.#tenantId, revision, []);
  }

  /** What this request has written shows in the states that it reads from here on. */
  wrote(revision: Revision): void {
    this.#written = revision;
    this.#seen.clear();
    this.#release = null;
  }

  async #fetch(customerId: CustomerId): Promise<StampedState> {
    if (this.#written !== null) await this.reach(this.#written, 'revision', [customerId]);
    const loaded = await this.#store.load(this.#tenantId, customerId);
    return this.#see(customerId, loaded);
  }

  #see(customerId: CustomerId, stamped: StampedState): StampedState {
    const { state } = stamped;
    this.#release ??= state.release;
    const seen =
      state.release === this.#release ? stamped : { ...stamped, state: underRelease(state, this.#release) };
    this.#seen.set(customerId, seen);
    return seen;
  }
}

/** A release that is published meanwhile decides from the next request on. */
function underRelease(state: StampedState['state'], release: Release): StampedState['state'] {
  return state.kind === 'KNOWN' ? knownState(release, state.account) : { ...state, release };
}
