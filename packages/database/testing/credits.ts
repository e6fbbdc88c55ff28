import { randomUUID } from 'node:crypto';
import { executeCreditCommand, newCreditBlockId } from '@licet/database';
import type { CreditBlockId, CustomerId, Instant } from '@licet/domain';
import { tenantRows } from './events.js';
import type { TestTenant } from './tenant.js';

interface Given {
  readonly priority?: number;
  readonly expiresAt?: Instant | null;
}

/** A block of the feature `credits`. */
export async function addCredits(
  { db, caller }: TestTenant,
  customerId: CustomerId,
  quantity: number,
  { priority = 0, expiresAt = null }: Given = {},
): Promise<CreditBlockId> {
  const given = { feature: 'credits', quantity, priority, expiresAt };
  const result = await executeCreditCommand(db, caller, {
    command: { kind: 'addCredits', blockId: newCreditBlockId(), ...given },
    ...{ customerId, reason: null, idempotencyKey: randomUUID() },
  });
  if (!result.ok) throw new Error(result.message);
  return result.owned.block.id;
}

/** `remaining/held` of each of the customer's blocks, in the order in which they were added. */
export async function blocksOf(tenant: TestTenant, customerId: string): Promise<string[]> {
  const rows = await tenantRows<{ remaining: number; held: number }>(
    tenant,
    `select remaining::int, held::int from credit_block where customer_id = '${customerId}' order by created_at, id`,
  );
  return rows.map(({ remaining, held }) => `${String(remaining)}/${String(held)}`);
}
