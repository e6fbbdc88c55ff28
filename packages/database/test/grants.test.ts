import {
  applyDueBatch,
  executeGrantCommand,
  type GrantResult,
  loadStates,
  newGrantId,
} from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  listedEvents,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';
import { decide, type GrantCommand, type Instant } from '@licet/domain';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

type Make = Extract<GrantCommand, { kind: 'grantEntitlement' }>;
let keys = 0;
async function grant(customer: string, given: Partial<Make>): Promise<GrantResult> {
  const customerId = await createTestCustomer(tenant, customer);
  const result = await executeGrantCommand(tenant.db, tenant.caller, {
    command: {
      kind: 'grantEntitlement',
      grantId: newGrantId(),
      feature: 'calls',
      effect: 'ADD',
      value: 5,
      reason: 'a promise',
      startsAt: null,
      expiresAt: null,
      ...given,
    },
    customerId,
    idempotencyKey: `grant ${String((keys += 1))}`,
  });
  if (!result.ok) throw new Error(result.message);
  return result;
}

async function spendCalls(customerId: string, quantity: number): Promise<string> {
  const idempotencyKey = `spend ${String((keys += 1))}`;
  const request = { kind: 'consume', customerId, feature: 'calls', quantity, idempotencyKey } as const;
  const [result] = await spend(tenant.db, tenant.caller, [request]);
  if (!result?.ok) throw new Error('a spend has a verdict');
  return result.decision.code;
}

const hence = (milliseconds: number): Instant => (Date.now() + milliseconds) as Instant;

/** Moves what the grant's times were by days into the past, as if it had been made then. */
async function age(customer: string, days: number): Promise<void> {
  await tenant.owner.query(
    `update entitlement_grant set starts_at = starts_at - $2 * interval '1 day', expires_at = expires_at - $2 * interval '1 day' where customer_id = $1`,
    [customer, days],
  );
  await tenant.owner.query(
    `update customer set version = version + 1, next_due_at = next_due_at - $2 * interval '1 day' where id = $1`,
    [customer, days],
  );
}

test('a grant is kept with who made it, and told of', async () => {
  const { granted } = await grant('ann', { expiresAt: hence(86_400_000) });
  expect(granted).toMatchObject({
    customerId: 'ann',
    grantedBy: tenant.caller.actor,
    grant: { status: 'ACTIVE' },
  });
  const events = await listedEvents(tenant, granted.customerId);
  expect(events.at(-1)).toMatchObject({
    type: 'grant.created',
    subjectType: 'grant',
    subjectId: granted.grant.id,
    reason: 'a promise',
    data: { before: null, after: { feature: 'calls', effect: 'ADD', value: 5, status: 'ACTIVE' } },
  });
});

test('the worker begins and ends a grant when it is due, once each, dated when due', async () => {
  const [startsAt, expiresAt] = [hence(3 * 86_400_000), hence(4 * 86_400_000)];
  const { granted } = await grant('ben', { startsAt, expiresAt });
  await age('ben', 5);
  const { tenantId } = tenant.caller;
  while ((await applyDueBatch(tenant.db, tenantId, 10)).claimed > 0);
  await applyDueBatch(tenant.db, tenantId, 10);
  const told = (await listedEvents(tenant, granted.customerId)).filter(({ type }) =>
    type.startsWith('grant.'),
  );
  expect(told.map(({ type }) => type)).toEqual(['grant.created', 'grant.started', 'grant.expired']);
  const [begun, ended] = told.slice(1);
  expect((ended?.at ?? 0) - (begun?.at ?? 0)).toBe(expiresAt - startsAt);
  const rows = await tenantRows<{ status: string }>(
    tenant,
    `select status from entitlement_grant where customer_id = 'ben'`,
  );
  expect(rows).toEqual([{ status: 'EXPIRED' }]);
});

test('what is granted is the ceiling beside the counter at once, and no longer when it is revoked', async () => {
  await createTestCustomer(tenant, 'cleo');
  await subscribeTo(tenant, 'cleo', 'free');
  const limit = async (): Promise<number> => {
    const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [
      await createTestCustomer(tenant, 'cleo'),
    ]);
    const [state] = states.values();
    if (!state) throw new Error('a state');
    return decide(state, { feature: 'calls', quantity: 1 }, asOf).limit ?? -1;
  };
  const before = await limit();
  const { granted } = await grant('cleo', { value: 7 });
  expect(await limit()).toBe(before + 7);
  expect(await spendCalls('cleo', before + 7)).toBe('ENTITLED_GRANT');
  const revoked = await executeGrantCommand(tenant.db, tenant.caller, {
    command: { kind: 'revokeGrant', grantId: granted.grant.id },
    reason: 'over',
  });
  expect(revoked.ok && revoked.granted.grant.status).toBe('REVOKED');
  expect(await spendCalls('cleo', 1)).toBe('LIMIT_EXCEEDED');
});
