import { listEvents, type StoredEvent } from '@licet/database';
import type { CustomerId } from '@licet/domain';
import type { TestTenant } from './tenant.js';

/** The first 100 listed events of a tenant, or of one of its customers. */
export async function listedEvents(
  { db, caller }: TestTenant,
  customerId: CustomerId | null = null,
): Promise<StoredEvent[]> {
  const result = await listEvents(db, caller.tenantId, {
    first: 100,
    after: null,
    types: null,
    customerId,
    only: null,
    since: null,
    until: null,
  });
  if (!result.ok) throw new Error(result.message);
  return result.page.items.map((item) => item.node);
}

/** Rows as the tenant sees them. */
export async function tenantRows<Row extends object>(
  { db, caller }: TestTenant,
  sql: string,
): Promise<Row[]> {
  const client = await db.pool.connect();
  try {
    await client.query(`begin; set local app.tenant = '${caller.tenantId}'`);
    const { rows } = await client.query<Row>(sql);
    await client.query('commit');
    return rows;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
