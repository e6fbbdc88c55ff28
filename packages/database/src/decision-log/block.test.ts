import { decisionOf } from '@licet/database/testing';
import { type Entry, entriesOf, packBlock, unpackBlock } from './block.js';
import { headOf, lineOf, parseLine } from './line.js';

const GATEWAYS = ['0b8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b10', '1c8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b11'];

/** Of customers in turn. */
function entriesFor(count: number, customers: readonly string[]): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const record = decisionOf(customers[index % customers.length] ?? '', 1_700_000_000_000 + index);
    const text = JSON.stringify(lineOf(record));
    const gatewayId = GATEWAYS[index % 2] ?? '';
    return { ...headOf(parseLine(text)), gatewayId, seq: 7, index, text };
  });
}

/** Fingerprints, in the order of the names' ends. */
function marksOf(prints: Readonly<Record<string, number>>) {
  return new Map(Object.entries(prints).map(([name, fingerprint]) => [name, { bucket: 0, fingerprint }]));
}

/** As the statement does that reads one customer's. */
function pieceOf({ pieces, body }: Awaited<ReturnType<typeof packBlock>>, print: number): Buffer {
  if (pieces === null) return body;
  const at = pieces.from.findLastIndex((from) => from <= print);
  return body.subarray(pieces.ends[at - 1] ?? 0, pieces.ends[at]);
}

const byIndex = (one: { readonly index: number }, other: { readonly index: number }): number =>
  one.index - other.index;

test('a block is divided into pieces between customers, each of which is read by itself', async () => {
  const names = Array.from({ length: 40 }, (_, n) => `customer-${String(n)}`);
  // As large as they get, of both signs.
  const prints = Object.fromEntries(names.map((name, n) => [name, (n * 2 - 39) * 55_000_000]));
  const entries = entriesFor(256, names);
  const block = await packBlock(1, entries, marksOf(prints));
  expect(block.customers).toEqual(Object.values(prints));
  expect(block.pieces?.ends).toHaveLength(8);
  expect(block.pieces?.ends.at(-1)).toBe(block.body.length);
  const all = await entriesOf({ body: block.body, ends: block.pieces?.ends ?? null });
  expect(all.sort(byIndex)).toEqual(entries);
  for (const name of names) {
    const piece = pieceOf(block, prints[name] ?? 0);
    expect(piece.length).toBeLessThan(block.body.length / 4);
    const lines = await unpackBlock({ body: piece, ends: null }, new Set([name]));
    expect(lines.map(({ index }) => index)).toEqual(
      entries.filter(({ customerId }) => customerId === name).map(({ index }) => index),
    );
  }
});

test('customers of one fingerprint lie in one piece, and one with many records fills its own', async () => {
  const prints = { few: -5, alike: 3, 'as alike': 3, many: 4, last: 9 };
  const entries = [
    ...entriesFor(60, ['alike', 'as alike']),
    ...entriesFor(300, ['many']),
    ...entriesFor(10, ['few', 'last']),
  ].map((entry, index) => ({ ...entry, index }));
  const block = await packBlock(1, entries, marksOf(prints));
  expect(block.customers).toEqual([-5, 3, 4, 9]);
  for (const [name, print] of Object.entries(prints)) {
    const lines = await unpackBlock({ body: pieceOf(block, print), ends: null }, new Set([name]));
    expect(lines).toHaveLength(entries.filter(({ customerId }) => customerId === name).length);
  }
});

test('what is worth no division is one piece, as blocks of earlier versions are', async () => {
  const entries = entriesFor(40, ['ünit', '漢', 'acme']);
  const { pieces, body } = await packBlock(1, entries, marksOf({ ünit: 1, 漢: 2, acme: 3 }));
  expect(pieces).toBeNull();
  expect((await entriesOf({ body, ends: null })).sort(byIndex)).toEqual(entries);
});
