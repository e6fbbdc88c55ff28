import { hash } from 'node:crypto';
import { type Instant, instant } from '@licet/domain';
import { type Answer, answersOf } from './answers.js';
import type { Mark } from './customer-key.js';
import { headOf, parseLine } from './line.js';
import { packText, unpackBytes } from './packed-text.js';
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
  /** Null: the body is one piece. */
  readonly pieces: Pieces | null;
  readonly body: Buffer;
}

/** A body is divided between customers, in the order of their fingerprints, so that who looks for one of them reads and unpacks a piece alone. */
export interface Pieces {
  /** The lowest fingerprint of each. */
  readonly from: readonly number[];
  /** Where each ends, in bytes of the body. */
  readonly ends: readonly number[];
}

/** Bits of a customer's hash that tell its bucket, where there are most. */
const MOST_BITS = 8;
/** Records for which another block is worth its row. */
const RECORDS_IN_BLOCK = 256;
/** At least, where there are more customers: smaller pieces are unpacked sooner, and take more room. */
const RECORDS_IN_PIECE = 32;
/** Brotli's, for blocks: what pieces cost in room, it mostly gives back. */
const QUALITY = 3;

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

/**
 * Names the gateways, and whose records follow, how many of each. `pieces`: how many the body has, where there are several. Versions that know of one piece
 * alone refuse a header with it: they would take the first one for the whole.
 */
type Header = readonly [
  gateways: readonly string[],
  customers: readonly (readonly [string, number])[],
  pieces?: number,
];

/** Packs records, at least one; `marks`: of their customers. */
export async function packBlock(
  bucket: number,
  entries: readonly Entry[],
  marks: ReadonlyMap<string, Mark>,
): Promise<Block> {
  const byPrint = new Map<number, Entry[]>();
  let [firstAt, lastAt] = [Infinity, -Infinity];
  for (const entry of entries) {
    const print = marks.get(entry.customerId)?.fingerprint ?? 0;
    const alike = byPrint.get(print);
    if (alike) alike.push(entry);
    else byPrint.set(print, [entry]);
    firstAt = Math.min(firstAt, entry.at);
    lastAt = Math.max(lastAt, entry.at);
  }
  const ordered = [...byPrint].sort(([one], [other]) => one - other);
  const pieces = divided(ordered, entries.length);
  const bodies = await Promise.all(pieces.map(({ groups }) => packPiece(groups.flat(), pieces.length)));
  let end = 0;
  const ends = bodies.map(({ length }) => (end += length));
  return {
    ...{ bucket, firstAt: instant(firstAt), lastAt: instant(lastAt), records: entries.length },
    customers: ordered.map(([print]) => print),
    ids: idFilter(entries),
    answers: answersOf(entries),
    pieces: pieces.length === 1 ? null : { from: pieces.map(({ from }) => from), ends },
    body: Buffer.concat(bodies),
  };
}

interface Piece {
  readonly from: number;
  /** Of one fingerprint each, which is never divided. */
  readonly groups: (readonly Entry[])[];
}

/** Into pieces of much the same size, as far as customers are. */
function divided(ordered: readonly (readonly [number, readonly Entry[]])[], records: number): Piece[] {
  const most = Math.floor(records / RECORDS_IN_PIECE);
  const pieces: Piece[] = [];
  let before = 0;
  for (const [from, group] of ordered) {
    const last = pieces.at(-1);
    if (last && before * most < pieces.length * records) last.groups.push(group);
    else pieces.push({ from, groups: [group] });
    before += group.length;
  }
  return pieces;
}

async function packPiece(entries: readonly Entry[], pieces: number): Promise<Buffer> {
  const gateways = new Map<string, number>();
  const byCustomer = new Map<string, string[]>();
  for (const { customerId, gatewayId, seq, index, text } of entries) {
    const gateway = gateways.get(gatewayId) ?? gateways.size;
    gateways.set(gatewayId, gateway);
    const line = `${String(gateway)} ${String(seq)} ${String(index)} ${text}`;
    const lines = byCustomer.get(customerId);
    if (lines) lines.push(line);
    else byCustomer.set(customerId, [line]);
  }
  const counts = [...byCustomer].map(([customerId, lines]) => [customerId, lines.length] as const);
  const names = [...gateways.keys()];
  const header: Header = pieces === 1 ? [names, counts] : [names, counts, pieces];
  return packText([JSON.stringify(header), ...[...byCustomer.values()].flat()].join('\n'), QUALITY);
}

/** A line, with where it was made and whose it is. */
export interface BlockLine extends Origin {
  readonly customerId: string;
  readonly text: string;
}

/** A body, or one piece of it, whose ends are null then. */
export interface PackedLines {
  readonly body: Buffer;
  readonly ends: Pieces['ends'] | null;
}

/** The lines of a block, or of these customers alone, which the others' are passed over for unread. */
export async function unpackBlock(
  { body, ends }: PackedLines,
  only: ReadonlySet<string> | null,
): Promise<BlockLine[]> {
  if (ends === null) return unpackPiece(body, only);
  const lines: BlockLine[] = [];
  let from = 0;
  for (const end of ends) {
    for (const line of await unpackPiece(body.subarray(from, end), only)) lines.push(line);
    from = end;
  }
  return lines;
}

async function unpackPiece(body: Buffer, only: ReadonlySet<string> | null): Promise<BlockLine[]> {
  const bytes = await unpackBytes(body);
  let from = lineEnd(bytes, 0);
  const header: unknown = JSON.parse(bytes.toString('utf8', 0, from));
  if (!isHeader(header)) throw new Error('a block begins with its header');
  const [gateways, customers] = header;
  const found: BlockLine[] = [];
  for (const [customerId, count] of customers) {
    const isWanted = only === null || only.has(customerId);
    for (let line = 0; line < count; line += 1) {
      const end = lineEnd(bytes, from + 1);
      if (isWanted) found.push(blockLine(gateways, customerId, bytes.toString('utf8', from + 1, end)));
      from = end;
    }
  }
  return found;
}

function lineEnd(bytes: Buffer, from: number): number {
  const end = bytes.indexOf('\n', from);
  return end < 0 ? bytes.length : end;
}

/** Only this file writes it: its form is looked at, not each value. */
function isHeader(value: unknown): value is Header {
  return Array.isArray(value) && value.length <= 3 && value.slice(0, 2).every(Array.isArray);
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
export async function entriesOf(packed: PackedLines): Promise<Entry[]> {
  return (await unpackBlock(packed, null)).map((line) => ({ ...headOf(parseLine(line.text)), ...line }));
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
