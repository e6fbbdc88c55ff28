import { performance } from 'node:perf_hooks';
import type { CustomerId, CustomerState, Instant, Release, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError } from '../connection/errors.js';
import type { NewEvent } from '../event-log/append.js';
import type { CommitListener } from '../event-log/commits.js';
import type { EventFeed, KnownEnd } from '../event-log/event-feed.js';
import type { Revision } from '../event-log/revision.js';
import type { Result } from '../result.js';
import type { KeptState } from './kept-state.js';
import { KeptStates } from './kept-states.js';
import { TenantStates } from './tenant-states.js';

/** A customer's state as far as this process knows it. */
export interface StampedState {
  readonly state: CustomerState;
  /** Up to which it is known to be current. */
  readonly revision: Revision;
  /** Nothing that came after it is in the state: beyond `revision` some may be, such as what this process has written. */
  readonly newest: Revision;
  /** When that was. */
  readonly asOf: Instant;
  /** The database's clock: decide by it. */
  readonly now: Instant;
  /** It could not be asked whether the state is still the present one: decide by `decideStale`. */
  readonly stale: boolean;
}

/** A state that was read for one who asked. */
export interface ReadState {
  readonly stamped: StampedState;
  /** By which the log names the customer; null: there is none. */
  readonly subject: string | null;
  /** Of the log, when it was read: what comes after it is not in the state. */
  readonly end: KnownEnd;
}

export interface StateStoreOptions {
  /** How many customers' states are kept. */
  readonly customers: number;
}

/** The feed is asked every 250 ms; when it has had no answer for so long, the database is out of reach. */
const STALE_AFTER_MS = 1000;
/** How long a check waits for a state that is not kept, while the database answers, and while it does not. */
const LOAD_MS = 5000;
const LOAD_UNREACHABLE_MS = 250;

/**
 * The states that checks are decided on, in memory: loaded once, in batches, and from then on moved by events.
 * A check whose customer is kept does no I/O. Without the database kept states go on, marked stale.
 */
export class StateStore implements CommitListener {
  readonly #db: Database;
  readonly #feed: EventFeed;
  readonly #tenants = new Map<TenantId, TenantStates>();
  readonly #states: KeptStates;
  readonly #stopListening: () => void;
  hits = 0;
  misses = 0;

  constructor(db: Database, feed: EventFeed, { customers }: StateStoreOptions) {
    this.#db = db;
    this.#feed = feed;
    this.#states = new KeptStates(customers);
    this.#stopListening = db.commits.listen(this);
  }

