import type { QueryConfig } from 'pg';
import { numberArray } from '../mapping/array-literal.js';
import type { Flush } from './flush.js';

/**
 * INVARIANT (recorded once): the key names gateway and number, so a flush that is sent again, after a COMMIT without an
 * answer or from the spool, changes nothing. No conflict target is named: that would need the right to read.
 */
const INSERT = `
insert into decision_flush (tenant_id, day, gateway_id, seq, first_at, last_at, records, body, customers)
select tenant_id, (last_at at time zone 'UTC')::date, gateway_id, seq, first_at, last_at, records, body, customers::int[]
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::bytea[], $8::text[])
  as f (tenant_id, gateway_id, seq, first_at, last_at, records, body, customers)
on conflict do nothing`;

/** A pool, or one of its connections. */
interface Connected {
  query(statement: QueryConfig): Promise<unknown>;
}

/** Writes flushes of any tenants in one statement. When it answers they are durable, or part of the connection's transaction. */
export async function writeFlushes(connected: Connected, flushes: readonly Flush[]): Promise<void> {
  await connected.query({
    name: 'write-decisions',
    text: INSERT,
    values: [
      flushes.map(({ tenantId }) => tenantId),
      flushes.map(({ gatewayId }) => gatewayId),
      flushes.map(({ seq }) => seq),
      flushes.map(({ firstAt }) => new Date(firstAt)),
      flushes.map(({ lastAt }) => new Date(lastAt)),
      flushes.map(({ records }) => records),
      flushes.map(({ body }) => body),
      flushes.map(({ customers }) => customers && numberArray(customers)),
    ],
  });
}
