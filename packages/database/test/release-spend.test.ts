import { publishRelease, draftRelease } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
  TEST_CATALOG,
} from '@licet/database/testing';
import { parseCatalogDocument } from '@licet/domain';
import { writeTransaction } from '../src/connection/transaction.js';
import { assertRules, publishedRelease, rulesVersion } from '../src/repositories/releases.js';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

/** Two families that both give projects; their numbers are combined as the live release says. */
async function publishCombining(combine: 'max' | 'sum'): Promise<void> {
  const { features, plans } = TEST_CATALOG;
  const extra = { family: 'extra', model: 'subscription', entitlements: { projects: 10 } };
  const parsed = parseCatalogDocument({
    ...TEST_CATALOG,
    features: { ...features, projects: { ...features.projects, combine } },
    plans: { ...plans, extra },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { db, caller } = tenant;
  const drafted = await draftRelease(db, caller, { parsed, comment: null, idempotencyKey: null });
  if (!drafted.ok) throw new Error(drafted.message);
  const published = await publishRelease(db, caller, drafted.release.number);
  if (!published.ok) throw new Error(published.message);
}

let keys = 0;
async function consume(quantity: number) {
  keys += 1;
  const request = { kind: 'consume', customerId: 'ada', feature: 'projects', quantity } as const;
  const [verdict] = await spend(tenant.db, tenant.caller, [
    { ...request, idempotencyKey: `spend ${String(keys)}` },
  ]);
  if (!verdict?.ok) throw new Error(verdict?.message ?? 'no verdict');
  const { decision, release } = verdict;
  return { allowed: decision.allowed, used: decision.used, limit: decision.limit, release };
}

async function row() {
  const [meter] = await tenantRows<{ used: number; lim: number; rules_version: number }>(
    tenant,
    'select used, lim, rules_version from meter',
  );
  return meter;
}

test('the first spend after a publication compiles the limit anew, and both ways it holds', async () => {
  await publishCombining('max');
  await createTestCustomer(tenant, 'ada');
  await subscribeTo(tenant, 'ada', 'free');
  await subscribeTo(tenant, 'ada', 'extra');
  expect(await consume(10)).toEqual({ allowed: true, used: 10, limit: 10, release: 2 });
  expect(await row()).toEqual({ used: 10, lim: 10, rules_version: 2 });
  expect(await consume(1)).toMatchObject({ allowed: false });
  // A publication writes no meters.
  await publishCombining('sum');
  expect(await row()).toEqual({ used: 10, lim: 10, rules_version: 2 });
  expect(await consume(2)).toEqual({ allowed: true, used: 12, limit: 13, release: 3 });
  expect(await row()).toEqual({ used: 12, lim: 13, rules_version: 3 });
  await publishCombining('max');
  expect(await consume(1)).toEqual({ allowed: false, used: 12, limit: 10, release: 4 });
});

test('what publications overtake again and again is decided anew each time, and nobody is told that the database is away', async () => {
  await publishCombining('max');
  const { db, caller } = tenant;
  let runs = 0;
  const { value } = await writeTransaction(db, caller.tenantId, async (transaction) => {
    runs += 1;
    const release = await publishedRelease(db, transaction, await rulesVersion(transaction));
    if (runs < 8) await publishCombining(runs % 2 === 0 ? 'max' : 'sum');
    return { value: release.number, statements: [assertRules(release, caller.tenantId)], events: [] };
  });
  expect(runs).toBe(8);
  expect(await consume(1)).toMatchObject({ release: value });
});