  close(): void {
    this.#stopListening();
    for (const tenant of this.#tenants.values()) tenant.end();
    this.#tenants.clear();
  }

  committed(tenantId: TenantId, revision: Revision, events: readonly NewEvent[]): void {
    this.#tenants.get(tenantId)?.committed(revision, events);
  }

  answered(tenantId: TenantId, revision: Revision, customerId: CustomerId): void {
    this.#tenants.get(tenantId)?.answered(customerId, revision);
  }

  /** How many states are kept. */
  get size(): number {
    return this.#states.size;
  }

  /** The state from memory, without any I/O; null where it is not there. */
  peek(tenantId: TenantId, customerId: CustomerId): StampedState | null {
    const tenant = this.#tenants.get(tenantId);
    const kept = tenant?.kept(customerId);
    if (tenant === undefined || kept === undefined || tenant.watch === null) return null;
    const stamped = this.#stamp(tenant, kept);
    // Out of reach, what was held counts on as held.
    if (kept.readAgainAt <= stamped.now && !stamped.stale) return null;
    this.hits += 1;
    return stamped;
  }

  /** The state from memory, else from the database; DatabaseUnavailableError where neither has even the rules. */
  async load(tenantId: TenantId, customerId: CustomerId): Promise<StampedState> {
    const kept = this.peek(tenantId, customerId);
    if (kept !== null) return kept;
    this.misses += 1;
    const tenant = this.#tenant(tenantId);
    try {
      return this.#stamp(tenant, await this.#inTime(this.#fetch(tenant, customerId)));
    } catch (error) {
      const unknown =
        error instanceof DatabaseUnavailableError ? this.outOfReach(tenantId, customerId) : null;
      if (unknown === null) throw error;
      return unknown;
    }
  }

  /**
   * The state as the database has it now, not kept: for who waits for what changes it, and looks at it no more until
   * then. DatabaseUnavailableError where it is out of reach.
   */
  async read(tenantId: TenantId, customerId: CustomerId): Promise<ReadState> {
    const tenant = this.#tenant(tenantId);
    const read = tenant.start(this.#feed).then(() => tenant.read(customerId));
    const { state, loadedAt, loadedTime, subject } = await this.#inTime(read);
    const asOf = this.#feed.clock.at(loadedTime);
    const now = later(asOf, state.release.publication.at);
    return {
      stamped: { state, revision: loadedAt, newest: loadedAt, asOf, now, stale: false },
      subject,
      end: { revision: loadedAt, readAt: loadedTime },
    };
  }

  /** What a customer is decided on while the database is out of reach; null where not even the rules are known. */
  outOfReach(tenantId: TenantId, customerId: string): StampedState | null {
    const { release = null, watch = null } = this.#tenants.get(tenantId) ?? {};
    if (release === null || watch === null) return null;
    const { clock } = this.#feed;
    return {
      state: { kind: 'OUT_OF_REACH', release, customerId },
      revision: watch.revision,
      newest: watch.revision,
      asOf: clock.at(watch.confirmedAt),
      now: clock.now(),
      stale: true,
    };
  }

  /** The live release that checks are decided by. */
  async release(tenantId: TenantId): Promise<Release> {
    const tenant = this.#tenant(tenantId);
    if (tenant.release === null) await tenant.start(this.#feed);
    if (tenant.release === null) throw new Error('a release was read');
    return tenant.release;
  }

  /**
   * Makes sure that the customers' states from now on hold `revision`. CONFLICT where this history has no such
   * revision, UNAVAILABLE where it has not arrived yet.
   */
  async reach(
    tenantId: TenantId,
    revision: string,
    customerIds: readonly CustomerId[],
  ): Promise<Result<object>> {
    const tenant = this.#tenant(tenantId);
    const reached = await this.#inTime(tenant.start(this.#feed).then(() => tenant.reach(revision)));
    if (reached.ok && !reached.held) for (const id of customerIds) tenant.dropBefore(id, reached.revision);
    return reached;
  }

  #tenant(tenantId: TenantId): TenantStates {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const tenant = new TenantStates(this.#db, tenantId, this.#states.ofTenant());
    this.#tenants.set(tenantId, tenant);
    return tenant;
  }

  async #fetch(tenant: TenantStates, customerId: CustomerId): Promise<KeptState> {
    await tenant.start(this.#feed);
    return tenant.load(customerId);
  }

  async #inTime<T>(load: Promise<T>): Promise<T> {
    const limit = this.#feed.reachable ? LOAD_MS : LOAD_UNREACHABLE_MS;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new DatabaseUnavailableError('the state did not arrive in time', null));
      }, limit);
    });
    return Promise.race([load, late]).finally(() => {
      clearTimeout(timer);
    });
  }

  #stamp(tenant: TenantStates, { state, loadedAt, loadedTime, newest }: KeptState): StampedState {
    const { watch, releasedAt } = tenant;
    const reading = performance.now();
    // A state may have been read before its events arrive here.
    const revision = watch === null ? loadedAt : newer(watch.revision, loadedAt);
    const confirmedAt = watch === null ? loadedTime : Math.max(watch.confirmedAt, loadedTime);
    const { clock } = this.#feed;
    return {
      state,
      revision,
      newest: newer(newer(revision, newest), releasedAt),
      asOf: clock.at(confirmedAt),
      // Where the clock lags behind: nothing is decided by a release before it was published.
      now: later(clock.at(reading), state.release.publication.at),
      stale: reading - confirmedAt > STALE_AFTER_MS,
    };
  }
}

function newer(one: Revision, other: Revision): Revision {
  return one > other ? one : other;
}

function later(one: Instant, other: Instant): Instant {
  return one > other ? one : other;
}
