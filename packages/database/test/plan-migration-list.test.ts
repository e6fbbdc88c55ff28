import { findPlanMigration } from '@licet/database';
import {
  carryOut,
  createOwnTenant,
  createTestCustomer,
  type OwnTenant,
  queueMigration,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';
import { listSubscriptions } from '../src/commands/list-migration.js';
import { writeTransaction } from '../src/connection/transaction.js';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

interface ListRow {
  readonly listed: number;
  readonly until: string | null;
}

test('many are listed in parts: each once, in the order of their customers, and counted when all are', async () => {
  const names = ['b', 'e', 'a', 'd', 'c'];
  for (const name of names) {
    await createTestCustomer(tenant, name);
    await subscribeTo(tenant, name, 'pro');
  }
  const { id } = await queueMigration(tenant, { toPlan: 'free' });
  const { db, caller } = tenant;
  const totals: (number | null)[] = [];
  for (let total: number | null = null; total === null;) {
    const migration = await findPlanMigration(db, caller.tenantId, id);
    if (migration === null) throw new Error('the migration is there');
    const [row] = await tenantRows<ListRow>(
      tenant,
      'select listed, listed_until as until from plan_migration',
    );
    const listing = { listed: row?.listed ?? 0, until: row?.until ?? '' };
    const { value } = await writeTransaction(db, caller.tenantId, (transaction) =>
      listSubscriptions(transaction, migration, listing, 2),
    );
    totals.push((total = value.total));
  }
  expect(totals).toEqual([null, null, 5]);
  const items = await tenantRows(
    tenant,
    'select number, customer_id as customer from plan_migration_item order by number',
  );
  expect(items).toEqual(
    ['a', 'b', 'c', 'd', 'e'].map((customer, index) => ({ number: index + 1, customer })),
  );
  expect(await carryOut(tenant, 2)).toMatchObject({ status: 'SUCCEEDED', total: 5, moved: 5 });
});
