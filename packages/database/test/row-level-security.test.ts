import {
  APP_ROLE,
  appUrl,
  createApiKey,
  executeGrantCommand,
  migrateBatch,
  migratePlan,
  newGrantId,
  parseMasterKey,
  recorderUrl,
  rollerUrl,
  signingKeys,
} from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  durationOf,
  issueLicenseTo,
  spend,
  subscribeTo,
  TEST_CATALOG,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import { parsePlanKey } from '@licet/domain';
import { Client } from 'pg';

let database: TestDatabase;
let tenant: TestTenant;
let client: Client;
/** Row-level security does not bind it: it is a superuser. */
let owner: Client;

/** A table without rows would prove nothing. */
async function fillEveryTable(): Promise<void> {
  const hour = durationOf('PT1H');
  const customerId = await createTestCustomer(tenant, 'acme');
  await subscribeTo(tenant, 'acme', 'pro');
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'acme', feature: 'calls', quantity: 1, idempotencyKey: 'one call' },
  ]);
  await spend(tenant.db, tenant.caller, [
    {
      ...{ kind: 'reserve', customerId: 'acme', feature: 'calls', quantity: 1, ttl: hour },
      idempotencyKey: 'one reservation',
    },
  ]);
  await executeGrantCommand(tenant.db, tenant.caller, {
    command: {
      kind: 'grantEntitlement',
      grantId: newGrantId(),
      feature: 'sso',
      effect: 'ADD',
      value: null,
      reason: 'a promise',
      startsAt: null,
      expiresAt: null,
    },
    customerId,
    idempotencyKey: 'one grant',
  });
  await issueLicenseTo(tenant, 'acme', 'pro');
  await createApiKey(tenant.db, tenant.caller, {
    name: 'reader',
    role: 'READER',
    operations: [],
    customerIds: [],
    expiresAt: null,
    idempotencyKey: 'reader',
  });
  await signingKeys(tenant.db, tenant.caller.tenantId);
  const plan = parsePlanKey('pro');
  if (plan === null) throw new Error('a plan key');
  await migratePlan(tenant.db, tenant.caller, {
    from: { plan, version: 1 },
    toPlan: parsePlanKey('free'),
    toVersion: null,
    timing: 'NOW',
    at: null,
    customerIds: null,
    dryRun: false,
    idempotencyKey: 'one migration',
  });
  await migrateBatch(tenant.db, tenant.caller.tenantId, 1);
  await owner.query(
    `insert into plan_migration_problem values ($1, 'migration_1', 1, 'sub_1', 'CONFLICT', '')`,
    [tenant.caller.tenantId],
  );
  await owner.query(
    `insert into credit_block values ($1, 'blk_1', 'acme', 'credits', 1, 1, 0, 0, null, null, 'LIVE', clock_timestamp())`,
    [tenant.caller.tenantId],
  );
  // The test catalog has no seats.
  await owner.query(
    `insert into seat values ($1, 'seat_1', 'acme', 'editors', 'ann', 'NAMED', clock_timestamp(), null, null)`,
    [tenant.caller.tenantId],
  );
  await owner.query(
    `insert into license_file select tenant_id, 'file_1', customer_id, id, 'one', null, clock_timestamp(), clock_timestamp(), '[]',
       null, null, 'token', '{}' from license where tenant_id = $1`,
    [tenant.caller.tenantId],
  );
  // The test catalog binds no licence to machines.
  await owner.query(
    `insert into machine select tenant_id, id, 'mach_1', 'one', '[]', null, clock_timestamp() from license where tenant_id = $1`,
    [tenant.caller.tenantId],
  );
  await owner.query(`insert into customer_snapshot values ($1, 'acme', 1, 1)`, [tenant.caller.tenantId]);
  await owner.query(
    `insert into decision_flush values ($1, '2026-01-01', gen_random_uuid(), 1, '2026-01-01Z', '2026-01-01Z', 1, '')`,
    [tenant.caller.tenantId],
  );
  await owner.query(
    `insert into decision_block values ($1, '2026-01-01', 256, 1, '2026-01-01Z', '2026-01-01Z', 1, '{1}', '', '')`,
    [tenant.caller.tenantId],
  );
  await owner.query(`insert into decision_roll values ($1, 1)`, [tenant.caller.tenantId]);
  await owner.query(`insert into decision_gateway values ($1, gen_random_uuid(), '{[1,2)}', '2026-01-01Z')`, [
    tenant.caller.tenantId,
  ]);
  await owner.query(`insert into reported_decision values ($1, '\\x00', clock_timestamp())`, [
    tenant.caller.tenantId,
  ]);
  // A window closes when time passes.
  await owner.query(
    `insert into meter_window values ($1, 'acme', 'calls', '2026-01-01Z', '2026-02-01Z', 1)`,
    [tenant.caller.tenantId],
  );
  // The test catalog names no threshold.
  await owner.query(`insert into meter_threshold values ($1, 'acme', 'calls', '2026-01-01Z', '80%')`, [
    tenant.caller.tenantId,
  ]);
}

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url, {
    ...TEST_CATALOG,
    addOns: { more: { with: ['free'], entitlements: { projects: 10 } } },
  });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  await fillEveryTable();
  client = new Client({ connectionString: appUrl(database.url, parseMasterKey(undefined).key) });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await owner.end();
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

