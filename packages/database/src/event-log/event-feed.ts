import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { readTransaction } from '../connection/transaction.js';
import type { Result } from '../result.js';
import type { Follower } from './follower.js';
import { LOOK_CHANNEL } from './look-signal.js';
import { cursorExpired, newestRevision, placeOf, readEvents, type StoredEvent } from './read.js';
import { positionOf, type Revision } from './revision.js';
import { TenantTail } from './tenant-tail.js';

const POLL_MS = 250;
const PAGE = 500;

export interface FeedFollower {
  /** The position from which it starts. */
  readonly from: Revision;
  readonly events: AsyncIterableIterator<StoredEvent>;
}

/**
 * Follows the logs of the tenants that somebody listens to. One reader per process: look signals wake it, and it
 * polls every 250 ms besides, so that a lost signal costs latency and never an event.
 *
 * A follower is attached to the live feed first, then reads history, then drops what it has seen: nothing is
 * missed and nothing comes twice across the switch.
 */
export class EventFeed {
  readonly #db: Database;
  readonly #tenants = new Map<TenantId, TenantTail>();
  #listener: Client | null = null;
  #running = false;
  #poll: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(db: Database) {
    this.#db = db;
  }

  async start(): Promise<void> {
    this.#running = true;
    await this.#listen();
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

  /** Everything after `after` (null: from now on), in order. CURSOR_EXPIRED where that place is not in the log. */
  async follow(tenantId: TenantId, after: Revision | null): Promise<Result<FeedFollower>> {
    const start = await readTransaction(this.#db, tenantId, async (transaction) => ({
      newest: await newestRevision(transaction),
      place: after === null ? ('HELD' as const) : await placeOf(transaction, after),
    }));
    if (start.place !== 'HELD') return cursorExpired();
    const from = after ?? start.newest;
    const tail = this.#tail(tenantId, positionOf(start.newest));
    const follower = tail.attach(positionOf(from));
    void this.#catchUp(tenantId, follower);
    return { ok: true, from, events: follower.events() };
  }

  #tail(tenantId: TenantId, newest: number): TenantTail {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const tail = new TenantTail(newest, () => this.#tenants.delete(tenantId));
    this.#tenants.set(tenantId, tail);
    return tail;
  }

  /** History up to where the live feed took over. */
  async #catchUp(tenantId: TenantId, follower: Follower): Promise<void> {
    try {
      while (this.#running && follower.behind()) {
        const events = await readTransaction(this.#db, tenantId, (transaction) =>
          readEvents(transaction, follower.position, PAGE),
        );
        if (events.length === 0) break;
        follower.history(events);
        await follower.drained();
      }
      follower.live();
    } catch (error) {
      follower.fail(error);
    }
  }

  async #listen(): Promise<void> {
    const client = new Client({ connectionString: this.#db.url });
    client.on('error', () => this.#relisten(client));
    client.on('notification', (message) => {
      for (const tenantId of (message.payload ?? '').split(',')) this.#look(tenantId);
    });
    this.#listener = client;
    await client.connect();
    await client.query(`listen ${LOOK_CHANNEL}`);
  }

  #relisten(broken: Client): void {
    if (!this.#running || this.#listener !== broken) return;
    void broken.end().catch(() => undefined);
    void delay(POLL_MS).then(() =>
      this.#running ? this.#listen().catch(() => this.#relistenAgain()) : undefined,
    );
  }

  #relistenAgain(): void {
    if (this.#listener) this.#relisten(this.#listener);
  }

  #look(tenantId: string): void {
    for (const [known, tail] of this.#tenants) if (known === tenantId) void this.#read(known, tail);
  }

  async #pollForever(): Promise<void> {
    while (this.#running) {
      await delay(POLL_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      await this.#pollOnce().catch(() => undefined);
    }
  }

  async #pollOnce(): Promise<void> {
    if (!this.#running || this.#tenants.size === 0) return;
    const { rows } = await this.#db.pool.query<{ tenant_id: TenantId; position: number }>({
      name: 'log-positions',
      text: 'select tenant_id, position from log_positions($1)',
      values: [[...this.#tenants.keys()]],
    });
    for (const row of rows) {
      const tail = this.#tenants.get(row.tenant_id);
      if (tail && row.position > tail.position) await this.#read(row.tenant_id, tail);
    }
  }

  /** One read at a time per tenant; a signal that comes meanwhile makes it look once more. */
  async #read(tenantId: TenantId, tail: TenantTail): Promise<void> {
    if (!tail.beginReading()) return;
    try {
      do {
        const events = await readTransaction(this.#db, tenantId, (transaction) =>
          readEvents(transaction, tail.position, PAGE),
        );
        tail.push(events);
        if (events.length === PAGE) tail.lookAgain();
      } while (tail.mustLookAgain());
    } catch {
      // Out of reach: the poll comes back to it.
    } finally {
      tail.endReading();
    }
  }
}
