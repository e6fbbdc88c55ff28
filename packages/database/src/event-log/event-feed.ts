import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type QueryConfig } from 'pg';
import { parseTenantId, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { DatabaseClock } from '../connection/database-clock.js';
import { readTransaction, type Transaction } from '../connection/transaction.js';
import type { Result } from '../result.js';
import { type Followed, type Follower, LostHistoryError, type Start } from './follower.js';
import { LOOK_CHANNEL } from './look-signal.js';
import { cursorExpired, newestRevision, placeOf, readHistory, readOn } from './read.js';
import { type Revision } from './revision.js';
import { TenantTail, type Watcher } from './tenant-tail.js';
import { Turns } from './turns.js';

const POLL_MS = 250;
/** A network that swallows what is sent answers nothing, not even that it is down. */
const POLL_LIMIT_MS = 2000;
const PAGE = 500;
/** Of history, which each follower reads for itself. */
const HISTORY_PAGE = 100;
/** Of those who resume, how many may ask the database at once: the other connections are for who asks something. */
const HISTORY_READS = 3;

export interface FeedFollower {
  /** The position from which it starts. */
  readonly from: Revision;
  readonly events: Followed;
}

/** What was the newest revision at a moment, by `performance.now()`. */
export interface KnownEnd {
  readonly revision: Revision;
  readonly readAt: number;
}

/** The end of a tenant's log, as far as this process has read it. */
export interface Watch {
  readonly revision: Revision;
  /** When that was known to be the end, by `performance.now()`. */
  readonly confirmedAt: number;
  /** Reads what is new now; rejects where the database is out of reach. */
  look(): Promise<void>;
  end(): void;
}

interface EndsRow {
  readonly clock: Date;
  readonly ends: Readonly<Record<TenantId, string>>;
}

/**
 * Follows the logs of the tenants that somebody listens to. One reader per process: look signals wake it, and it
 * polls every 250 ms besides, so that a lost signal costs latency and never an event.
 *
 * A follower is attached to the live feed first, then reads history, then drops what it has seen: nothing is
 * missed and nothing comes twice across the switch.
 */
export class EventFeed {
  /** Measured with each poll. */
  readonly clock = new DatabaseClock();
  readonly #db: Database;
  readonly #tenants = new Map<TenantId, TenantTail>();
  readonly #historyReads = new Turns(HISTORY_READS);
  /** Null: signals come over NATS. */
  #listener: Client | null = null;
  #listening = false;
  #running = false;
  #poll: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();
  #confirmedAt = performance.now();
  #reachable = true;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Milliseconds since the logs that are followed were last known to be read to their ends. */
  get lag(): number {
    return performance.now() - this.#confirmedAt;
  }

  /** Whether look signals come in; while they do not, what is new is found by polling. */
  get listening(): boolean {
    return this.#db.nats?.connected ?? this.#listening;
  }

  /** Whether the database answered when it was asked last. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /** Bytes of events that followers have not taken yet; each counts what it shares with others. */
  get waitingBytes(): number {
    return [...this.#tenants.values()].reduce((total, tail) => total + tail.waitingBytes, 0);
  }

  /** How many listen. */
  get followers(): number {
    return [...this.#tenants.values()].reduce((total, tail) => total + tail.followers, 0);
  }

  async start(): Promise<void> {
    this.#running = true;
    if (this.#db.nats === null) await this.#listen();
    await this.#pollOnce();
    this.#poll = this.#pollForever();
  }

  /** Ends all followers. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#stopping.abort();
    for (const tail of this.#tenants.values()) tail.end();
    await this.#poll;
    await this.#listener?.end().catch(() => undefined);
  }

  /**
   * Everything after `after` (null: from now on), in order. CURSOR_EXPIRED where that place is not in the log.
   * `subject`: of the customer whose events alone are wanted, besides those that are about no customer. `listed`: none of usage.
   */
  async follow(
    tenantId: TenantId,
    after: Revision | null,
    { subject = null, listed = false }: Partial<Omit<Start, 'from'>> = {},
  ): Promise<Result<FeedFollower>> {
    const readAt = performance.now();
    const start = await this.#readHistory(tenantId, async (transaction) => ({
      newest: await newestRevision(transaction),
      place: after === null ? ('HELD' as const) : await placeOf(transaction, after),
    }));
    if (start.place !== 'HELD') return cursorExpired();
    const from = after ?? start.newest;
    const events = this.followFrom(tenantId, { revision: start.newest, readAt }, { from, subject, listed });
    return { ok: true, from, events };
  }

  /**
   * Everything after a position that `known` was read behind, or at: nothing is asked for. `known`: a revision of this
   * log, and a moment (`performance.now()`) at which it was the newest.
   */
  followFrom(tenantId: TenantId, known: KnownEnd, start: Start): Followed {
    const follower = this.#tail(tenantId, known.revision, known.readAt).attach(start);
    void this.#catchUp(tenantId, follower, start.from);
    return follower;
  }

  /** Tells of every event from now on, as soon as it is read. */
  async watch(tenantId: TenantId, watcher: Watcher): Promise<Watch> {
    const known = this.#tenants.get(tenantId);
    const tail = known ?? (await this.#newTail(tenantId));
    const end = tail.watch(watcher);
    return {
      get revision() {
        return tail.revision;
      },
      get confirmedAt() {
        return tail.confirmedAt;
      },
      look: () => this.#read(tenantId, tail),
      end,
    };
  }

  async #newTail(tenantId: TenantId): Promise<TenantTail> {
    const readAt = performance.now();
    return this.#tail(tenantId, await readTransaction(this.#db, tenantId, newestRevision), readAt);
  }

  #tail(tenantId: TenantId, newest: Revision, readAt: number): TenantTail {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const tail: TenantTail = new TenantTail(newest, readAt, () => {
      if (this.#tenants.get(tenantId) !== tail) return;
      this.#tenants.delete(tenantId);
      unfollow?.();
    });
    this.#tenants.set(tenantId, tail);
    const unfollow = this.#db.nats?.follow(tenantId, () => {
      this.#look(tenantId);
    });
    return tail;
  }

  /**
   * History up to where the live feed took over. INVARIANT (one history): each page is read behind the event that ended
   * the one before, so that none is of a log that took its place meanwhile.
   */
  async #catchUp(tenantId: TenantId, follower: Follower, from: Revision): Promise<void> {
    let last = from;
    try {
      while (this.#running && follower.behind()) {
        const events = await this.#readHistory(tenantId, (transaction) =>
          readHistory(transaction, last, HISTORY_PAGE),
        );
        const newest = events?.at(-1);
        if (!events || !newest) throw new LostHistoryError();
        follower.history(events);
        last = newest.cursor;
        await follower.drained();
      }
      follower.live();
    } catch (error) {
      follower.fail(error);
    }
  }

  #readHistory<T>(tenantId: TenantId, read: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#historyReads.take(() => readTransaction(this.#db, tenantId, read));
  }

  async #listen(): Promise<void> {
    const client = new Client({ connectionString: this.#db.url });
    client.on('error', () => {
      this.#relisten(client);
    });
    client.on('notification', (message) => {
      for (const text of (message.payload ?? '').split(',')) this.#look(text);
    });
    this.#listener = client;
    await client.connect();
    await client.query(`listen ${LOOK_CHANNEL}`);
    this.#listening = true;
  }

  #relisten(broken: Client): void {
    if (!this.#running || this.#listener !== broken) return;
    this.#listening = false;
    void broken.end().catch(() => undefined);
    // Every gateway has lost its listener at the same moment; they do not come back at the same moment.
    void delay(POLL_MS * (1 + Math.random())).then(() =>
      this.#running
        ? this.#listen().catch(() => {
            this.#relistenAgain();
          })
        : undefined,
    );
  }

  #relistenAgain(): void {
    if (this.#listener) this.#relisten(this.#listener);
  }

  #look(text: string): void {
    const tenantId = parseTenantId(text);
    const tail = tenantId === null ? undefined : this.#tenants.get(tenantId);
    // Out of reach: the poll comes back to it.
    if (tenantId !== null && tail) void this.#read(tenantId, tail).catch(() => undefined);
  }

  async #pollForever(): Promise<void> {
    while (this.#running) {
      await delay(POLL_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      await this.#pollOnce().then(
        () => (this.#reachable = true),
        () => {
          this.#reachable = false;
          // What answers next may be another server, with another clock.
          this.clock.restart();
        },
      );
    }
  }

  /** INVARIANT (confirmed): a tail is known to be the end of its log as of the moment before the question was sent. */
  async #pollOnce(): Promise<void> {
    if (!this.#running) return;
    const asked = [...this.#tenants];
    const sentAt = performance.now();
    const question: QueryConfig & { readonly query_timeout: number } = {
      name: 'log-ends',
      text: `select clock_timestamp() as clock,
                    (select coalesce(json_object_agg(tenant_id, revision), '{}') from log_ends($1)) as ends`,
      values: [asked.map(([tenantId]) => tenantId)],
      query_timeout: POLL_LIMIT_MS,
    };
    const { rows } = await this.#db.pool.query<EndsRow>(question);
    const [row] = rows;
    if (!row) throw new Error('an aggregate without a row');
    this.clock.sample(row.clock, sentAt, performance.now());
    const behind = asked.filter(([tenantId, tail]) => row.ends[tenantId] !== tail.revision);
    for (const [tenantId, tail] of asked)
      if (row.ends[tenantId] === tail.revision) tail.confirmedAt = Math.max(tail.confirmedAt, sentAt);
    // A log that cannot be read makes that of nobody else old.
    let unread = 0;
    for (const [tenantId, tail] of behind)
      await this.#read(tenantId, tail).catch(() => {
        unread += 1;
      });
    if (unread === 0) this.#confirmedAt = sentAt;
  }

  #read(tenantId: TenantId, tail: TenantTail): Promise<void> {
    return tail.read(async () => {
      const readAt = performance.now();
      const events = await readTransaction(this.#db, tenantId, (transaction) =>
        readOn(transaction, tail.revision, PAGE),
      );
      if (events === null) {
        tail.lose(new LostHistoryError());
        return;
      }
      await tail.prepare(events);
      tail.push(events);
      if (events.length < PAGE) tail.confirmedAt = Math.max(tail.confirmedAt, readAt);
      else tail.readAgain();
    });
  }
}
