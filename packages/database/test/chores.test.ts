import { deleteOldOperations, migrate, parseMasterKey } from '@licet/database';
import {
  createOwnTenant,
  createTestCustomer,
  type OwnTenant,
  spend,
  subscribeTo,
  tenantRows,
} from '@licet/database/testing';
import { Client } from 'pg';
import { MIGRATIONS } from '../src/migrate.js';

let tenant: OwnTenant;
beforeAll(async () => {
  tenant = await createOwnTenant();
});
afterAll(() => tenant.close());

test('idempotency records are deleted after a day, those that spent after 36 days, and none sooner', async () => {
  await createTestCustomer(tenant, 'acme');
  await subscribeTo(tenant, 'acme', 'free');
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'acme', feature: 'calls', quantity: 1, idempotencyKey: 'spent' },
  ]);
  const kinds = async (): Promise<string[]> =>
    (await tenantRows<{ kind: string }>(tenant, 'select kind from operation order by kind')).map(
      (row) => row.kind,
    );
  const age = (hours: number): Promise<unknown> =>
    tenant.owner.query(`update operation set at = clock_timestamp() - make_interval(hours => $1)`, [hours]);

  await age(23);
  expect(await deleteOldOperations(tenant.db, tenant.caller.tenantId)).toBe(0);
  await age(25);
  expect(await deleteOldOperations(tenant.db, tenant.caller.tenantId)).toBe(1);
  expect(await kinds()).toEqual(['consume']);
  await age(36 * 24 + 1);
  expect(await deleteOldOperations(tenant.db, tenant.caller.tenantId)).toBe(1);
  expect(await kinds()).toEqual([]);
});

test('four processes that migrate an empty database at once leave each migration applied once', async () => {
  await tenant.owner.query('create database migrate_at_once');
  const url = new URL(tenant.url);
  url.pathname = '/migrate_at_once';
  const masterKey = parseMasterKey(undefined).key;
  await Promise.all([1, 2, 3, 4].map(() => migrate({ url: url.toString(), masterKey })));
  const client = new Client({ connectionString: url.toString() });
  await client.connect();
  const { rows } = await client.query(
    'select name, count(*)::int as count from migrations group by name order by min(id)',
  );
  await client.end();
  expect(rows).toEqual(MIGRATIONS.map(({ name }) => ({ name, count: 1 })));
  await tenant.owner.query('drop database migrate_at_once with (force)');
});
