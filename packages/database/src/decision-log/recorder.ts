import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { TenantId } from '@licet/domain';
import { DatabaseUnavailableError } from '../connection/errors.js';
import { type Flush, packFlush } from './flush.js';
import { sealPersonal } from './personal-fields.js';
import type { DecisionRecord } from './record.js';
import type { Spool } from './spool.js';
import { writeFlushes } from './write-flushes.js';

/** `async`: durable within about 100 ms. `strict`: before it is answered. */
export type DecisionLogMode = 'async' | 'strict';

export interface DecisionRecorderOptions {
  readonly mode: DecisionLogMode;
  /** Records of one tenant that may wait; what comes beyond is dropped, or refused in `strict`. */
  readonly mostOfTenant?: number;
  /** Records of all tenants that may wait. */
  readonly mostInAll?: number;
  /** Bytes of packed flushes that are kept while the database is away. */
  readonly mostUnsentBytes?: number;
  /** Where packed flushes go while the database is away; left out, or full: they are kept in memory. */
  readonly spool?: Spool | null;
  /** Fields of `context` that are stored encrypted alone, and the key that each customer's is derived from. */
  readonly personal?: { readonly names: readonly string[]; readonly key: Buffer };
}

/** How long a record waits for others, in milliseconds, and how many make a flush at once. */
const PACE = {
  async: { wait: 80, full: 2048 },
  strict: { wait: 4, full: 512 },
} as const satisfies Record<DecisionLogMode, { wait: number; full: number }>;
/** Flushes, each of another tenant, in one statement. */
const MOST_IN_STATEMENT = 64;
const RETRY_MS = 250;
/** How long closing waits for a database that is away. */
const CLOSE_MS = 3000;

/** What becomes one flush. */
interface Piece {
  readonly records: DecisionRecord[];
  /** When its first record came, by `performance.now()`. */
  readonly since: number;
  readonly end: Ending | null;
}

/** Told when a piece is durable, or cannot be made so now. */
interface Ending {
  readonly durable: Promise<void>;
  done(): void;
  fail(error: Error): void;
}

/** Of one tenant. */
interface Stream {
  readonly tenantId: TenantId;
  readonly pieces: Piece[];
  waiting: number;
  /** Of the last flush. */
  seq: number;
}

/** A flush on its way, with who waits for it. */
interface Sent {
  readonly flush: Flush;
  readonly end: Ending | null;
}

/**
 * Puts decisions on record. `record` keeps a reference and no more; packing and writing are done some milliseconds
 * later, many records together, in turns: each statement takes one flush of each tenant that has something, so the
 * flood of one does not hold another up. What cannot be written is kept, packed, and sent again under the same name.
 */
export class DecisionRecorder {
  readonly #pool: Pool;
  readonly #mode: DecisionLogMode;
  readonly #pace: { readonly wait: number; readonly full: number };
  readonly #mostOfTenant: number;
  readonly #mostInAll: number;
  readonly #mostUnsentBytes: number;
  readonly #spool: Spool | null;
  readonly #personal: DecisionRecorderOptions['personal'];
  /** The database did not take the last flush: what comes is put aside, and the database asked besides. */
  #away = false;
  #delivering: Promise<void> | null = null;
  /** Names this process: two never use the same. */
  readonly #gatewayId = randomUUID();
  readonly #streams = new Map<TenantId, Stream>();
  /** Streams that have something, in turn. */
  readonly #ready: Stream[] = [];
  #unsent: Sent[] = [];
  #unsentBytes = 0;
  #waiting = 0;
  #running: Promise<void> | null = null;
  #wake: AbortController = new AbortController();
  #closed = false;
  #recorded = 0;
  #dropped = 0;
  #flushes = 0;
  #failures = 0;

