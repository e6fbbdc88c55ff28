import { hash, randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import type { TenantId } from '@licet/domain';
import { DatabaseUnavailableError } from '../connection/errors.js';
import { Turns } from '../event-log/turns.js';
import { notRecorded } from './ending.js';
import { OpenFlush } from './flush.js';
import { sealPersonal } from './personal-fields.js';
import type { PersonalFields } from './personal-names.js';
import type { DecisionRecord } from './record.js';
import { writeFlushes } from './write-flushes.js';

/** The operation of records that an SDK has made, out of reach of the gateway. */
export const REPORTED = 'reportDecisions';

/** Reports of one tenant that wait at once: who sends more is asked to come again. */
const MOST_WAITING = 16;

/**
 * Takes decisions that were made elsewhere into the log, each once: its id and its record are written in one transaction, so who has no answer
 * sends them again. One transaction at a time, so that they leave a connection to what this process records itself.
 */
export class DecisionReports {
  /** As of a gateway that records: its flushes are numbered by tenant. */
  readonly #gatewayId = randomUUID();
  readonly #lastSeq = new Map<TenantId, number>();
  readonly #waiting = new Map<TenantId, number>();
  readonly #turns = new Turns(1);

  constructor(
    private readonly pool: Pool,
    private readonly personal: { readonly fields: PersonalFields; readonly key: Buffer },
  ) {}

  /**
   * Which of these, by their places, were not on record before; they are durable then. Rejects with DatabaseUnavailableError where that is
   * not known, or too many wait.
   */
  async take(tenantId: TenantId, records: readonly DecisionRecord[]): Promise<ReadonlySet<number>> {
    if (records.length === 0) return new Set();
    const waiting = this.#waiting.get(tenantId) ?? 0;
    if (waiting >= MOST_WAITING)
      throw new DatabaseUnavailableError('too many reports of decisions wait; send this one again', null);
    this.#waiting.set(tenantId, waiting + 1);
    try {
      return await this.#turns.take(() => this.#write(tenantId, records));
    } finally {
      const left = (this.#waiting.get(tenantId) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(tenantId);
      else this.#waiting.set(tenantId, left);
    }
  }

  async #write(tenantId: TenantId, records: readonly DecisionRecord[]): Promise<ReadonlySet<number>> {
    let client: PoolClient;
    try {
      client = await this.pool.connect();
    } catch (error) {
      throw notRecorded(error);
    }
    try {
      await client.query('begin');
      const fresh = await claim(client, tenantId, records);
      await this.#record(
        client,
        tenantId,
        records.filter((_one, place) => fresh.has(place)),
      );
      await client.query('commit');
      client.release();
      return fresh;
    } catch (error) {
      // It may be in any state.
      client.release(true);
      throw notRecorded(error);
    }
  }

  async #record(client: PoolClient, tenantId: TenantId, fresh: readonly DecisionRecord[]): Promise<void> {
    if (fresh.length === 0) return;
    const seq = (this.#lastSeq.get(tenantId) ?? 0) + 1;
    this.#lastSeq.set(tenantId, seq);
    const { fields, key } = this.personal;
    const flush = new OpenFlush();
    for (const record of fresh) flush.add(sealPersonal(key, fields, tenantId, record));
    await writeFlushes(client, [await flush.pack({ tenantId, gatewayId: this.#gatewayId, seq })]);
  }
}

/**
 * INVARIANT (reported once): the key of `reported_decision` is the tenant's, the customer's and the decision's; who writes the row records
 * the decision in the same transaction. A second one waits for the first, and finds it.
 */
async function claim(
  client: PoolClient,
  tenantId: TenantId,
  records: readonly DecisionRecord[],
): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ place: number }>({
    name: 'claim-reports',
    text: 'select claim_reports as place from claim_reports($1, $2)',
    values: [tenantId, records.map(({ decision }) => idHash(decision))],
  });
  return new Set(rows.map(({ place }) => place));
}

/** Of a customer's own: nobody takes another one's id away. */
function idHash({ customerId, id }: DecisionRecord['decision']): Buffer {
  return hash('sha256', JSON.stringify([customerId, id]), 'buffer');
}
