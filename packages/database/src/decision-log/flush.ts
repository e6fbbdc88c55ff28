import type { Instant, TenantId } from '@licet/domain';
import { nameHash } from './customer-key.js';
import { lineOf } from './line.js';
import { Lines, linesOf } from './lines.js';
import { packText, unpackText } from './packed-text.js';
import type { DecisionRecord } from './record.js';

/** Some records of one tenant, packed, with the name that they are written under. */
export interface Flush {
  readonly tenantId: TenantId;
  readonly gatewayId: string;
  readonly seq: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly records: number;
  /** Hashes of those whose records it holds; null: of an earlier version, which did not say. */
  readonly customers: readonly number[] | null;
  readonly body: Buffer;
}

type FlushName = Pick<Flush, 'tenantId' | 'gatewayId' | 'seq'>;

/** What becomes a flush. Nothing is kept of a record but its line. */
export class OpenFlush {
  readonly #lines: Lines;
  readonly #customers = new Set<number>();
  #firstAt: Instant | null = null;
  #lastAt: Instant | null = null;

  /** `buffer`: memory that nobody else needs. */
  constructor(buffer?: Buffer) {
    this.#lines = new Lines(buffer);
  }

  get records(): number {
    return this.#lines.count;
  }

  /** The memory that it lies in: of no more use to it once it is packed. */
  get buffer(): Buffer {
    return this.#lines.buffer;
  }

  /** How many bytes its line has; null, and nothing is added: they would be more than `most`. */
  add(record: DecisionRecord, most = Infinity): number | null {
    const bytes = this.#lines.add(lineOf(record), most);
    if (bytes === null) return null;
    const { at } = record;
    this.#customers.add(nameHash(record.decision.customerId));
    if (this.#firstAt === null || at < this.#firstAt) this.#firstAt = at;
    if (this.#lastAt === null || at > this.#lastAt) this.#lastAt = at;
    return bytes;
  }

  /** Packs what was added: at least one record. Nothing may be added any more. */
  async pack(name: FlushName): Promise<Flush> {
    const [firstAt, lastAt] = [this.#firstAt, this.#lastAt];
    if (firstAt === null || lastAt === null) throw new Error('a flush holds at least one record');
    const [customers, body] = [[...this.#customers], await packText(this.#lines.body)];
    return { ...name, firstAt, lastAt, records: this.records, customers, body };
  }
}

/** The records of a flush as lines of text, in the order in which they were made; none of them is read. */
export async function unpackFlush(body: Buffer): Promise<string[]> {
  const text = await unpackText(body);
  if (text.startsWith('["')) return linesOf(text);
  // As they were written formerly: one list of them.
  const records: unknown = JSON.parse(text);
  if (!Array.isArray(records)) throw new Error('a flush holds no records');
  return records.map((record) => JSON.stringify(record));
}