  constructor(pool: Pool, options: DecisionRecorderOptions) {
    this.#pool = pool;
    this.#mode = options.mode;
    this.#pace = PACE[options.mode];
    this.#mostOfTenant = options.mostOfTenant ?? 100_000;
    this.#mostInAll = options.mostInAll ?? 400_000;
    this.#mostUnsentBytes = options.mostUnsentBytes ?? 64 * 1024 * 1024;
    this.#spool = options.spool ?? null;
    this.#personal = options.personal;
    // What an earlier process has left.
    if (this.#spool?.isEmpty === false) this.#running = this.#run();
  }

  /** What has happened so far; `waiting`: records that are not durable yet, as far as they are not packed. */
  get counts(): {
    readonly recorded: number;
    readonly dropped: number;
    readonly flushes: number;
    readonly failures: number;
    readonly waiting: number;
    readonly unsentBytes: number;
    readonly spooledBytes: number;
  } {
    return {
      recorded: this.#recorded,
      dropped: this.#dropped,
      flushes: this.#flushes,
      failures: this.#failures,
      waiting: this.#waiting,
      unsentBytes: this.#unsentBytes,
      spooledBytes: this.#spool?.bytes ?? 0,
    };
  }

  /**
   * Takes a record. Null: nothing to wait for. In `strict` it resolves when the record is durable, and rejects with
   * DatabaseUnavailableError where it cannot be made so.
   */
  record(tenantId: TenantId, record: DecisionRecord): Promise<void> | null {
    const stream = this.#streamOf(tenantId);
    if (this.#closed || stream.waiting >= this.#mostOfTenant || this.#waiting >= this.#mostInAll) {
      this.#dropped += 1;
      return this.#mode === 'strict' ? Promise.reject(notRecorded(null)) : null;
    }
    const piece = this.#openPiece(stream);
    piece.records.push(record);
    stream.waiting += 1;
    this.#waiting += 1;
    if (piece.records.length >= this.#pace.full) this.#wake.abort();
    this.#running ??= this.#run();
    return piece.end?.durable ?? null;
  }

  /** Answers when all that was taken is durable; while the database is away, when it is back. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /**
   * Takes nothing more, and answers when all that was taken is durable: in the database, or on the disk for the next
   * process. Without a disk, what the database does not take within seconds is lost, and counted.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const ended = Date.now() + CLOSE_MS;
    this.#wake.abort();
    await this.#running;
    await this.#delivering;
    while (this.#unsent.length > 0 && Date.now() < ended) {
      await this.#send();
      if (this.#unsent.length > 0) await delay(RETRY_MS);
    }
    for (const { flush } of this.#unsent) this.#dropped += flush.records;
  }

  #streamOf(tenantId: TenantId): Stream {
    const known = this.#streams.get(tenantId);
    if (known) return known;
    const stream: Stream = { tenantId, pieces: [], waiting: 0, seq: 0 };
    this.#streams.set(tenantId, stream);
    return stream;
  }

  #openPiece(stream: Stream): Piece {
    const last = stream.pieces.at(-1);
    if (last && last.records.length < this.#pace.full) return last;
    const end = this.#mode === 'strict' ? ending() : null;
    const piece: Piece = { records: [], since: performance.now(), end };
    stream.pieces.push(piece);
    if (stream.pieces.length === 1) this.#ready.push(stream);
    return piece;
  }

  /** Until there is nothing left to write; while the database is away, at its own pace. */
  async #run(): Promise<void> {
    await this.#pause(this.#pace.wait);
    while (this.#ready.length > 0 || this.#unsent.length > 0 || this.#spool?.isEmpty === false) {
      await this.#pack();
      const taken = await this.#send();
      if (this.#closed && !taken && this.#ready.length === 0) break;
      // What has piled up is not kept waiting.
      if (!taken || this.#ready.every((stream) => stream.pieces.length < 2))
        await this.#pause(taken || this.#spool !== null ? this.#rest() : RETRY_MS);
    }
    this.#running = null;
  }

  /** How much longer what waits first waits for others, in milliseconds: what it waited while others were written counts. */
  #rest(): number {
    const first = this.#ready[0]?.pieces[0];
    return first ? first.since + this.#pace.wait - performance.now() : this.#pace.wait;
  }

  /** Waits for so long, or until a flush is full, or for nothing when closing. */
  async #pause(milliseconds: number): Promise<void> {
    if (this.#closed || milliseconds <= 0) return;
    await delay(milliseconds, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }

  /** Packs one piece of each tenant that has some. */
  async #pack(): Promise<void> {
    const turn = this.#ready.splice(0, MOST_IN_STATEMENT);
    const packed = turn.map(async (stream): Promise<Sent | null> => {
      const piece = stream.pieces.shift();
      if (stream.pieces.length > 0) this.#ready.push(stream);
      if (!piece) return null;
      const { tenantId } = stream;
      const name = { tenantId, gatewayId: this.#gatewayId, seq: (stream.seq += 1) };
      try {
        return { flush: await packFlush(name, this.#sealed(tenantId, piece.records)), end: piece.end };
      } catch (error) {
        this.#dropped += piece.records.length;
        piece.end?.fail(notRecorded(error));
        return null;
      } finally {
        stream.waiting -= piece.records.length;
        this.#waiting -= piece.records.length;
      }
    });
    for (const sent of await Promise.all(packed)) if (sent) this.#keep(sent);
  }

  #sealed(tenantId: TenantId, records: readonly DecisionRecord[]): readonly DecisionRecord[] {
    const personal = this.#personal;
    if (!personal || personal.names.length === 0) return records;
    return records.map((record) => sealPersonal(personal.key, personal.names, tenantId, record));
  }

  #keep(sent: Sent): void {
    const { length } = sent.flush.body;
    if (this.#unsentBytes + length > this.#mostUnsentBytes) {
      this.#dropped += sent.flush.records;
      sent.end?.fail(notRecorded(null));
      return;
    }
    this.#unsent.push(sent);
    this.#unsentBytes += length;
  }

  /** Writes what is packed, the oldest first. False where the database does not take it now. */
  async #send(): Promise<boolean> {
    if (!this.#away) {
      try {
        while (this.#unsent.length > 0) await this.#sendSome();
      } catch (error) {
        this.#failures += 1;
        this.#away = true;
        await this.#putAside(error);
      }
    } else await this.#putAside(null);
    if (this.#away || this.#spool?.isEmpty === false)
      this.#delivering ??= this.#deliver().finally(() => (this.#delivering = null));
    // Without a spool there is nothing else to do meanwhile.
    if (this.#spool === null) await this.#delivering;
    return !this.#away && this.#spool?.isEmpty !== false;
  }

  async #sendSome(): Promise<void> {
    const some = this.#unsent.slice(0, MOST_IN_STATEMENT);
    await this.#write(some.map(({ flush }) => flush));
    this.#unsent = this.#unsent.slice(some.length);
    for (const { flush, end } of some) {
      this.#unsentBytes -= flush.body.length;
      end?.done();
    }
  }

  /** Onto the disk, where there is one with room. Else it is kept, and who waits is told that it is not on record yet. */
  async #putAside(cause: unknown): Promise<void> {
    const aside = this.#unsent;
    if (aside.length === 0) return;
    if ((await this.#spool?.put(aside.map(({ flush }) => flush))) !== true) {
      for (const { end } of aside) end?.fail(notRecorded(cause));
      return;
    }
    this.#unsent = [];
    this.#unsentBytes = 0;
    for (const { end } of aside) end?.done();
  }

  /** Asks the database whether it is back, and gives it what is on the disk, the oldest first. */
  async #deliver(): Promise<void> {
    if (this.#away && !this.#closed) await delay(RETRY_MS);
    try {
      // What is on the disk when this process ends waits for the next one.
      while (!this.#closed) {
        const flushes = (await this.#spool?.oldest()) ?? null;
        if (flushes === null) break;
        for (let from = 0; from < flushes.length; from += MOST_IN_STATEMENT)
          await this.#write(flushes.slice(from, from + MOST_IN_STATEMENT));
        await this.#spool?.dropOldest();
        this.#away = false;
      }
      if (this.#away) await this.#pool.query('select 1');
      this.#away = false;
    } catch {
      this.#failures += 1;
      this.#away = true;
    }
  }

  /** Once more at once: a connection that was idle may have been lost long ago. */
  async #write(flushes: readonly Flush[]): Promise<void> {
    try {
      await writeFlushes(this.#pool, flushes);
    } catch (error) {
      // A stop has no time for a second one that hangs.
      if (this.#closed) throw error;
      await writeFlushes(this.#pool, flushes);
    }
    for (const { records } of flushes) this.#recorded += records;
    this.#flushes += flushes.length;
  }
}

function notRecorded(cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the decision could not be put on record', cause, 'UNKNOWN');
}

function ending(): Ending {
  let done = (): void => undefined;
  let fail = (_error: Error): void => undefined;
  const durable = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  // Nobody may be waiting any more.
  durable.catch(() => undefined);
  return { durable, done, fail };
}
