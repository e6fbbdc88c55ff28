import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { TenantId } from '@licet/domain';
import { Delivery, MOST_IN_STATEMENT, RETRY_MS } from './delivery.js';
import { notRecorded } from './ending.js';
import { sealPersonal } from './personal-fields.js';
import type { PersonalFields } from './personal-names.js';
import type { DecisionRecord } from './record.js';
import type { Spool } from './spool.js';
import { type Turn, WaitingRecords } from './waiting-records.js';

/** `async`: durable within about 100 ms. `strict`: before it is answered. */
export type DecisionLogMode = 'async' | 'strict';

export interface DecisionRecorderOptions {
  readonly mode: DecisionLogMode;
  /** Records of one tenant that may wait; what comes beyond is dropped, or refused in `strict`. */
  readonly mostOfTenant?: number;
  /** Records of all tenants that may wait. */
  readonly mostInAll?: number;
  /** Bytes of one tenant's records that may wait; what comes beyond goes as with `mostOfTenant`. */
  readonly mostBytesOfTenant?: number;
  /** Bytes of all tenants' records. */
  readonly mostBytesInAll?: number;
  /** Bytes of packed flushes that are kept while the database is away. */
  readonly mostUnsentBytes?: number;
  /** Where packed flushes go while the database is away; left out, or full: they are kept in memory. */
  readonly spool?: Spool | null;
  /** Fields that are stored encrypted alone, and the key that each customer's is derived from. */
  readonly personal?: { readonly fields: PersonalFields; readonly key: Buffer };
}

const MIB = 1024 * 1024;
/**
 * How long the first record waits for others, in milliseconds, and how many make a flush at once. In `strict` callers wait: what comes
 * while a flush is written is the next one, and that is waiting enough.
 */
const PACE = {
  async: { wait: 50, full: 2048 },
  strict: { wait: 0, full: 512 },
} as const satisfies Record<DecisionLogMode, { wait: number; full: number }>;
/** A row is not to be larger, however long its records are. */
const FULL_BYTES = 4 * MIB;
/** How often it looks for records that are for the disk while the database is away. */
const LOOK_MS = 1;
/** How long closing waits for a database that is away. */
const CLOSE_MS = 3000;

/**
 * Puts decisions on record. `record` writes a line while the record is at hand, and keeps that alone; lines are packed and brought
 * into the database some milliseconds later, many together, in turns: each statement takes one flush of each tenant that has something, so the
 * flood of one does not hold another up. What cannot be written is kept, packed, and sent again under the same name.
 */
export class DecisionRecorder {
  readonly #mode: DecisionLogMode;
  readonly #wait: number;
  readonly #hasSpool: boolean;
  readonly #personal: DecisionRecorderOptions['personal'];
  /** Names this process: two never use the same. */
  readonly #gatewayId = randomUUID();
  readonly #waiting: WaitingRecords;
  readonly #delivery: Delivery;
  #running: Promise<void> | null = null;
  #wake: AbortController = new AbortController();
  #closed = false;
  #dropped = 0;

  constructor(pool: Pool, options: DecisionRecorderOptions) {
    const { wait, full } = PACE[options.mode];
    const spool = options.spool ?? null;
    this.#mode = options.mode;
    this.#wait = wait;
    this.#hasSpool = spool !== null;
    this.#personal = options.personal;
    this.#waiting = new WaitingRecords({
      full: { records: full, bytes: FULL_BYTES },
      ofTenant: {
        records: options.mostOfTenant ?? 100_000,
        bytes: options.mostBytesOfTenant ?? 64 * MIB,
      },
      inAll: { records: options.mostInAll ?? 400_000, bytes: options.mostBytesInAll ?? 256 * MIB },
      isAwaited: options.mode === 'strict',
    });
    this.#delivery = new Delivery(pool, spool, options.mostUnsentBytes ?? 64 * MIB);
    // What an earlier process has left.
    if (!this.#delivery.isDone) this.#running = this.#run();
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
    const { dropped, ...counts } = this.#delivery.counts;
    return { ...counts, dropped: this.#dropped + dropped, waiting: this.#waiting.records };
  }

  /**
   * Takes a record. Null: nothing to wait for. In `strict` it resolves when the record is durable, and rejects with
   * DatabaseUnavailableError where it cannot be made so.
   */
  record(tenantId: TenantId, record: DecisionRecord): Promise<void> | null {
    const piece = this.#closed ? null : this.#waiting.put(tenantId, this.#sealed(tenantId, record));
    if (piece === null) {
      this.#dropped += 1;
      return this.#mode === 'strict' ? Promise.reject(notRecorded(null)) : null;
    }
    if (this.#waiting.isFull(piece)) this.#wake.abort();
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
    this.#delivery.hurry();
    const ended = Date.now() + CLOSE_MS;
    this.#wake.abort();
    await this.#running;
    await this.#delivery.close(ended);
  }

  /** Until there is nothing left to write; while the database is away, at its own pace. */
  async #run(): Promise<void> {
    await this.#pause(this.#wait);
    while (!this.#waiting.isEmpty || !this.#delivery.isDone) {
      await this.#pack();
      const taken = await this.#delivery.send();
      // What the database still refuses is `close`'s to try, for as long as it waits.
      if (this.#closed && this.#waiting.isEmpty) break;
      if (!taken) await this.#pause(this.#hasSpool ? Math.max(this.#untilDue(), LOOK_MS) : RETRY_MS);
      // What has piled up is not kept waiting.
      else if (!this.#waiting.hasPiledUp) await this.#pause(this.#untilDue());
    }
    this.#running = null;
  }

  /** In milliseconds: what came while others were written has waited for so long already. */
  #untilDue(): number {
    const since = this.#waiting.since;
    return since === null ? this.#wait : Math.max(0, since + this.#wait - performance.now());
  }

  /** Waits for so long, or until a flush is full, or for nothing when closing. */
  async #pause(milliseconds: number): Promise<void> {
    if (this.#closed) return;
    // A timer takes a millisecond at least; what this turn of the event loop still brings comes along.
    if (milliseconds === 0) return nextTurn();
    await delay(milliseconds, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }

  /** Packs one piece of each tenant that has some. */
  async #pack(): Promise<void> {
    const turns = this.#waiting.takeTurns(MOST_IN_STATEMENT);
    for (const sent of await Promise.all(turns.map((turn) => this.#packed(turn))))
      if (sent) this.#delivery.keep(sent);
  }

  /** Null where it cannot be packed; it is dropped then, and who waits for it told. */
  async #packed(turn: Turn): Promise<Parameters<Delivery['keep']>[0] | null> {
    const { tenantId, seq, piece } = turn;
    const name = { tenantId, gatewayId: this.#gatewayId, seq };
    try {
      return { flush: await piece.flush.pack(name), end: piece.end };
    } catch (error) {
      this.#dropped += piece.flush.records;
      piece.end?.fail(notRecorded(error));
      return null;
    } finally {
      this.#waiting.forget(turn);
    }
  }

  #sealed(tenantId: TenantId, record: DecisionRecord): DecisionRecord {
    const personal = this.#personal;
    return personal ? sealPersonal(personal.key, personal.fields, tenantId, record) : record;
  }
}
