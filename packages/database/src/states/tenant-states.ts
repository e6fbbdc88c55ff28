import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import DataLoader from 'dataloader';
import { type CustomerId, knownState, withoutReservations, type Release, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError } from '../connection/errors.js';
import { readTransaction } from '../connection/transaction.js';
import type { NewEvent } from '../event-log/append.js';
import type { EventFeed, Watch } from '../event-log/event-feed.js';
import { isPublication } from '../event-log/publication-events.js';
import { checkRevision, newestRevision, type StoredEvent } from '../event-log/read.js';
import { ORIGIN, parseRevision, positionOf, type Revision } from '../event-log/revision.js';
import { publishedRelease, rulesVersion } from '../repositories/releases.js';
import { loadStates } from '../repositories/states.js';
import type { Result } from '../result.js';
import {
  applyCounter,
  applyOwnCounter,
  countersIn,
  type CounterEvent,
  type KeptState,
  Loading,
  readAgainAt,
} from './kept-state.js';
import type { StatesOfTenant } from './kept-states.js';
import { LiveRelease } from './live-release.js';

const BATCH_MAX = 1000;
/** Of the newest events, by which a revision of another history is told without asking the database. */
const TAGS_KEPT = 4096;
const NUDGE_MS = 50;
const MOST_LOADS = 8;
/** Reads under way at once. */
const MOST_READS = 2;

/**
 * One tenant's states, kept current by its log: an event about a customer drops its state, a usage event moves its
 * counters, a release swaps the rules of all.
 */
export class TenantStates {
  readonly #db: Database;
  readonly #tenantId: TenantId;
  readonly #kept: StatesOfTenant;
  #watch: Watch | null = null;
  #starting: Promise<void> | null = null;
  readonly #live = new LiveRelease();
  readonly #loading = new Map<CustomerId, Loading>();
  readonly #loader: DataLoader<CustomerId, KeptState>;
  readonly #reader: DataLoader<CustomerId, KeptState>;
  #reads = 0;
  readonly #waiting: (() => void)[] = [];
  /** Revisions by position. */
  readonly #tags = new Map<number, Revision>();

  constructor(db: Database, tenantId: TenantId, kept: StatesOfTenant) {
    this.#db = db;
    this.#tenantId = tenantId;
    this.#kept = kept;
    this.#loader = this.#batched((ids) => this.#loadBatch(ids));
    // What was read for one who asked is nobody else's: the next one reads anew.
    this.#reader = this.#batched((ids) => this.#readBatch(ids), false);
  }

