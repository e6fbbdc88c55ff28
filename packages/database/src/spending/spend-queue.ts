import type { TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { keyedDigest } from '../crypto/keyed-digest.js';
import { setTimeout as delay } from 'node:timers/promises';
import type { Caller } from '../event-log/append.js';
import { refused, type Refused, type Result } from '../result.js';
import { type Ended, type Settled, SpendBatches } from './batches.js';
import { KeptAccounts } from './kept-account.js';
import { KnownReservations } from './known-reservations.js';
import { ListAnswers, type Listener } from './listener.js';
import { ask, type Asked, type QueuedRequest, type SpendRequest, type Verdict } from './request.js';

export interface SpendQueueOptions {
  /** Requests of one tenant that may be open; what comes beyond is RATE_LIMITED. */
  readonly mostOfTenant?: number;
  /** Requests of all tenants that may be open. */
  readonly mostInAll?: number;
  /** Batches in flight over all tenants: each holds one connection, and reads want some as well. */
  readonly mostInFlight?: number;
  /** Customers whose entitlements are remembered between batches; those of the half that spent last surely are. */
  readonly mostAccounts?: number;
  /** Told the size of each batch that is sent. */
  readonly onBatch?: (requests: number) => void;
}

const MOST_IN_BATCH = 1_000;
const SHARDS = 2;
/** How long an answer waits for the next batch: one of another process may hold that one's counters. */
const MOST_MS_UNANSWERED = 2;
/** How often a request may be put back because something had to be done first. */
const MOST_RETURNS = 8;

/** A request on its way. */
interface Open {
  readonly asked: Asked;
  readonly place: number;
  readonly listener: Listener;
  returns: number;
  ended: boolean;
}

/** Requests of one tenant whose counters hash alike: one batch of them is in flight at a time, in arrival order. */
interface Shard {
  readonly tenantId: TenantId;
  waiting: Open[];
  state: 'IDLE' | 'READY' | 'RUNNING';
  /** Until what the batch in flight writes is on the wire. */
  sent: Promise<void>;
}

interface TenantQueue {
  readonly shards: readonly Shard[];
  open: number;
}

/**
 * Combines the spends of a process: those of one tenant that come while a batch is on its way make the next one.
 * At most two batches of a tenant are in flight, one per shard of its counters; ready shards take turns, so that
 * no tenant waits for another's backlog. Each request has its own verdict, and what was acknowledged is durable.
 */
export class SpendQueue {
  readonly #keyOf: (text: string) => string;
  readonly #batches: SpendBatches;
  /** Whose a reservation is, by its id. */
  readonly reservations: KnownReservations;
  readonly #mostOfTenant: number;
  readonly #mostInAll: number;
  readonly #mostInFlight: number;
  readonly #onBatch: (requests: number) => void;
  readonly #tenants = new Map<TenantId, TenantQueue>();
  readonly #ready: Shard[] = [];
  readonly #drained: (() => void)[] = [];
  #scheduled = false;
  #inFlight = 0;
  #open = 0;
  #closed = false;

  constructor(db: Database, options: SpendQueueOptions = {}) {
    this.#keyOf = keyedDigest(db.keys.operation);
    this.reservations = new KnownReservations(db);
    const accounts = new KeptAccounts(options.mostAccounts ?? 40_000);
    this.#batches = new SpendBatches(db, { accounts, reservations: this.reservations });
    this.#mostOfTenant = options.mostOfTenant ?? 20_000;
    this.#mostInAll = options.mostInAll ?? 100_000;
    this.#onBatch = options.onBatch ?? (() => undefined);
    this.#mostInFlight = options.mostInFlight ?? Math.max(1, Math.floor(db.pool.options.max / 2));
  }

  /** Requests that wait or are on their way. */
  get depth(): number {
    return this.#open;
  }

  /**
   * Answers when the spend is durable, or denied. RATE_LIMITED: the queue is full, nothing was written.
   * UNAVAILABLE: the outcome is unknown, the same key may be sent again. Rejects where this one request, or what
   * it needs, cannot be written: with DatabaseUnavailableError where it was out of reach and nothing was written.
   */
  submit(caller: Caller, request: QueuedRequest): Promise<Result<Verdict>> {
    const refusal = this.#refuse(caller.tenantId);
    if (refusal) return Promise.resolve(refusal);
    return new Promise((answer, fail) => {
      this.#enqueue(ask(this.#keyOf, caller, request), 0, { answer, fail });
    });
  }

  /** A list, each for itself and in order: of a key that comes twice in it, the second is the replay. */
  async submitAll(caller: Caller, requests: readonly SpendRequest[]): Promise<(Result<Verdict> | Error)[]> {
    const refusal = this.#refuse(caller.tenantId);
    if (refusal) return requests.map(() => refusal);
    const results: (Result<Verdict> | Error)[] = [];
    for (const some of inOneGo(requests.map((request) => ask(this.#keyOf, caller, request))))
      results.push(...(await this.#answersTo(some)));
    return results;
  }

  #answersTo(list: readonly Asked[]): Promise<readonly (Result<Verdict> | Error)[]> {
    return new Promise((done) => {
      const listener = new ListAnswers(list.length, done);
      list.forEach((asked, place) => {
        const refusal = this.#refuse(asked.caller.tenantId);
        if (refusal) listener.answer(refusal, place);
        else this.#enqueue(asked, place, listener);
      });
    });
  }

  /** Takes nothing more, and answers when everything that was taken has been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#open > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #refuse(tenantId: TenantId): Refused | null {
    if (this.#closed)
      return refused('UNAVAILABLE', null, 'this gateway is closing and has written nothing; call again');
    const ofTenant = this.#tenants.get(tenantId)?.open ?? 0;
    if (this.#open < this.#mostInAll && ofTenant < this.#mostOfTenant) return null;
    return refused(
      'RATE_LIMITED',
      null,
      'too many spends are waiting, nothing was written; call again later',
    );
  }

  #enqueue(asked: Asked, place: number, listener: Listener): void {
    const tenant = this.#tenantOf(asked.caller.tenantId);
    const shard = tenant.shards[shardOf(asked)];
    if (!shard) throw new Error('a hash is below the number of shards');
    tenant.open += 1;
    this.#open += 1;
    shard.waiting.push({ asked, place, listener, returns: 0, ended: false });
    this.#makeReady(shard);
  }

  #tenantOf(tenantId: TenantId): TenantQueue {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const shards = Array.from({ length: SHARDS }, (): Shard => ({
      tenantId,
      waiting: [],
      state: 'IDLE',
      sent: Promise.resolve(),
    }));
    const tenant = { shards, open: 0 };
    this.#tenants.set(tenantId, tenant);
    return tenant;
  }

  #makeReady(shard: Shard): void {
    if (shard.state !== 'IDLE' || shard.waiting.length === 0) return;
    shard.state = 'READY';
    this.#ready.push(shard);
    this.#schedule();
  }

  /** After the events of this turn: what they bring goes into one batch. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#launch();
    });
  }

  #launch(): void {
    while (this.#inFlight < this.#mostInFlight) {
      const shard = this.#ready.shift();
      if (!shard) return;
      void this.#run(shard);
    }
  }

  async #run(shard: Shard): Promise<void> {
    shard.state = 'RUNNING';
    this.#inFlight += 1;
    const batch = shard.waiting.slice(0, MOST_IN_BATCH);
    shard.waiting = shard.waiting.slice(MOST_IN_BATCH);
    this.#onBatch(batch.length);
    let sent = (): void => undefined;
    shard.sent = new Promise((resolve) => (sent = resolve));
    const ends = await this.#decide(shard.tenantId, batch, sent);
    sent();
    if (ends.some((end) => end.kind === 'HELD_UP')) {
      this.#answer(batch, ends);
      const returned = await this.#clear(shard.tenantId, batch, ends);
      // What comes back is older than what waits.
      shard.waiting = [...returned, ...shard.waiting];
    }
    this.#free(shard);
    // The server writes the next batch while this process answers this one, and who is answered asks again.
    if (isRunning(shard)) await Promise.race([shard.sent, delay(MOST_MS_UNANSWERED)]);
    this.#answer(batch, ends);
  }

  async #decide(tenantId: TenantId, batch: readonly Open[], sent: () => void): Promise<readonly Settled[]> {
    try {
      return await this.#batches.run(
        tenantId,
        batch.map((open) => open.asked),
        sent,
      );
    } catch (error) {
      return batch.map(() => ({ kind: 'FAILED', error }));
    }
  }

  /** Does what holds requests up; returns those that can now be decided. */
  async #clear(tenantId: TenantId, batch: readonly Open[], ends: readonly Settled[]): Promise<Open[]> {
    const heldUp = batch.filter((open) => !open.ended);
    const obstacles = ends.flatMap((end) => (end.kind === 'HELD_UP' ? [end.obstacle] : []));
    const failures = await this.#batches.clear(tenantId, obstacles);
    return heldUp.filter((open, index) => {
      open.returns += 1;
      const failure = open.returns > MOST_RETURNS ? UNDECIDABLE : failures[index];
      if (failure) this.#end(open, failure);
      return !failure;
    });
  }

  #answer(batch: readonly Open[], ends: readonly Settled[]): void {
    batch.forEach((open, index) => {
      const end = ends[index];
      if (end !== undefined && end.kind !== 'HELD_UP') this.#end(open, end);
    });
  }

  #free(shard: Shard): void {
    this.#inFlight -= 1;
    shard.state = 'IDLE';
    this.#makeReady(shard);
    this.#launch();
  }

  #end(open: Open, end: Ended): void {
    if (open.ended) return;
    open.ended = true;
    const { tenantId } = open.asked.caller;
    const tenant = this.#tenantOf(tenantId);
    tenant.open -= 1;
    if (tenant.open === 0) this.#tenants.delete(tenantId);
    this.#open -= 1;
    if (end.kind === 'ANSWERED') open.listener.answer(end.result, open.place);
    if (end.kind === 'FAILED') open.listener.fail(end.error, open.place);
    if (this.#open === 0) for (const drained of this.#drained.splice(0)) drained();
  }
}

function isRunning({ state }: Shard): boolean {
  return state === 'RUNNING';
}

const UNDECIDABLE = { kind: 'FAILED', error: new Error('a spend found no state to decide on') } as const;

/** The same counter always falls into the same shard (FNV-1a). */
function shardOf({ meterId }: Asked): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < meterId.length; index += 1)
    hash = Math.imul(hash ^ meterId.charCodeAt(index), 0x01000193);
  // The low bits of FNV are its weakest.
  return ((hash >>> 16) ^ hash) & (SHARDS - 1);
}

/**
 * Cuts a list where a key comes again with another counter: its first use has to be answered before the second is
 * sent, since shards do not wait for each other.
 */
function inOneGo(list: readonly Asked[]): Asked[][] {
  const parts: Asked[][] = [];
  let part: Asked[] = [];
  let shards = new Map<string, number>();
  for (const asked of list) {
    const shard = shardOf(asked);
    if ((shards.get(asked.key) ?? shard) !== shard) {
      parts.push(part);
      part = [];
      shards = new Map();
    }
    part.push(asked);
    shards.set(asked.key, shard);
  }
  return [...parts, part];
}