async function rowsSeen(table: string, by = client): Promise<number> {
  try {
    const { rows } = await by.query<{ count: number }>(`select count(*)::int as count from ${table}`);
    return rows[0]!.count;
  } catch (error) {
    // No privilege at all is as good as no row.
    if (error instanceof Error && /permission denied/.test(error.message)) return 0;
    throw error;
  }
}

function mayRead(by: Client, table: string): Promise<boolean> {
  return by.query(`select from ${table}`).then(
    () => true,
    () => false,
  );
}

test('the application role owns nothing and cannot step around the policies', async () => {
  const { rows } = await client.query<{ role: string; bypass: boolean; owned: number }>(`
    select current_user as role, (select rolbypassrls or rolsuper from pg_roles where rolname = current_user) as bypass,
      (select count(*)::int from pg_class where pg_get_userbyid(relowner) = current_user) as owned`);
  expect(rows).toEqual([{ role: APP_ROLE, bypass: false, owned: 0 }]);
});

test('without a tenant the application role reads no row of any table', async () => {
  const names = await tables();
  const empty: string[] = [];
  for (const name of names.filter((name) => name.startsWith('public.')))
    if ((await rowsSeen(name, owner)) === 0) empty.push(name);
  expect(empty).toEqual([]);
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

test('every table with a tenant has row-level security forced, but for the key look-ups that nobody may read', async () => {
  const { rows } = await client.query<{ name: string; forced: boolean }>(`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`);
  expect(rows.filter((row) => !row.forced).map((row) => row.name)).toEqual([
    'api_key_lookup',
    'license_key_lookup',
  ]);
});

test('one policy lets the application role in, and it is the same for every table', async () => {
  const { rows } = await owner.query<{ name: string; policies: string[] }>(`
    select c.relname as name,
      array_agg(p.polname || ': ' || pg_get_expr(p.polqual, p.polrelid)
        || coalesce(' check ' || pg_get_expr(p.polwithcheck, p.polrelid), '')) as policies
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    join pg_policy p on p.polrelid = c.oid and (0 = any(p.polroles) or '${APP_ROLE}'::regrole = any(p.polroles))
    where n.nspname = 'public' and c.relkind in ('r', 'p') group by 1`);
  expect(rows.length).toBeGreaterThan(10);
  expect(new Set(rows.map(({ policies }) => policies.join('; ')))).toEqual(
    new Set([expect.stringMatching(/^own_tenant: \(tenant_id = .*current_setting\('app.tenant'[^;]*$/s)]),
  );
});

test('the application role reaches neither the migrations nor the job runner, and only the functions meant for it', async () => {
  await expect(client.query('select from migrations')).rejects.toThrow(/permission denied/);
  await expect(client.query(`select graphile_worker.add_job('x')`)).rejects.toThrow(/permission denied/);
  const { rows } = await client.query<{ name: string }>(`
    select p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema') and p.prosecdef
      and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute') order by 1`);
  expect(rows.map((row) => row.name)).toEqual([
    'all_tenants',
    'drop_decision_days',
    'due_tenants',
    'find_api_key',
    'find_license_key',
    'log_ends',
    'make_decision_days',
    'migrating_tenants',
    'register_api_key',
    'register_license_key',
  ]);
});

test('the recorder writes decisions for any tenant, and reads nothing at all', async () => {
  const recorder = new Client({
    connectionString: recorderUrl(database.url, parseMasterKey(undefined).key),
  });
  await recorder.connect();
  try {
    const readable: string[] = [];
    for (const name of await tables()) if (await mayRead(recorder, name)) readable.push(name);
    expect(readable).toEqual([]);
    await recorder.query(`begin; set local app.tenant = '${tenant.caller.tenantId}'`);
    await expect(recorder.query('select from decision_flush')).rejects.toThrow(/permission denied/);
    await recorder.query('rollback');
    for (const write of [
      'delete from decision_flush',
      'update decision_flush set seq = 9',
      'truncate decision_flush',
      'select from reported_decision',
      'delete from reported_decision',
      'update reported_decision set reported_at = clock_timestamp()',
    ])
      await expect(recorder.query(write)).rejects.toThrow(/permission denied/);
    for (const read of [
      'all_tenants()',
      'due_tenants(1)',
      'make_decision_days(1)',
      "drop_decision_days('2000-01-01')",
      'rolling_tenants(0, 1, 1)',
    ])
      await expect(recorder.query(`select ${read}`)).rejects.toThrow(/permission denied/);
    const { rows } = await recorder.query<{ bypass: boolean }>(
      'select rolbypassrls or rolsuper as bypass from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ bypass: false }]);
  } finally {
    await recorder.end();
  }
});

test('the roller reads flushes and writes blocks of one tenant at a time, and little else', async () => {
  const roller = new Client({ connectionString: rollerUrl(database.url, parseMasterKey(undefined).key) });
  await roller.connect();
  const other = await createTestTenant(database.url);
  try {
    const readable: string[] = [];
    for (const name of await tables()) if (await mayRead(roller, name)) readable.push(name);
    expect(readable.sort()).toEqual([
      'public.decision_block',
      'public.decision_flush',
      'public.decision_gateway',
      'public.decision_roll',
      'public.event',
      'public.log_head',
    ]);
    for (const name of readable) expect([name, await rowsSeen(name, roller)]).toEqual([name, 0]);
    for (const write of [
      'insert into decision_flush default values',
      'update decision_flush set seq = 9',
      "update decision_block set body = ''",
      'delete from decision_roll',
      'delete from decision_gateway',
      'delete from event',
      "update event set type = 'x'",
      'insert into log_head default values',
    ])
      await expect(roller.query(write)).rejects.toThrow(/permission denied/);
    for (const read of ['all_tenants()', 'due_tenants(1)', 'make_decision_days(1)'])
      await expect(roller.query(`select ${read}`)).rejects.toThrow(/permission denied/);
    await roller.query(`begin; set local app.tenant = '${other.caller.tenantId}'`);
    for (const name of ['decision_flush', 'decision_block', 'decision_roll', 'decision_gateway'])
      expect([name, await rowsSeen(name, roller)]).toEqual([name, 0]);
    for (const taken of ['delete from decision_flush', 'delete from decision_block'])
      expect((await roller.query(taken)).rowCount).toBe(0);
    await expect(
      roller.query(`insert into decision_roll values ($1, 1)`, [tenant.caller.tenantId]),
    ).rejects.toThrow(/row-level security/);
    await roller.query('rollback');
    const { rows } = await roller.query<{ bypass: boolean }>(
      'select rolbypassrls or rolsuper as bypass from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ bypass: false }]);
  } finally {
    await roller.end();
    await other.close();
  }
});

test("the application role writes no decision, and deletes no other tenant's", async () => {
  for (const write of [
    'insert into decision_flush default values',
    'insert into decision_block default values',
    "update decision_block set body = ''",
    'insert into decision_gateway default values',
    'insert into reported_decision default values',
    "select claim_reports(gen_random_uuid(), '{}')",
    'select from rolling_tenants(0, 1, 1)',
  ])
    await expect(client.query(write)).rejects.toThrow(/permission denied/);
  const other = await createTestTenant(database.url);
  await client.query(`begin; set local app.tenant = '${other.caller.tenantId}'`);
  for (const table of ['decision_flush', 'decision_block', 'decision_gateway', 'reported_decision'])
    expect((await client.query(`delete from ${table}`)).rowCount).toBe(0);
  await client.query('commit');
  await other.close();
});

test('events are append-only for the application role', async () => {
  await expect(client.query('delete from event')).rejects.toThrow(/permission denied/);
  await expect(client.query("update event set type = 'x'")).rejects.toThrow(/permission denied/);
});
