import { deflateSync } from 'node:zlib';
import { decisionOf } from '@licet/database/testing';
import { parseTenantId } from '@licet/domain';
import { nameHash } from './customer-key.js';
import { type Flush, OpenFlush, unpackFlush } from './flush.js';
import { lineOf } from './line.js';
import type { DecisionRecord } from './record.js';

const tenantId = parseTenantId('0b8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b10');
if (tenantId === null) throw new Error('a tenant id');
const NAME = { tenantId, gatewayId: 'gateway', seq: 1 };

function packed(records: readonly DecisionRecord[]): Promise<Flush> {
  const flush = new OpenFlush();
  for (const record of records) flush.add(record);
  return flush.pack(NAME);
}

function textOf(record: DecisionRecord): string {
  return JSON.stringify(lineOf(record));
}

/** What a caller may send in the hope of being taken for two records, or for more bytes than there are. */
const HOSTILE = [
  '"],["dec_1',
  ']',
  '\n',
  '\r\n',
  ',\n',
  '"',
  '\\',
  '\u2028',
  'ü',
  '漢',
  '\u{1f600}',
  '\ud800',
];

test('lines come back as they were, whatever callers have sent, and in whatever order they come', async () => {
  const records = HOSTILE.map((text, index) => {
    const record = decisionOf('acme', 1_700_000_000_000 + ((index + 3) % HOSTILE.length));
    return { ...record, input: { ...record.input, context: { [text]: [text, [[text], ['dec_3']]] } } };
  });
  const { body, ...flush } = await packed(records);
  expect(await unpackFlush(body)).toEqual(records.map(textOf));
  const [firstAt, lastAt] = [1_700_000_000_000, 1_700_000_000_000 + HOSTILE.length - 1];
  expect(flush).toEqual({ ...NAME, firstAt, lastAt, records: HOSTILE.length, customers: [nameHash('acme')] });
});

test('long lines and many are kept whole', async () => {
  const record = decisionOf('acme');
  const records = Array.from({ length: 300 }, (_, index) => ({
    ...record,
    input: { context: { note: 'é'.repeat(index * 40) } },
  }));
  expect(await unpackFlush((await packed(records)).body)).toEqual(records.map(textOf));
});

test('what earlier versions have written is read: one list, deflated', async () => {
  const lines = [decisionOf('acme', 1), decisionOf('bobs', 2)].map(textOf);
  for (const text of [`[\n${lines.join(',\n')}\n]`, `[${lines.join(',')}]`])
    expect(await unpackFlush(deflateSync(text))).toEqual(lines);
});

test('what is no list of records is refused', async () => {
  await expect(unpackFlush(deflateSync('{}'))).rejects.toThrow('a flush holds no records');
});
