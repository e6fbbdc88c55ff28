import { type DecisionRecord, lastDecision, rollUpDecisions } from '@licet/database';
import {
  createOwnTenant,
  customerOf,
  decisionOf,
  type OwnTenant,
  putDecisions,
} from '@licet/database/testing';
import { instant } from '@licet/domain';

let tenant: OwnTenant;
beforeEach(async () => {
  tenant = await createOwnTenant();
});
afterEach(() => tenant.close());

const MINUTE = 60_000;
const put = (records: readonly DecisionRecord[]): Promise<void> =>
  putDecisions(tenant.db, tenant.caller.tenantId, records);

function last(at: number, mostSeen?: number, isWanted: (record: DecisionRecord) => boolean = () => true) {
  const sought = { customerId: customerOf('acme'), feature: 'calls', at: instant(at), isWanted };
  return lastDecision(tenant.db, tenant.caller.tenantId, sought, mostSeen);
}

async function lastId(...asked: Parameters<typeof last>): Promise<string | null> {
  const found = await last(...asked);
  if (!found.ok) throw new Error(found.message);
  return found.record?.decision.id ?? null;
}

test('the newest decision of the customer by then is found, that one of that very instant too', async () => {
  const now = Date.now();
  const [first, second] = [decisionOf('acme', now - 3 * MINUTE), decisionOf('acme', now - MINUTE)];
  await put([first, decisionOf('bobs', now - 2 * MINUTE)]);
  await rollUpDecisions(tenant.db, tenant.caller.tenantId);
  await put([second, decisionOf('bobs', now)]);
  expect(await lastId(now)).toBe(second.decision.id);
  expect(await lastId(now - MINUTE)).toBe(second.decision.id);
  expect(await lastId(now - MINUTE - 1)).toBe(first.decision.id);
  expect(await lastId(now - 3 * MINUTE - 1)).toBeNull();
  expect(await lastId(now, undefined, ({ decision }) => decision.id !== second.decision.id)).toBe(
    first.decision.id,
  );
});

test('what the tenant keeps no more is not found, though it is there still', async () => {
  const now = Date.now();
  await put([decisionOf('acme', now - 91 * 24 * 60 * MINUTE)]);
  expect(await lastId(now)).toBeNull();
  expect(await last(now - 91 * 24 * 60 * MINUTE)).toMatchObject({
    ...{ ok: false, code: 'BAD_USER_INPUT', field: 'at' },
    message: expect.stringContaining('decisions are kept for `P90D`'),
  });
});

test('more than a page may look through is refused, with what to do', async () => {
  const now = Date.now();
  await put([decisionOf('acme', now - 2), decisionOf('acme', now - 1)]);
  expect(await last(now, 1, () => false)).toMatchObject({
    ...{ ok: false, code: 'BAD_USER_INPUT', field: 'at' },
    message: expect.stringContaining('more than 1 decisions'),
  });
});
