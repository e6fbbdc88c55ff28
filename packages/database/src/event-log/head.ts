import { type Instant, instant } from '@licet/domain';
import type { Transaction } from '../connection/transaction.js';
import { ORIGIN, type Revision, revisionOf } from './revision.js';

/** Where a tenant's log and rules are. */
export interface Head {
  /** Of the live publication. */
  readonly rulesVersion: number;
  readonly revision: Revision;
  /** The database's clock. */
  readonly clock: Instant;
}

interface HeadRow {
  readonly rules_version: number;
  readonly position: number | null;
  readonly leaf_hash: Buffer | null;
  readonly clock: number;
}

/** The live rules and the tenant's newest revision, of one moment. */
export async function readHead(transaction: Transaction): Promise<Head> {
  const [row] = await transaction.query<HeadRow>({
    name: 'read-log-head',
    text: `select h.rules_version, e.position, e.leaf_hash,
             floor(date_part('epoch', clock_timestamp()) * 1000)::bigint as clock
           from log_head h
           left join lateral (select position, leaf_hash from event where tenant_id = $1 order by position desc limit 1) e on true
           where h.tenant_id = $1`,
    values: [transaction.tenantId],
  });
  if (!row) throw new Error('the tenant has no log');
  const { position, leaf_hash: leafHash } = row;
  const revision = position === null || leafHash === null ? ORIGIN : revisionOf(position, leafHash);
  return { rulesVersion: row.rules_version, revision, clock: instant(row.clock) };
}
