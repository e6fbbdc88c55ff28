import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type Ending, notRecorded } from './ending.js';
import type { Flush } from './flush.js';
import type { Spool } from './spool.js';
import { writeFlushes } from './write-flushes.js';

/** Flushes, each of another tenant, in one statement. */
export const MOST_IN_STATEMENT = 64;
/** How long after the database has refused it is asked again. */
export const RETRY_MS = 250;

/** A flush on its way, with who waits for it. */
export interface Sent {
  readonly flush: Flush;
  readonly end: Ending | null;
}

/**
 * Brings packed flushes into the database, the oldest first, or onto the disk while it is away. What neither takes is
 * kept, up to `mostUnsentBytes`, and sent again under the same name.
 */
export class Delivery {
  readonly #pool: Pool;
  readonly #spool: Spool | null;
  readonly #mostUnsentBytes: number;
  /** The database did not take the last flush: what comes is put aside, and the database asked besides. */
  #away = false;
  #delivering: Promise<void> | null = null;
  #unsent: Sent[] = [];
  #unsentBytes = 0;
  #closed = false;
  #recorded = 0;
  #dropped = 0;
  #flushes = 0;
  #failures = 0;

  constructor(pool: Pool, spool: Spool | null, mostUnsentBytes: number) {
    this.#pool = pool;
    this.#spool = spool;
    this.#mostUnsentBytes = mostUnsentBytes;
  }

  /** `dropped`: records for which there was no room, or time. */
  get counts(): Readonly<
    Record<'recorded' | 'dropped' | 'flushes' | 'failures' | 'unsentBytes' | 'spooledBytes', number>
  > {
    return {
      recorded: this.#recorded,
      dropped: this.#dropped,
      flushes: this.#flushes,
      failures: this.#failures,
      unsentBytes: this.#unsentBytes,
      spooledBytes: this.#spool?.bytes ?? 0,
    };
  }

  /** Whether there is nothing left to bring, on the disk neither. */
  get isDone(): boolean {
    return this.#unsent.length === 0 && this.#spool?.isEmpty !== false;
  }

  /** Takes a flush, for the next `send`; where there is no room, who waits for it is told so. */
  keep(sent: Sent): void {
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
  async send(): Promise<boolean> {
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

  /** From now on nothing waits for a database that is away. */
  hurry(): void {
    this.#closed = true;
  }

  /** Tries until `ended`, by the clock; what is not durable by then is dropped. What is on the disk waits for the next process. */
  async close(ended: number): Promise<void> {
    this.hurry();
    await this.#delivering;
    while (this.#unsent.length > 0 && Date.now() < ended) {
      await this.send();
      if (this.#unsent.length > 0) await delay(RETRY_MS);
    }
    for (const { flush } of this.#unsent) this.#dropped += flush.records;
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
