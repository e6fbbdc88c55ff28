import { promisify } from 'node:util';
import { deflate, inflate, inflateSync } from 'node:zlib';
import type { Instant, TenantId } from '@licet/domain';
import { lineOf } from './line.js';
import type { DecisionRecord } from './record.js';

const deflated = promisify(deflate);
const inflated = promisify(inflate);
/** Higher levels save a fifth of the space for three times the time. */
const LEVEL = 1;
/** One flush, or block, unpacked; what is larger was not written here. */
const MOST_BYTES = 512 * 1024 * 1024;
/** Smaller ones are unpacked at once: another thread takes longer to be asked. */
const LEAST_FOR_THREAD = 32 * 1024;

/** Some records of one tenant, packed, with the name that they are written under. */
export interface Flush {
  readonly tenantId: TenantId;
  readonly gatewayId: string;
  readonly seq: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
  readonly records: number;
  readonly body: Buffer;
}

/** Between records, and after the bracket that opens the list: JSON has no line break within a text, so each can be taken out unread. */
const BREAK = ',\n';
const [BEGIN, END] = ['[\n', '\n]'];

/** Packs records; at least one. */
export async function packFlush(
  name: Pick<Flush, 'tenantId' | 'gatewayId' | 'seq'>,
  records: readonly DecisionRecord[],
): Promise<Flush> {
  const [first] = records;
  if (!first) throw new Error('a flush holds at least one record');
  let [firstAt, lastAt] = [first.at, first.at];
  for (const { at } of records) {
    if (at < firstAt) firstAt = at;
    if (at > lastAt) lastAt = at;
  }
  const lines = records.map((record) => JSON.stringify(lineOf(record)));
  const body = await deflated(BEGIN + lines.join(BREAK) + END, { level: LEVEL });
  return { ...name, firstAt, lastAt, records: records.length, body };
}

/** The records of a flush as lines of text, in the order in which they were made. */
export async function unpackFlush(body: Buffer): Promise<string[]> {
  const text = await unpackText(body);
  if (text.startsWith(BEGIN)) return text.slice(BEGIN.length, -END.length).split(BREAK);
  // As they were first written: without line breaks.
  const lines: unknown = JSON.parse(text);
  if (!Array.isArray(lines)) throw new Error('a flush holds no records');
  return lines.map((line) => JSON.stringify(line));
}

/** Text that was deflated here. */
export async function unpackText(body: Buffer): Promise<string> {
  const options = { maxOutputLength: MOST_BYTES };
  const text = body.length < LEAST_FOR_THREAD ? inflateSync(body, options) : await inflated(body, options);
  return text.toString('utf8');
}
