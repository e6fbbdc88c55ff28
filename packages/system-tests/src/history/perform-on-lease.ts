import type { Account } from '../model/account.js';
import type { QuotaLease } from '../model/holds.js';
import * as leases from '../model/leases.js';
import type { UsageAction } from './actions/usage-actions.js';
import { record } from './gateway.js';
import { decisionText, type Performed } from './performed.js';
import { day } from './texts.js';
import type { World } from './world.js';

export async function performLease(
  account: Account,
  world: World,
  { feature, quantity, ttl }: Extract<UsageAction, { kind: 'leaseQuota' }>,
  key: { readonly idempotencyKey: string },
): Promise<Performed> {
  const input = { customerId: world.customerId, feature, quantity, ttl, ...key };
  const selects = 'decision { allowed code } lease { id quantity expiresAt }';
  const product = await world.mutate('leaseQuota', 'LeaseQuotaInput', input, selects);
  let expected = '';
  return {
    line: `lease ${String(quantity)} ${feature} for ${ttl}`,
    product,
    model: (id) => {
      const { answer, lease } = leases.leaseQuota(account, { id, feature, quantity, ttl });
      expected = `${decisionText(answer)}, ${lease === null ? 'none' : lentText(lease.quantity, lease.expiresAt)}`;
    },
    expected: () => expected,
    got: product.data === null ? '' : lent(product.data),
  };
}

function lent({ decision, lease }: Readonly<Record<string, unknown>>): string {
  if (lease === null) return `${decisionText(decision)}, none`;
  const { quantity, expiresAt } = record(lease);
  return `${decisionText(decision)}, ${lentText(Number(quantity), Date.parse(String(expiresAt)))}`;
}

function lentText(quantity: number, expiresAt: number): string {
  return `${String(quantity)} until ${day(expiresAt)}`;
}

export async function performReturn(
  account: Account,
  world: World,
  lease: QuotaLease,
  quarters: number,
): Promise<Performed> {
  const spent = Math.floor((lease.quantity * quarters) / 4);
  const product = await world.call(
    'returnQuota',
    'leaseId: ID!, spent: Quantity!',
    { leaseId: lease.id, spent },
    'consumed replayed decision { allowed code }',
  );
  let expected = '';
  return {
    line: `return the ${String(lease.quantity)} ${lease.feature} of ${lease.id}, ${String(spent)} of them spent`,
    product,
    model: () => {
      const { consumed, replayed } = leases.returnQuota(account, lease, spent);
      expected = returnedText({ decision: { allowed: true, code: 'DONE' }, consumed, replayed });
    },
    expected: () => expected,
    got: product.data === null ? '' : returnedText(product.data),
  };
}

function returnedText({ decision, consumed, replayed }: Readonly<Record<string, unknown>>): string {
  return `${decisionText(decision)}, ${String(consumed)} consumed${replayed === true ? ' before' : ''}`;
}
