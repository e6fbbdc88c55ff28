import { randomBytes } from 'node:crypto';
import type { Instant, TenantId } from '@licet/domain';
import { lineOf } from './line.js';
import { packText, unpackText } from './packed-text.js';
import type { DecisionRecord } from './record.js';

const MARK_BYTES = 12;

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
  // Written in one go, which takes half the time of one by one. No caller can guess what stands before each, so none can write it.
  const mark = randomBytes(MARK_BYTES).toString('base64');
  const body = await packText(JSON.stringify(records.flatMap((record) => [mark, lineOf(record)])));
  return { ...name, firstAt, lastAt, records: records.length, body };
}

/** The records of a flush as lines of text, in the order in which they were made; none of them is read. */
export async function unpackFlush(body: Buffer): Promise<string[]> {
  const text = await unpackText(body);
  if (text.startsWith('["')) {
    const mark = text.slice(1, text.indexOf(',') + 1);
    return text.slice(1 + mark.length, -1).split(`,${mark}`);
  }
  // As they were written formerly: without marks.
  const lines: unknown = JSON.parse(text);
  if (!Array.isArray(lines)) throw new Error('a flush holds no records');
  return lines.map((line) => JSON.stringify(line));
}
