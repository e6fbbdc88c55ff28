import { hash } from 'node:crypto';
import { type Instant, instant } from '@licet/domain';
import { type Answer, answersOf } from './answers.js';
import type { Mark } from './customer-key.js';
import { headOf, parseLine } from './line.js';
import { packText, unpackText } from './packed-text.js';
import type { Origin } from './record-hash.js';

/** A record as it lies in a block. */
export interface Entry extends Origin, Answer {
  readonly id: string;
  readonly customerId: string;
  readonly at: Instant;
  /** The record's line, byte for byte as it was flushed: its hash is over these bytes. */
  readonly text: string;
}

/** Records of some customers and of some time, as a row. */
export interface Block {
  readonly bucket: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly records: number;
  /** Fingerprints. */
  readonly customers: readonly number[];
  /** A Bloom filter of the decisions' ids. */
  readonly ids: Buffer;
  /** Hashes of what was answered. */
  readonly answers: readonly number[];
  readonly body: Buffer;
}

/** Bits of a customer's hash that tell its bucket, where there are most. */
const MOST_BITS = 8;
/** Records for which another block is worth its row. */
const RECORDS_IN_BLOCK = 256;

/** So many bits of the hash divide so many records into blocks: few are not scattered over 256. */
export function bitsFor(records: number): number {
  let bits = 0;
  while (bits < MOST_BITS && RECORDS_IN_BLOCK << bits < records) bits += 1;
  return bits;
}

/** Whether more records could still divide it. */
export function isLoose(bits: number): boolean {
  return bits < MOST_BITS;
}

/** The bucket among `2 ** bits`; buckets of all divisions have different numbers, from 1 to 511. */
export function bucketOf({ bucket }: Mark, bits: number): number {
  return (1 << bits) | (bucket >> (MOST_BITS - bits));
}

/** Every bucket in which a customer's records may be. */
export function bucketsOf(mark: Mark): number[] {
  return Array.from({ length: MOST_BITS + 1 }, (_, bits) => bucketOf(mark, bits));
}

/** From this one on buckets are of the finest division. */
export const FINEST_BUCKET = 1 << MOST_BITS;

/** Names the gateways, and whose records follow, how many of each. */
type Header = readonly [gateways: readonly string[], customers: readonly (readonly [string, number])[]];

/** Packs records, at least one; `marks`: of their customers. */
export async function packBlock(
  bucket: number,
  entries: readonly Entry[],
  marks: ReadonlyMap<string, Mark>,
): Promise<Block> {
  const gateways = new Map<string, number>();
  const byCustomer = new Map<string, string[]>();
  let [firstAt, lastAt] = [Infinity, -Infinity];
  for (const { customerId, gatewayId, seq, index, at, text } of entries) {
    const gateway = gateways.get(gatewayId) ?? gateways.size;
    gateways.set(gatewayId, gateway);
    const line = `${String(gateway)} ${String(seq)} ${String(index)} ${text}`;
    const lines = byCustomer.get(customerId);
    if (lines) lines.push(line);
    else byCustomer.set(customerId, [line]);
    firstAt = Math.min(firstAt, at);
    lastAt = Math.max(lastAt, at);
  }
  const counts = [...byCustomer].map(([customerId, lines]) => [customerId, lines.length] as const);
  const header: Header = [[...gateways.keys()], counts];
  const text = [JSON.stringify(header), ...[...byCustomer.values()].flat()].join('\n');
  const fingerprints = counts.map(([customerId]) => marks.get(customerId)?.fingerprint ?? 0);
  return {
    ...{ bucket, firstAt: instant(firstAt), lastAt: instant(lastAt), records: entries.length },
    customers: [...new Set(fingerprints)].sort((one, other) => one - other),
    ids: idFilter(entries),
    answers: answersOf(entries),
    body: await packText(text),
  };
}

/** A line, with where it was made and whose it is. */
export interface BlockLine extends Origin {
  readonly customerId: string;
  readonly text: string;
}

/** The lines of a block, or of these customers alone, which the others' are passed over for unread. */
export async function unpackBlock(body: Buffer, only: ReadonlySet<string> | null): Promise<BlockLine[]> {
  const [first = '', ...lines] = (await unpackText(body)).split('\n');
  const header: unknown = JSON.parse(first);
  if (!isHeader(header)) throw new Error('a block begins with its header');
  const [gateways, customers] = header;
  const found: BlockLine[] = [];
  let from = 0;
  for (const [customerId, count] of customers) {
    if (only === null || only.has(customerId))
      for (const line of lines.slice(from, from + count)) found.push(blockLine(gateways, customerId, line));
    from += count;
  }
  return found;
}

/** Only this file writes it: its form is looked at, not each value. */
function isHeader(value: unknown): value is Header {
  return Array.isArray(value) && value.length === 2 && value.every(Array.isArray);
}

function blockLine(gateways: readonly string[], customerId: string, line: string): BlockLine {
  const [gateway, seq, index] = line.split(' ', 3);
  const gatewayId = gateways[Number(gateway)];
  if (gateway === undefined || seq === undefined || index === undefined || gatewayId === undefined)
    throw new Error('a line of a block names where it was made');
  const text = line.slice(gateway.length + seq.length + index.length + 3);
  return { customerId, gatewayId, seq: Number(seq), index: Number(index), text };
}

/** All of a block, to be put into others. */
export async function entriesOf(body: Buffer): Promise<Entry[]> {
  return (await unpackBlock(body, null)).map((line) => ({ ...headOf(parseLine(line.text)), ...line }));
}

const BITS_FOR_ID = 16;
const HASHES_OF_ID = 6;

/** Where an id's bits are in a filter, before they are brought into its size: what lacks one of them does not hold the id. */
export function idHashes(id: string): number[] {
  const digest = hash('sha256', id, 'buffer');
  return Array.from({ length: HASHES_OF_ID }, (_, at) => digest.readUInt32BE(at * 4));
}

/** Numbered as PostgreSQL numbers bits of bytes: from the lowest of the first byte on. */
function idFilter(entries: readonly Entry[]): Buffer {
  const bits = entries.length * BITS_FOR_ID;
  const filter = Buffer.alloc(bits / 8);
  for (const { id } of entries)
    for (const hashed of idHashes(id)) {
      const bit = hashed % bits;
      filter[bit >> 3] = (filter[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  return filter;
}
