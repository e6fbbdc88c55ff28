import { APP_ROLE, appUrl, parseMasterKey } from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  subscribeTo,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import { Client } from 'pg';

let database: TestDatabase;
let tenant: TestTenant;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url);
  await createTestCustomer(tenant, 'acme');
  await subscribeTo(tenant, 'acme', 'pro');
  client = new Client({ connectionString: appUrl(database.url, parseMasterKey(undefined).key) });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await tenant.close();
  await database.drop();
});

/** Every table that the database's own catalogue lists, outside the system's schemas. */
async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm', 'v') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`);
  return rows.map((row) => row.name);
}

async function rowsSeen(table: string): Promise<number> {
  try {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${table}`);
    return rows[0]!.count;
  } catch (error) {
    // No privilege at all is as good as no row.
    if (error instanceof Error && /permission denied/.test(error.message)) return 0;
    throw error;
  }
}

test('the application role owns nothing and cannot step around the policies', async () => {
  const { rows } = await client.query<{ role: string; bypass: boolean; owned: number }>(`
    select current_user as role, (select rolbypassrls or rolsuper from pg_roles where rolname = current_user) as bypass,
      (select count(*)::int from pg_class where pg_get_userbyid(relowner) = current_user) as owned`);
  expect(rows).toEqual([{ role: APP_ROLE, bypass: false, owned: 0 }]);
});

test('without a tenant the application role reads no row of any table', async () => {
  const names = await tables();
  expect(names.length).toBeGreaterThan(12);
  const seen: [string, number][] = [];
  for (const name of names) seen.push([name, await rowsSeen(name)]);
  expect(seen.filter(([, count]) => count > 0)).toEqual([]);
});

test("with a tenant it reads that tenant's rows, and the setting ends with the transaction", async () => {
  await client.query(`begin; set local app.tenant = '${tenant.caller.tenantId}'`);
  expect(await rowsSeen('customer')).toBe(1);
  await client.query('commit');
  expect(await rowsSeen('customer')).toBe(0);
});

test("another tenant's rows can be neither read nor written", async () => {
  const other = await createTestTenant(database.url);
  try {
    await client.query(`begin; set local app.tenant = '${other.caller.tenantId}'`);
    expect(await rowsSeen('customer')).toBe(0);
    await expect(
      client.query('insert into customer (tenant_id, id, created_at) values ($1, $2, now())', [
        tenant.caller.tenantId,
        'x',
      ]),
    ).rejects.toThrow(/row-level security/);
  } finally {
    await client.query('rollback');
    await other.close();
  }
});

test('every table with a tenant has row-level security forced, but for the key look-up that nobody may read', async () => {
  const { rows } = await client.query<{ name: string; forced: boolean }>(`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where n.nspname = 'public' and c.relkind in ('r', 'p')`);
  expect(rows.filter((row) => !row.forced).map((row) => row.name)).toEqual(['api_key_lookup']);
});

test('events are append-only for the application role', async () => {
  await expect(client.query('delete from event')).rejects.toThrow(/permission denied/);
  await expect(client.query("update event set type = 'x'")).rejects.toThrow(/permission denied/);
});
