import { instant, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { type Transaction, type Writes, writeTransaction } from '../connection/transaction.js';
import type { NewEvent } from '../event-log/append.js';
import type { Revision } from '../event-log/revision.js';
import { bitsFor, bucketOf, type Entry, packBlock } from './block.js';
import { customerKey, type Mark, markOf } from './customer-key.js';
import { unpackFlush } from './flush.js';
import { headOf, parseLine } from './line.js';
import { recordHash, rootOf } from './record-hash.js';
import {
  type Claim,
  type ClaimedFlush,
  type ClaimedFlushes,
  claimFlushes,
  claimTenant,
  firstClaim,
  flushBodies,
  looseRolls,
  takeRolls,
  writeBlocks,
  writtenStatements,
} from './roll-statements.js';
import { takenUp } from './rolls.js';

/** Records, and bytes of packed flushes, that are rolled up in one transaction; a flush is never divided. */
export const MOST_ROLLED = 64 * 1024;
const MOST_BYTES = 16 * 1024 * 1024;
/** Records that are reckoned between two statements: the server ends a transaction in which it waits for long. */
const AT_ONCE = 4 * 1024;
const HOUR = 3_600_000;
/** Of what stands for a customer, or an answer. */
const NUMBER_BYTES = 4;

export interface RolledUp {
  /** Records that are in blocks now, and were not before. */
  readonly records: number;
  readonly flushes: number;
  /** Of those flushes, as they were packed. */
  readonly flushBytes: number;
  /** Blocks written, and their bytes, indexes for looking through them included. */
  readonly blocks: number;
  readonly blockBytes: number;
  /** Earlier blocks that were read and packed anew together with these records. */
  readonly mergedBlocks: number;
  readonly mergedRecords: number;
  /** How long the oldest of the flushes had waited, in milliseconds by the database's clock; null: there was none. */
  readonly waitedMs: number | null;
  /** How long the oldest flush that is left has waited; null: none is left. */
  readonly behindMs: number | null;
  readonly revision: Revision | null;
  /** Whether so much was there that more may be left. */
  readonly more: boolean;
}

/** Tenants, at most `most`, whose oldest flush has waited for so many milliseconds, or that have enough for a whole roll-up. */
export async function rollingTenants(db: Database, waited: number, most: number): Promise<TenantId[]> {
  const { rows } = await db.roller.query<{ tenant_id: TenantId }>({
    name: 'rolling-tenants',
    text: 'select rolling_tenants as tenant_id from rolling_tenants($1, $2, $3)',
    values: [waited, MOST_ROLLED, most],
  });
  return rows.map((row) => row.tenant_id);
}

/**
 * Regroups a tenant's flushes by customer, seals them with one event, and deletes them. INVARIANT (rolled up once): all of it is one
 * transaction, of whoever holds the tenant's row; wherever it ends, the flushes are there or their blocks are. Null: another
 * worker is at it.
 */
export async function rollUpDecisions(
  db: Database,
  tenantId: TenantId,
  most = MOST_ROLLED,
): Promise<RolledUp | null> {
  const roller = { pool: db.roller, signal: db.signal, commits: db.commits };
  type Outcome = Writes<Done | 'NEVER_ROLLED' | null>;
  const { value, revision } = await writeTransaction(
    roller,
    tenantId,
    async (transaction): Promise<Outcome> => {
      const claim = await claimTenant(transaction);
      if (claim === null) return { value: null, statements: [], events: [] };
      if (claim === 'NEVER_ROLLED') return { value: claim, statements: [firstClaim(tenantId)], events: [] };
      const claimed = await claimFlushes(transaction, most, MOST_BYTES);
      if (claimed.flushes.length === 0) return { value: NOTHING, statements: [], events: [] };
      const keys = new CustomerKeys(db.keys.decision, tenantId);
      return new RollUp(transaction, claim, keys).write(claimed, most);
    },
  );
  if (value === 'NEVER_ROLLED') return rollUpDecisions(db, tenantId, most);
  return value === null ? null : { ...value, revision };
}

type Done = Omit<RolledUp, 'revision'>;
const NOTHING: Done = {
  ...{ records: 0, flushes: 0, flushBytes: 0, blocks: 0, blockBytes: 0, mergedBlocks: 0, mergedRecords: 0 },
  ...{ waitedMs: null, behindMs: null, more: false },
};

/** What the event says of a flush. */
type Sealed = readonly [seq: number, records: number, root: string];

/** One transaction's work. */
class RollUp {
  readonly #byHour = new Map<number, Entry[]>();
  readonly #sealed = new Map<string, Sealed[]>();
  #roll: number;
  #blocks = 0;
  #blockBytes = 0;
  #mergedBlocks = 0;
  #mergedRecords = 0;

  constructor(
    private readonly transaction: Transaction,
    private readonly claim: Claim,
    private readonly keys: CustomerKeys,
  ) {
    this.#roll = claim.lastRoll;
  }

  async write({ flushes, leftAt }: ClaimedFlushes, most: number): Promise<Writes<Done>> {
    const fresh = flushes.filter(({ again }) => !again);
    for (const some of inPieces(fresh)) await this.#read(some);
    for (const [hour, entries] of this.#byHour) await this.#pack(hour, entries);
    const records = recordsOf(fresh);
    return {
      value: {
        ...{ records, flushes: fresh.length, flushBytes: fresh.reduce((sum, { bytes }) => sum + bytes, 0) },
        ...{ blocks: this.#blocks, blockBytes: this.#blockBytes },
        ...{ mergedBlocks: this.#mergedBlocks, mergedRecords: this.#mergedRecords },
        ...{ waitedMs: this.#since(flushes[0]?.lastAt.getTime() ?? null), behindMs: this.#since(leftAt) },
        more: recordsOf(flushes) >= most,
      },
      statements: writtenStatements(this.transaction.tenantId, flushes, this.#roll),
      events: fresh.length === 0 ? [] : [this.#event(records)],
    };
  }

  /** Records are dated by their gateways, whose clocks may be ahead. */
  #since(at: number | null): number | null {
    return at === null ? null : Math.max(0, this.claim.clock - at);
  }

  async #read(flushes: readonly ClaimedFlush[]): Promise<void> {
    for (const { gatewayId, seq, body } of await flushBodies(this.transaction, flushes)) {
      const hashes: Buffer[] = [];
      (await unpackFlush(body)).forEach((text, index) => {
        const entry = { ...headOf(parseLine(text)), gatewayId, seq, index, text };
        hashes.push(recordHash(this.keys.of(entry.customerId), entry, text));
        addTo(this.#byHour, Math.floor(entry.at / HOUR), entry);
      });
      addTo(this.#sealed, gatewayId, [seq, hashes.length, rootOf(hashes).toString('hex')]);
    }
  }

  /** With the small rolls of that hour, if they have become many. */
  async #pack(hour: number, fresh: readonly Entry[]): Promise<void> {
    const from = instant(hour * HOUR);
    const span = { from, to: instant(from + HOUR) };
    const taken = takenUp(fresh.length, await looseRolls(this.transaction, span));
    const merged = await takeRolls(this.transaction, span, taken);
    this.#mergedBlocks += merged.blocks;
    this.#mergedRecords += merged.entries.length;
    const entries = [...merged.entries, ...fresh];
    const bits = bitsFor(entries.length);
    const byBucket = new Map<number, Entry[]>();
    for (const entry of entries) addTo(byBucket, bucketOf(this.keys.markOf(entry.customerId), bits), entry);
    this.#roll += 1;
    let waiting: [number, Entry[]][] = [];
    let records = 0;
    for (const one of byBucket) {
      waiting.push(one);
      records += one[1].length;
      if (records < AT_ONCE) continue;
      await this.#writeBlocks(waiting);
      [waiting, records] = [[], 0];
    }
    await this.#writeBlocks(waiting);
  }

  async #writeBlocks(buckets: readonly (readonly [number, readonly Entry[]])[]): Promise<void> {
    if (buckets.length === 0) return;
    const blocks = await Promise.all(
      buckets.map(([bucket, entries]) => packBlock(bucket, entries, this.keys.marks)),
    );
    await writeBlocks(this.transaction, this.#roll, blocks);
    this.#blocks += blocks.length;
    for (const { ids, customers, answers, pieces, body } of blocks) {
      const numbers = customers.length + answers.length + 2 * (pieces?.ends.length ?? 0);
      this.#blockBytes += body.length + ids.length + numbers * NUMBER_BYTES;
    }
  }

  /** For the audit trail: the root of each flush. Nobody's decisions change by it, so `events` does not list it. */
  #event(records: number): NewEvent {
    const { clock } = this.claim;
    const gateways = [...this.#sealed].map(([id, flushes]) => ({ id, flushes }));
    return {
      type: 'decisions.recorded',
      subjectType: 'decisions',
      subjectId: this.transaction.tenantId,
      customer: null,
      actor: { kind: 'WORKER', id: 'decision-log', name: null },
      reason: null,
      requestId: null,
      at: clock,
      recordedAt: clock,
      data: { records, gateways },
      listed: false,
    };
  }
}

/** The keys of those customers whose records are rolled up, each derived once. */
class CustomerKeys {
  readonly #keys = new Map<string, Buffer>();
  readonly marks = new Map<string, Mark>();

  constructor(
    private readonly key: Buffer,
    private readonly tenantId: TenantId,
  ) {}

  of(customerId: string): Buffer {
    const known = this.#keys.get(customerId);
    if (known) return known;
    const key = customerKey(this.key, this.tenantId, customerId);
    this.#keys.set(customerId, key);
    return key;
  }

  markOf(customerId: string): Mark {
    const known = this.marks.get(customerId);
    if (known) return known;
    const mark = markOf(this.of(customerId));
    this.marks.set(customerId, mark);
    return mark;
  }
}

function recordsOf(flushes: readonly ClaimedFlush[]): number {
  return flushes.reduce((sum, { records }) => sum + records, 0);
}

function inPieces(flushes: readonly ClaimedFlush[]): ClaimedFlush[][] {
  const pieces: ClaimedFlush[][] = [];
  let records = AT_ONCE;
  for (const flush of flushes) {
    if (records >= AT_ONCE) {
      pieces.push([]);
      records = 0;
    }
    pieces.at(-1)?.push(flush);
    records += flush.records;
  }
  return pieces;
}

function addTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
