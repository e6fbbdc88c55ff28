import { hash } from 'node:crypto';
import { type CreditBlock, type CreditBlockId, formatInstant, type Instant, withOneEnd } from '@licet/domain';
import type { Actor, NewEvent } from '../event-log/append.js';
import type { Counter } from './counter.js';
import type { Operation } from './operations.js';
import type { SeatChanges } from './seats.js';

/** What a batch has done. */
export interface BatchSummary {
  readonly entryId: string;
  readonly clock: Instant;
  readonly counters: ReadonlySet<Counter>;
  /** Of credit blocks, those that it has changed. */
  readonly blocks: ReadonlyMap<CreditBlockId, CreditBlock>;
  /** In the order of their keys. */
  readonly operations: readonly Operation[];
  readonly actors: readonly Actor[];
  readonly seats: SeatChanges;
}

/** Stands for several who asked at once. */
const QUEUE: Actor = { kind: 'SYSTEM', id: 'spend-queue', name: null };

/**
 * One event for the batch: caches take the absolute values, the usage records stand in the operations. Each of
 * these names its batch and the place of who asked among `actors`.
 */
export function batchEvent(batch: BatchSummary): NewEvent {
  const { entryId, clock, counters, operations, actors } = batch;
  const [first] = operations;
  const requestId = first?.asked.caller.requestId ?? null;
  const oneRequest = operations.every(({ asked }) => asked.caller.requestId === requestId);
  const [actor = QUEUE] = actors;
  return {
    type: 'usage.recorded',
    subjectType: 'usage',
    subjectId: entryId,
    customer: null,
    actor: actors.length === 1 ? actor : QUEUE,
    reason: null,
    requestId: oneRequest ? requestId : null,
    at: clock,
    recordedAt: clock,
    data: {
      meters: [...counters].map((counter) => meterOf(counter, batch)),
      actors,
      operations: operations.length,
      operationsHash: hashOfOperations(operations),
    },
    listed: false,
    entryId,
  };
}

function meterOf(counter: Counter, batch: BatchSummary): object {
  const { key, account, row, used, reserved, freesAt, overdrawn, isPrepaid } = counter;
  const { subject } = account;
  const { feature } = key;
  const version = row.version + 1;
  if (isPool(counter)) return poolOf(counter, batch);
  if (freesAt === null && !isPrepaid) return { subject, feature, used, reserved, version };
  return {
    subject,
    feature,
    used,
    reserved,
    version,
    ...(freesAt === null ? {} : { freesAt: formatInstant(freesAt) }),
    ...(isPrepaid ? { overdrawn, blocks: changedBlocks(counter, batch) } : {}),
  };
}

function isPool({ key, account }: Counter): boolean {
  return account.state.release.catalog.features.get(key.feature)?.type === 'SEATS';
}

/** `seats`: leases that were renewed; what was taken or given back is told of by itself. */
function poolOf({ key, account, row, used, reserved, freesAt }: Counter, { seats }: BatchSummary): object {
  return {
    subject: account.subject,
    feature: key.feature,
    used,
    reserved,
    version: row.version + 1,
    ...(freesAt === null ? {} : { freesAt: formatInstant(freesAt) }),
    seats: seats.renewedIn(key).map((seat) => {
      const { id, leaseExpiresAt } = withOneEnd(seat);
      return { id, leaseExpiresAt: leaseExpiresAt && formatInstant(leaseExpiresAt) };
    }),
  };
}

function changedBlocks({ account, key }: Counter, { blocks }: BatchSummary): object[] {
  const changed = account.blocks.filter(({ id, feature }) => feature === key.feature && blocks.has(id));
  return changed.map(({ id, remaining, held }) => ({ id, remaining, held }));
}

/** Binds the usage records to the log: SHA-256 over key, quantity and asker of each, in key order. */
function hashOfOperations(operations: readonly Operation[]): string {
  const lines = operations.map(({ asked, delta, by }) => `${asked.key} ${String(delta)} ${String(by)}\n`);
  return hash('sha256', Buffer.from(lines.join(''), 'latin1'), 'hex');
}
