import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { Client } from 'pg';
import { brokenGuard } from '../src/guards/guards.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

/** Two gateways, and a transaction of the test's own that holds the end of the tenant's log: nobody can commit. */
let system: RunningSystem;
let holder: Client;

beforeAll(async () => {
  const options = { breakGuard: brokenGuard() };
  system = await startSystem([options, options]);
  holder = new Client({ connectionString: system.databaseUrl });
  await holder.connect();
});
afterAll(async () => {
  await holder.end();
  await system.close();
});

const gateway = (index: 0 | 1) => system.gateways[index]!.client;

async function holdLog(): Promise<void> {
  await holder.query('begin');
  await holder.query('select from log_head for update');
}

/** Waits until this many of the gateways' transactions stand at a lock. */
async function untilWaiting(count: number): Promise<void> {
  await until(async () => {
    const { rows } = await system.owner.query(
      `select 1 from pg_stat_activity where datname = current_database() and application_name = 'licet-gateway'
       and wait_event_type = 'Lock'`,
    );
    return rows.length >= count;
  });
}

async function counted(customer: string): Promise<{ used: number; units: number }> {
  const { rows } = await system.owner.query<{ used: number; units: number }>(
    `select coalesce((select used from meter where customer_id = $1), 0)::int as used,
            coalesce((select sum(quantity) from operation where customer_id = $1), 0)::int as units`,
    [customer],
  );
  return rows[0]!;
}

async function fill(customer: string, units: number): Promise<void> {
  for (let spent = 0; spent < units; spent += 1)
    await gateway(0).consume(customer, 'calls', `${customer}-${String(spent)}`);
}

test('stale limit: a gateway that knows the old plan denies what the new one does not give', async () => {
  await createTestCustomer(system.tenant, 'stale');
  const subscription = await subscribeTo(system.tenant, 'stale', 'pro');
  await fill('stale', 11);
  await gateway(1).changePlan(subscription.id, 'free', 'stale-down');
  expect(await gateway(0).consume('stale', 'calls', 'stale-after')).toMatchObject({
    consumed: 0,
    decision: { code: 'LIMIT_EXCEEDED' },
  });
  expect(await counted('stale')).toEqual({ used: 11, units: 11 });
});

test('stale limit: a spend that waits for the change of plan is decided by what the change leaves', async () => {
  await createTestCustomer(system.tenant, 'waits');
  const subscription = await subscribeTo(system.tenant, 'waits', 'pro');
  await fill('waits', 11);
  await holdLog();
  const change = gateway(1).changePlan(subscription.id, 'free', 'waits-down');
  await untilWaiting(1);
  const spend = gateway(0).consume('waits', 'calls', 'waits-after');
  await untilWaiting(2);
  await holder.query('commit');
  await change;
  expect(await spend).toMatchObject({ consumed: 0, decision: { code: 'LIMIT_EXCEEDED' } });
  expect(await counted('waits')).toEqual({ used: 11, units: 11 });
});

test('the last unit, two gateways: the second waits for the counter, and finds nothing left', async () => {
  await createTestCustomer(system.tenant, 'last');
  await subscribeTo(system.tenant, 'last', 'free');
  await fill('last', 9);
  await holdLog();
  const first = gateway(0).consume('last', 'calls', 'last-first');
  await untilWaiting(1);
  const second = gateway(1).consume('last', 'calls', 'last-second');
  await untilWaiting(2);
  await holder.query('commit');
  expect(await first).toMatchObject({ consumed: 1 });
  expect(await second).toMatchObject({ consumed: 0, decision: { code: 'LIMIT_EXCEEDED' } });
  expect(await counted('last')).toEqual({ used: 10, units: 10 });
});

test('same key, two gateways, same counter: the second waits, and is answered as the first', async () => {
  await createTestCustomer(system.tenant, 'same');
  await subscribeTo(system.tenant, 'same', 'pro');
  await fill('same', 1);
  await holdLog();
  const first = gateway(0).consume('same', 'calls', 'same-key');
  await untilWaiting(1);
  const second = gateway(1).consume('same', 'calls', 'same-key');
  await untilWaiting(2);
  await holder.query('commit');
  expect(await first).toMatchObject({ consumed: 1, replayed: false });
  expect(await second).toMatchObject({ consumed: 1, replayed: true });
  expect(await counted('same')).toEqual({ used: 2, units: 2 });
});

test('same key, two gateways, two counters: the second waits for the key, and leaves its counter alone', async () => {
  for (const customer of ['one', 'other']) {
    await createTestCustomer(system.tenant, customer);
    await subscribeTo(system.tenant, customer, 'pro');
    await fill(customer, 1);
  }
  await holdLog();
  const first = gateway(0).consume('one', 'calls', 'shared-key');
  await untilWaiting(1);
  const second = gateway(1).consume('other', 'calls', 'shared-key').then(JSON.stringify, String);
  await untilWaiting(2);
  await holder.query('commit');
  expect(await first).toMatchObject({ consumed: 1, replayed: false });
  expect(await second).toContain('CONFLICT');
  expect(await counted('one')).toEqual({ used: 2, units: 2 });
  expect(await counted('other')).toEqual({ used: 1, units: 1 });
});

test('a release that goes live between decision and commit is the one that decides', async () => {
  await createTestCustomer(system.tenant, 'release');
  await subscribeTo(system.tenant, 'release', 'pro');
  await fill('release', 1);
  await holdLog();
  const spend = gateway(0).consume('release', 'calls', 'release-key');
  await untilWaiting(1);
  await holder.query(`update catalog_release set status = 'RETIRED'`);
  await holder.query(
    `insert into catalog_release (tenant_id, number, base, status, document, checksum, created_by, created_at, published_at)
     select tenant_id, 2, 1, 'LIVE', document #- '{features,calls}' #- '{plans,free,entitlements,calls}' #- '{plans,pro,entitlements,calls}',
            checksum, created_by, created_at, published_at from catalog_release`,
  );
  await holder.query(
    'insert into release_plan (tenant_id, release, plan, version) select tenant_id, 2, plan, version from release_plan',
  );
  await holder.query(
    'insert into publication (tenant_id, version, release, at, told_all, time_zone) select tenant_id, 2, 2, clock_timestamp(), true, time_zone from publication',
  );
  await holder.query('update log_head set rules_version = 2');
  await holder.query('commit');
  expect(await spend).toMatchObject({ consumed: 0, decision: { code: 'UNKNOWN_FEATURE' } });
  expect(await counted('release')).toEqual({ used: 1, units: 1 });
});
