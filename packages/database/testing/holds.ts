import type { OwnTenant, TestTenant } from './tenant.js';
import { tenantRows } from './events.js';
import { PRESENT } from './present.js';

/** What a counter has used and holds, and whether time ends some of that; undefined: there is no such counter. */
export async function counterOf(
  tenant: TestTenant,
  customerId: string,
  feature = 'calls',
): Promise<{ readonly used: number; readonly reserved: number; readonly held: boolean } | undefined> {
  const [row] = await tenantRows<{ used: number; reserved: number; held: boolean }>(
    tenant,
    `select used::int, reserved::int, held_until is not null as held from meter
     where customer_id = '${customerId}' and feature = '${feature}'`,
  );
  return row;
}

/** As if so many hours had passed for a customer's reservations and quota leases, those that have ended, too. */
export async function letPass(
  { owner, caller }: OwnTenant,
  customerId: string,
  hours: number,
): Promise<void> {
  const ago = `interval '${String(hours)} hours'`;
  for (const statement of [
    `update reservation set reserved_at = reserved_at - ${ago}, expires_at = expires_at - ${ago} where tenant_id = $1 and customer_id = $2`,
    `update meter set held_until = held_until - ${ago} where tenant_id = $1 and customer_id = $2`,
    `update customer set next_due_at = ${PRESENT} where tenant_id = $1 and id = $2`,
  ])
    await owner.query(statement, [caller.tenantId, customerId]);
}