  #batched(
    load: (ids: readonly CustomerId[]) => Promise<KeptState[]>,
    cache = true,
  ): DataLoader<CustomerId, KeptState> {
    return new DataLoader(load, {
      cache,
      maxBatchSize: BATCH_MAX,
      batchScheduleFn: (dispatch) => {
        this.#schedule(dispatch);
      },
    });
  }

  /** Attaches to the log, before anything is loaded: what happens from here on is heard of. */
  start(feed: EventFeed): Promise<void> {
    // The watch is there before the release is: who comes in between waits as well.
    if (this.#starting !== null) return this.#starting;
    if (this.#watch !== null) return Promise.resolve();
    return (this.#starting = this.#attach(feed).finally(() => (this.#starting = null)));
  }

  async #attach(feed: EventFeed): Promise<void> {
    this.#watch = await feed.watch(this.#tenantId, {
      // INVARIANT (one history): what is decided at a revision is decided by the release that is live there.
      prepare: async (events) => {
        if (events.some(isPublication)) await this.#readRelease();
      },
      events: (events) => {
        for (const event of events) this.#heard(event);
      },
      lost: () => {
        this.#forgetAll();
      },
    });
    try {
      await this.#readRelease();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  end(): void {
    this.#watch?.end();
    this.#watch = null;
  }

  get watch(): Watch | null {
    return this.#watch;
  }

  /** The live release, as soon as it was read once. */
  get release(): Release | null {
    return this.#live.release;
  }

  /** Where that was first known to be live: it may be ahead of what the log has told of. */
  get releasedAt(): Revision {
    return this.#live.since;
  }

  kept(customerId: CustomerId): KeptState | undefined {
    const kept = this.#kept.get(customerId);
    if (kept === undefined || this.#live.release === null || this.#live.move(kept)) return kept;
    this.drop(customerId);
    return undefined;
  }

  /** Loads a state, in one batch with all that are asked for at the same time; who asks while it is on its way waits for it. */
  load(customerId: CustomerId): Promise<KeptState> {
    return this.#loader.load(customerId);
  }

  /** Reads a state, in one batch with all that are asked for at the same time, and keeps it not. */
  read(customerId: CustomerId): Promise<KeptState> {
    return this.#reader.load(customerId);
  }

  drop(customerId: CustomerId): void {
    this.#kept.delete(customerId);
  }

  /** What is kept, or on its way, may be older than `revision`: it is read again. */
  dropBefore(customerId: CustomerId, revision: Revision): void {
    this.#loading.get(customerId)?.changed(positionOf(revision));
    this.drop(customerId);
  }

  async #readBatch(ids: readonly CustomerId[]): Promise<KeptState[]> {
    const read = await this.#read([...new Set(ids)]);
    return inOrderOf(ids, read);
  }

  async #loadBatch(ids: readonly CustomerId[]): Promise<KeptState[]> {
    try {
      return await this.#loadAll(ids);
    } finally {
      // The loader keeps what is on its way; what has arrived is kept by its size, and dropped by events.
      for (const id of ids) this.#loader.clear(id);
    }
  }

  async #loadAll(ids: readonly CustomerId[]): Promise<KeptState[]> {
    const found = new Map<CustomerId, KeptState>();
    let missing = [...ids];
    for (let round = 1; missing.length > 0; round += 1) {
      if (round > MOST_LOADS)
        throw new DatabaseUnavailableError('the state changes faster than it can be read', null);
      const loadings = new Map(missing.map((id) => [id, this.#begin(id)]));
      try {
        for (const [id, kept] of await this.#read(missing)) {
          const loading = loadings.get(id);
          if (!loading?.isStillGood(kept)) continue;
          if (this.#live.release !== null && !this.#live.move(kept)) continue;
          strip(kept);
          if (!loading.catchUp(kept)) continue;
          this.#kept.set(id, kept);
          found.set(id, kept);
        }
      } finally {
        for (const [id, loading] of loadings) if (this.#loading.get(id) === loading) this.#loading.delete(id);
      }
      missing = missing.filter((id) => !found.has(id));
    }
    return inOrderOf(ids, found);
  }

  /** While reads are under way, who comes is read for together afterwards. */
  #schedule(dispatch: () => void): void {
    if (this.#reads < MOST_READS) setImmediate(dispatch);
    else this.#waiting.push(dispatch);
  }

  #begin(id: CustomerId): Loading {
    const loading = new Loading();
    this.#loading.set(id, loading);
    return loading;
  }

  async #read(ids: readonly CustomerId[]): Promise<Map<CustomerId, KeptState>> {
    const loadedTime = performance.now();
    this.#reads += 1;
    const { revision, release, states, accounts } = await loadStates(this.#db, this.#tenantId, ids).finally(
      () => {
        this.#reads -= 1;
        this.#waiting.shift()?.();
      },
    );
    this.#live.adopt(release, revision);
    const read = new Map<CustomerId, KeptState>();
    for (const [id, state] of states) {
      const stored = accounts.get(id);
      read.set(id, {
        customerId: id,
        state,
        readAgainAt: readAgainAt(state),
        loadedAt: revision,
        loadedTime,
        newest: revision,
        subject: stored?.row.subject ?? null,
        meterVersions: new Map(stored?.meterVersions),
      });
    }
    return read;
  }

  async #readRelease(): Promise<void> {
    const read = await readTransaction(this.#db, this.#tenantId, async (transaction) => ({
      release: await publishedRelease(this.#db, transaction, await rulesVersion(transaction)),
      since: await newestRevision(transaction),
    }));
    this.#live.adopt(read.release, read.since);
  }

  #heard(event: StoredEvent): void {
    const position = positionOf(event.cursor);
    this.#tags.set(position, event.cursor);
    this.#tags.delete(position - TAGS_KEPT);
    const counters = countersIn(event);
    if (counters.length > 0) this.#count(counters);
    else if (event.customerId !== null) this.#changed(event.customerId, position);
  }

  /** INVARIANT (own writes): what this process has written and answered is in the states that it decides on. */
  committed(revision: Revision, events: readonly NewEvent[]): void {
    for (const event of events) {
      const counters = countersIn(event);
      if (counters.length > 0) this.#countHere(counters, revision);
      else if (event.customer !== null) this.dropBefore(event.customer.id, revision);
    }
  }

  /** As `dropBefore`, where this process has not read the log up to there. */
  answered(customerId: CustomerId, revision: Revision): void {
    const loadedAt = this.#kept.get(customerId)?.loadedAt ?? ORIGIN;
    if (loadedAt < revision && (this.#watch?.revision ?? ORIGIN) < revision)
      this.dropBefore(customerId, revision);
  }

  #countHere(counters: readonly CounterEvent[], committedAt: Revision): void {
    for (const counter of counters) {
      const kept = this.#kept.bySubject(counter.subject);
      if (kept && !applyOwnCounter(kept, counter, committedAt)) this.drop(kept.customerId);
    }
    for (const loading of this.#loading.values()) loading.countedHere(counters, committedAt);
  }

  #count(counters: readonly CounterEvent[]): void {
    for (const counter of counters) {
      const kept = this.#kept.bySubject(counter.subject);
      if (kept) applyCounter(kept, counter);
    }
    for (const loading of this.#loading.values()) loading.counted(counters);
  }

  #changed(customerId: CustomerId, position: number): void {
    this.#loading.get(customerId)?.changed(position);
    const kept = this.kept(customerId);
    if (kept && positionOf(kept.loadedAt) < position) this.drop(customerId);
  }

  #forgetAll(): void {
    this.#watch = null;
    this.#live.forget();
    this.#tags.clear();
    for (const loading of this.#loading.values()) loading.changed(Number.MAX_SAFE_INTEGER);
    this.#kept.deleteAll();
  }

  /**
   * Makes sure that states from here on hold `revision`. `false`: what is kept may be older, load anew.
   * CONFLICT where this history has no such revision, UNAVAILABLE where it has not arrived anywhere yet.
   */
  async reach(text: string): Promise<Result<{ readonly held: boolean; readonly revision: Revision }>> {
    const revision = parseRevision(text);
    const held = revision !== null && (await this.#isRead(revision));
    if (held && (revision === ORIGIN || this.#tags.get(positionOf(revision)) === revision)) {
      return { ok: true, held, revision };
    }
    const reached = await checkRevision(this.#db, this.#tenantId, text);
    return reached.ok ? { ok: true, held, revision: reached.revision } : reached;
  }

  /** Whether this process has read the log up to there; waits a little, since that is mostly a matter of milliseconds. */
  async #isRead(revision: Revision): Promise<boolean> {
    const watch = this.#watch;
    if (watch === null) return false;
    const position = positionOf(revision);
    const until = performance.now() + NUDGE_MS;
    while (positionOf(watch.revision) < position && performance.now() < until) {
      await Promise.race([watch.look().catch(() => undefined), delay(NUDGE_MS)]);
      if (positionOf(watch.revision) < position) await delay(NUDGE_MS / 10);
    }
    return positionOf(watch.revision) >= position;
  }
}

/** Usage events move the sums of reservations, so these are all that is kept of them. */
function strip(kept: KeptState): void {
  const { state } = kept;
  if (state.kind !== 'KNOWN') return;
  const account = withoutReservations(state.account);
  if (account !== state.account) kept.state = knownState(state.release, account);
}

function inOrderOf(ids: readonly CustomerId[], states: ReadonlyMap<CustomerId, KeptState>): KeptState[] {
  return ids.map((id) => {
    const kept = states.get(id);
    if (!kept) throw new Error(`no state was loaded for customer ${id}`);
    return kept;
  });
}
