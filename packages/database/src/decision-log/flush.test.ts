import { brotliDecompressSync, deflateSync } from 'node:zlib';
import { decisionOf } from '@licet/database/testing';
import { parseTenantId } from '@licet/domain';
import { packFlush, unpackFlush } from './flush.js';
import { lineOf } from './line.js';

const tenantId = parseTenantId('0b8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b10');
if (tenantId === null) throw new Error('a tenant id');
const NAME = { tenantId, gatewayId: 'gateway', seq: 1 };
const linesOf = (records: ReturnType<typeof decisionOf>[]): string[] =>
  records.map((record) => JSON.stringify(lineOf(record)));

/** What a caller may send in the hope of being taken for two records. */
const HOSTILE = ['"],["dec_1', ']', '\n', ',\n', '"', '\\', ',"AAAAAAAAAAAAAAAA",["dec_2"', '\ud800'];

test('lines come back as they were, whatever callers have sent', async () => {
  const records = HOSTILE.map((text, index) => {
    const record = decisionOf('acme', 1_700_000_000_000 + index);
    return { ...record, input: { ...record.input, context: { [text]: [text, [[text], ['dec_3']]] } } };
  });
  const { body, firstAt, lastAt } = await packFlush(NAME, records);
  expect(await unpackFlush(body)).toEqual(linesOf(records));
  expect([firstAt, lastAt]).toEqual([records[0]?.at, records.at(-1)?.at]);
});

test('a mark is another in each flush, so none who has seen one can write the next', async () => {
  const record = decisionOf('acme', 1_700_000_000_000);
  const marks = new Set<unknown>();
  for (let flush = 0; flush < 5; flush += 1) {
    const [mark]: unknown[] = JSON.parse(
      brotliDecompressSync((await packFlush(NAME, [record])).body).toString(),
    );
    marks.add(mark);
  }
  expect(marks.size).toBe(5);
});

test('what earlier versions have written is read: deflated, without marks', async () => {
  const records = [decisionOf('acme', 1), decisionOf('bobs', 2)];
  const lines = linesOf(records);
  for (const text of [`[\n${lines.join(',\n')}\n]`, `[${lines.join(',')}]`])
    expect(await unpackFlush(deflateSync(text))).toEqual(lines);
});

test('what is no list of records is refused', async () => {
  await expect(unpackFlush(deflateSync('{}'))).rejects.toThrow('a flush holds no records');
});
