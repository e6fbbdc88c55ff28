import type { TenantId } from '@licet/domain';
import { ending, type Ending } from './ending.js';
import { OpenFlush } from './flush.js';
import type { DecisionRecord } from './record.js';

/** What becomes one flush. */
export interface Piece {
  readonly flush: OpenFlush;
  bytes: number;
  /** When its first record came, by the process's monotonic clock, in milliseconds. */
  readonly since: number;
  readonly end: Ending | null;
}

/** A piece whose turn it is, with its number among its tenant's. */
export interface Turn {
  readonly tenantId: TenantId;
  readonly seq: number;
  readonly piece: Piece;
}

/** How much of something may wait. */
export interface Most {
  readonly records: number;
  readonly bytes: number;
}

export interface WaitingOptions {
  /** Of a piece; it takes no more once it holds so much. */
  readonly full: Most;
  readonly ofTenant: Most;
  readonly inAll: Most;
  /** Whether somebody waits for each piece to be durable. */
  readonly isAwaited: boolean;
}

/** Of one tenant. */
interface Stream {
  readonly tenantId: TenantId;
  readonly pieces: Piece[];
  records: number;
  bytes: number;
  /** Of the last piece that had its turn. */
  seq: number;
}

/** One tenant has one piece that is filled, and one that is packed. */
const MOST_SPARE = 2;
const LARGEST_SPARE = 2 * 1024 * 1024;

/** Records that are written and not packed yet, by tenant; bounded by how many they are and by how many bytes. */
export class WaitingRecords {
  readonly #options: WaitingOptions;
  readonly #streams = new Map<TenantId, Stream>();
  /** Streams that have something, in turn. */
  readonly #ready: Stream[] = [];
  /** Memory of pieces that are packed, for others to come: what is new has to be brought in page by page. */
  readonly #spare: Buffer[] = [];
  #records = 0;
  #bytes = 0;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  /** How many records; those of a turn count until they are packed. */
  get records(): number {
    return this.#records;
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  /** Whether some tenant has more than one flush of what waits. */
  get hasPiledUp(): boolean {
    return this.#ready.some(({ pieces }) => pieces.length > 1);
  }

  /** When the oldest of what waits has come; null: nothing waits. */
  get since(): number | null {
    let oldest: number | null = null;
    for (const { pieces } of this.#ready) {
      const since = pieces[0]?.since ?? null;
      if (since !== null && (oldest === null || since < oldest)) oldest = since;
    }
    return oldest;
  }

  /** The piece that has taken the record; null: there is no room for it. */
  put(tenantId: TenantId, record: DecisionRecord): Piece | null {
    const { ofTenant, inAll } = this.#options;
    const stream = this.#streamOf(tenantId);
    if (stream.records >= ofTenant.records || this.#records >= inAll.records) return null;
    const open = this.#openPiece(stream);
    const flush = open?.flush ?? new OpenFlush(this.#spare.pop());
    const bytes = flush.add(record, Math.min(ofTenant.bytes - stream.bytes, inAll.bytes - this.#bytes));
    if (bytes === null) return null;
    const piece = open ?? this.#begin(stream, flush);
    piece.bytes += bytes;
    this.#count(stream, 1, bytes);
    return piece;
  }

  isFull({ flush, bytes }: Piece): boolean {
    const { full } = this.#options;
    return flush.records >= full.records || bytes >= full.bytes;
  }

  /**
   * INVARIANT (a flood waits for itself): of each tenant one piece, its oldest, whoever has how much; `most` tenants, those first whose last
   * turn is longest ago.
   */
  takeTurns(most: number): Turn[] {
    return this.#ready.splice(0, most).flatMap((stream) => {
      const piece = stream.pieces.shift();
      if (stream.pieces.length > 0) this.#ready.push(stream);
      return piece ? [{ tenantId: stream.tenantId, seq: (stream.seq += 1), piece }] : [];
    });
  }

  /** What had its turn is packed, and waits here no more. */
  forget({ tenantId, piece }: Turn): void {
    this.#count(this.#streamOf(tenantId), -piece.flush.records, -piece.bytes);
    this.#spareBuffer(piece.flush.buffer);
  }

  /** The largest are kept: they need not grow. */
  #spareBuffer(buffer: Buffer): void {
    if (buffer.length > LARGEST_SPARE) return;
    this.#spare.push(buffer);
    if (this.#spare.length > MOST_SPARE) this.#spare.sort((one, other) => one.length - other.length).shift();
  }

  #count(stream: Stream, records: number, bytes: number): void {
    stream.records += records;
    stream.bytes += bytes;
    this.#records += records;
    this.#bytes += bytes;
  }

  #streamOf(tenantId: TenantId): Stream {
    const known = this.#streams.get(tenantId);
    if (known) return known;
    const stream: Stream = { tenantId, pieces: [], records: 0, bytes: 0, seq: 0 };
    this.#streams.set(tenantId, stream);
    return stream;
  }

  /** The one that takes the stream's next record; null: none is open. */
  #openPiece({ pieces }: Stream): Piece | null {
    const last = pieces.at(-1);
    return last && !this.isFull(last) ? last : null;
  }

  #begin(stream: Stream, flush: OpenFlush): Piece {
    const end = this.#options.isAwaited ? ending() : null;
    const piece: Piece = { flush, bytes: 0, since: performance.now(), end };
    stream.pieces.push(piece);
    if (stream.pieces.length === 1) this.#ready.push(stream);
    return piece;
  }
}
