import { randomUUID } from 'node:crypto';
import {
  type Database,
  type DecisionFilter,
  type DecisionRecord,
  DecisionRecorder,
  listDecisions,
} from '@licet/database';
import { type CustomerId, instant, parseCustomerId, type TenantId } from '@licet/domain';
import type { TestTenant } from './tenant.js';

export function customerOf(text: string): CustomerId {
  const id = parseCustomerId(text);
  if (id === null) throw new Error('a customer id');
  return id;
}

/** A check that was allowed. */
export function decisionOf(
  customerId: string,
  at = Date.now(),
  more: Partial<DecisionRecord['decision']> = {},
): DecisionRecord {
  return {
    operation: 'check',
    input: { customerId, feature: 'calls', quantity: 1, context: { country: 'AT' } },
    actor: { kind: 'API_KEY', id: 'key_1', name: 'backend' },
    requestId: 'req-1',
    at: instant(at),
    decision: {
      ...{ id: `dec_${randomUUID()}`, allowed: true, code: 'ENTITLED', message: 'yes', customerId },
      ...{ feature: 'calls', value: null, limit: 10, unlimited: false, used: 1, reserved: 0, remaining: 9 },
      ...{ resetsAt: instant(at), validUntil: null, release: 1, revision: '0000000000000001-00000000' },
      sources: [{ kind: 'SUBSCRIPTION', id: 'sub_1', key: 'pro' }],
      ...{ asOf: instant(at), stale: false },
      ...more,
    },
  };
}

/** Every decision fits. */
export const EVERY_DECISION: DecisionFilter = {
  ...{ id: null, customerId: null, only: null, feature: null, allowed: null, code: null },
  ...{ since: null, until: null },
};

/** One page; throws where it is refused. */
export async function listedDecisions(
  { db, caller }: Pick<TestTenant, 'db' | 'caller'>,
  filter: Partial<DecisionFilter> = {},
  first = 100,
  after: string | null = null,
) {
  const result = await listDecisions(db, caller.tenantId, { first, after, ...EVERY_DECISION, ...filter });
  if (!result.ok) throw new Error(result.message);
  return result.page;
}

/** Of all pages. */
export async function decisionIds(
  tenant: Pick<TestTenant, 'db' | 'caller'>,
  filter: Partial<DecisionFilter> = {},
): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await listedDecisions(tenant, filter, 10_000, after);
    ids.push(...page.items.map(({ node }) => node.decision.id));
    if (!page.hasNextPage) return ids;
    after = page.items.at(-1)?.cursor ?? null;
  }
}

/** Puts decisions on record, of a gateway of their own, and waits until they are durable. */
export async function putDecisions(
  db: Database,
  tenantId: TenantId,
  records: readonly DecisionRecord[],
): Promise<void> {
  const recorder = new DecisionRecorder(db.recorder, { mode: 'async' });
  for (const one of records) void recorder.record(tenantId, one);
  await recorder.close();
}
