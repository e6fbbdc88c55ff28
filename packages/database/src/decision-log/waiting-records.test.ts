import { decisionOf } from '@licet/database/testing';
import { parseTenantId, type TenantId } from '@licet/domain';
import { unpackFlush } from './flush.js';
import { lineOf } from './line.js';
import type { DecisionRecord } from './record.js';
import { type Turn, WaitingRecords } from './waiting-records.js';

function tenant(text: string): TenantId {
  const id = parseTenantId(text);
  if (id === null) throw new Error('a tenant id');
  return id;
}

const BUSY = tenant('0b8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b10');
const OTHER = tenant('1c8f6ac4-2f4e-4d0f-9d4f-0a3a4f6a7b11');
const PLENTY = { records: 1000, bytes: 1_000_000 };

function waitingRecords(full = PLENTY): WaitingRecords {
  return new WaitingRecords({ full, ofTenant: PLENTY, inAll: PLENTY, isAwaited: false });
}

function putSome(waiting: WaitingRecords, tenantId: TenantId, count: number): DecisionRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const record = decisionOf(`customer-${String(index)}`);
    expect(waiting.put(tenantId, record)).not.toBeNull();
    return record;
  });
}

async function linesIn({ tenantId, seq, piece }: Turn): Promise<string[]> {
  return unpackFlush((await piece.flush.pack({ tenantId, seq, gatewayId: 'gateway' })).body);
}

function textsOf(records: readonly DecisionRecord[]): string[] {
  return records.map((record) => JSON.stringify(lineOf(record)));
}

test('the memory of what is packed takes other records, and none before that', async () => {
  const waiting = waitingRecords();
  const buffers = new Set<Buffer>();
  let before = putSome(waiting, BUSY, 300);
  for (let round = 0; round < 10; round += 1) {
    const [turn] = waiting.takeTurns(1);
    if (!turn) throw new Error('a turn');
    buffers.add(turn.piece.flush.buffer);
    const lines = linesIn(turn);
    // They come while the others are packed, by another thread.
    const next = putSome(waiting, BUSY, 300);
    putSome(waiting, OTHER, 1);
    expect(await lines).toEqual(textsOf(before));
    waiting.forget(turn);
    for (const other of waiting.takeTurns(2)) {
      if (other.tenantId === OTHER) waiting.forget(other);
      else {
        expect(await linesIn(other)).toEqual(textsOf(next));
        waiting.forget(other);
      }
    }
    before = putSome(waiting, BUSY, 300);
  }
  expect(buffers.size).toBeLessThan(5);
});

test('a record for which there is no room begins no piece, and leaves nothing behind', () => {
  const waiting = waitingRecords();
  const large = { ...decisionOf('acme'), input: { context: { note: 'x'.repeat(PLENTY.bytes) } } };
  expect(waiting.put(BUSY, large)).toBeNull();
  expect(waiting.isEmpty).toBe(true);
  const records = putSome(waiting, BUSY, 2);
  expect(waiting.put(BUSY, large)).toBeNull();
  records.push(...putSome(waiting, BUSY, 1));
  const [turn] = waiting.takeTurns(1);
  expect(turn?.piece.flush.records).toBe(3);
  return expect(turn && linesIn(turn)).resolves.toEqual(textsOf(records));
});

test('a record that cannot be written is refused with an error, and leaves nothing behind', async () => {
  const waiting = waitingRecords();
  const records = putSome(waiting, BUSY, 1);
  expect(() => waiting.put(BUSY, { ...decisionOf('acme'), input: { quantity: 1n } })).toThrow(TypeError);
  records.push(...putSome(waiting, BUSY, 1));
  const [turn] = waiting.takeTurns(1);
  if (!turn) throw new Error('a turn');
  expect(await linesIn(turn)).toEqual(textsOf(records));
});
