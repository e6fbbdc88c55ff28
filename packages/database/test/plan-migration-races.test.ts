import { setTimeout as delay } from 'node:timers/promises';
import {
  cancelPlanMigration,
  type Database,
  executeCommand,
  migrateBatch,
  type MigrationStep,
} from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  openTestDatabase,
  planKeyOf,
  publish,
  queueMigration,
  spend,
  subscribeTo,
  TEST_CATALOG,
  tenantRows,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import type { Subscription } from '@licet/domain';
import { Client } from 'pg';

const { free, pro } = TEST_CATALOG.plans;
const team = { ...free, period: 'P1M', entitlements: { ...free.entitlements, calls: 5 } };
const FIRST = { ...TEST_CATALOG, plans: { free, pro, team } };
/** In the version that is sold now `pro` gives 20 calls instead of 100. */
const SECOND = {
  ...FIRST,
  plans: { free, team, pro: { ...pro, entitlements: { ...pro.entitlements, calls: 20 } } },
};
const CUSTOMERS = 30;

let database: TestDatabase;
let tenant: TestTenant;
let other: Database;
let subscriptions: Subscription[];

beforeAll(async () => {
  database = await createTestDatabase();
  other = await openTestDatabase(database.url);
});
afterAll(async () => {
  await other.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database.url, FIRST);
  subscriptions = [];
  for (let index = 0; index < CUSTOMERS; index += 1) {
    await createTestCustomer(tenant, `c${String(index)}`);
    subscriptions.push(await subscribeTo(tenant, `c${String(index)}`, 'pro'));
  }
  await publish(tenant, SECOND);
});
afterEach(async () => {
  await tenant.close();
});

/** A worker over a database of its own, until the migration has ended. */
async function work(db: Database, most: number): Promise<MigrationStep[]> {
  const steps: MigrationStep[] = [];
  for (;;) {
    const step = await migrateBatch(db, tenant.caller.tenantId, most);
    if (step !== null) steps.push(step);
    const [open] = await tenantRows<{ count: number }>(
      tenant,
      'select count(*)::int as count from plan_migration where finished_at is null',
    );
    if (open?.count === 0) return steps;
  }
}

interface Told {
  readonly type: string;
  readonly subject_id: string;
  readonly customer_id: string | null;
  readonly data: {
    readonly before: { readonly plan: string; readonly planVersion: number } | null;
    readonly after: { readonly plan: string; readonly planVersion: number };
    readonly migration?: string;
    readonly meters?: readonly { readonly subject: string; readonly used: number }[];
  };
}

function told(types: string): Promise<Told[]> {
  return tenantRows<Told>(
    tenant,
    `select type, subject_id, customer_id, convert_from(body, 'UTF8')::json -> 'data' as data from event
     where type ~ '${types}' order by position`,
  );
}

async function changes(): Promise<Map<string, Told[]>> {
  const of = new Map<string, Told[]>();
  for (const one of await told('^subscription.plan_changed$'))
    of.set(one.subject_id, [...(of.get(one.subject_id) ?? []), one]);
  return of;
}

test('two workers at once move each subscription once, and count each once', async () => {
  await queueMigration(tenant);
  const steps = (await Promise.all([work(tenant.db, 4), work(other, 4), work(other, 4)])).flat();
  const turns = steps.reduce((sum, { before, after }) => sum + after.done - before.done, 0);
  expect(turns).toBe(CUSTOMERS);
  const last = steps.find(({ after }) => after.status === 'SUCCEEDED');
  expect(last?.after).toMatchObject({ done: CUSTOMERS, moved: CUSTOMERS, total: CUSTOMERS });
  const made = await changes();
  expect([...made.values()].map((list) => list.length)).toEqual(Array<number>(CUSTOMERS).fill(1));
  expect(await told('^migration.finished$')).toHaveLength(1);
});

test('beside changes of plan each subscription goes one way after the other: every change begins where the last one led', async () => {
  await queueMigration(tenant);
  // Whom it moves is listed before anybody leaves.
  await migrateBatch(tenant.db, tenant.caller.tenantId, 1);
  const even = subscriptions.filter((_, index) => index % 2 === 0);
  const change = ({ id }: Subscription) =>
    executeCommand(other, tenant.caller, {
      command: {
        kind: 'changePlan',
        subscriptionId: id,
        plan: planKeyOf('team'),
        from: null,
        addOns: null,
        quantities: null,
        timing: 'NOW',
        at: null,
      },
      customerId: null,
      idempotencyKey: `change ${id}`,
      reason: null,
    });
  // From the other end, so that the two meet.
  const [steps, ...changed] = await Promise.all([work(tenant.db, 3), ...even.reverse().map(change)]);
  expect(changed.filter((result) => !result.ok)).toEqual([]);
  const made = await changes();
  for (const { id } of subscriptions) {
    const chain = made.get(id) ?? [];
    const isChanged = even.some((one) => one.id === id);
    expect(chain.at(-1)?.data.after).toMatchObject(
      isChanged ? { plan: 'team' } : { plan: 'pro', planVersion: 2 },
    );
    expect(chain[0]?.data.before).toMatchObject({ plan: 'pro', planVersion: 1 });
    for (const [index, { data }] of chain.entries())
      if (index > 0) expect(data.before).toEqual(chain[index - 1]?.data.after);
  }
  const moved = [...made.values()].flat().filter(({ data }) => data.migration !== undefined);
  expect(steps.at(-1)?.after).toMatchObject({ done: CUSTOMERS, moved: moved.length, refused: 0 });
});

test('beside spends no unit is granted beyond what the version gives that a customer has been moved to', async () => {
  await queueMigration(tenant);
  const consumeAll = (db: Database, round: string) =>
    spend(
      db,
      tenant.caller,
      subscriptions.map(({ customerId }) => ({
        kind: 'consume' as const,
        customerId,
        feature: 'calls',
        quantity: 1,
        idempotencyKey: `${customerId} ${round}`,
      })),
    );
  const spending = Array.from({ length: 40 }, (_, round) =>
    consumeAll(round % 2 === 0 ? other : tenant.db, String(round)),
  );
  const [, ...verdicts] = await Promise.all([work(tenant.db, 2), ...spending]);
  const granted = verdicts.flat().filter((one) => one.ok && one.decision.allowed);
  expect(granted.length).toBeGreaterThanOrEqual(20 * CUSTOMERS);
  const later = await consumeAll(other, 'later');
  expect(later.filter((one) => one.ok && one.decision.code === 'LIMIT_EXCEEDED')).toHaveLength(CUSTOMERS);
  const subjects = await tenantRows<{ id: string; subject: string }>(
    tenant,
    'select id, subject from customer',
  );
  const used = new Map<string, number>();
  const isMoved = new Set<string | null>();
  const beyond: string[] = [];
  for (const { type, customer_id, data } of await told('^(usage.recorded|subscription.plan_changed)$')) {
    if (type === 'subscription.plan_changed') isMoved.add(customer_id);
    for (const meter of data.meters ?? []) {
      const id = subjects.find(({ subject }) => subject === meter.subject)?.id ?? '';
      if (isMoved.has(id) && meter.used > 20 && meter.used > (used.get(id) ?? 0)) beyond.push(id);
      used.set(id, meter.used);
    }
  }
  expect(isMoved.size).toBe(CUSTOMERS);
  expect([...used.values()].every((count) => count >= 20)).toBe(true);
  expect(beyond).toEqual([]);
});

test('a cancellation waits for the batch that is being moved, and its counts are final', async () => {
  const { id } = await queueMigration(tenant);
  await migrateBatch(tenant.db, tenant.caller.tenantId, 5);
  const running = migrateBatch(other, tenant.caller.tenantId, 5);
  const [canceled] = await Promise.all([cancelPlanMigration(tenant.db, tenant.caller, id), running]);
  const [row] = await tenantRows<{ done: number; moved: number; status: string }>(
    tenant,
    'select done, moved, status from plan_migration',
  );
  expect(row?.status).toBe('CANCELED');
  expect(canceled).toMatchObject({ ok: true, migration: row });
  expect(await changes()).toHaveProperty('size', row?.moved);
});

/** Holds a row of the first customer until the next batch waits for it, or has not waited and is done. */
async function whileHeld(write: string, batch: () => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('begin');
    await client.query(write, [tenant.caller.tenantId]);
    const batches = { running: 1 };
    const done = batch().finally(() => (batches.running -= 1));
    while (batches.running > 0 && !(await isWaiting(client))) await delay(5);
    await client.query('commit');
    await done;
  } finally {
    await client.end();
  }
}

async function isWaiting(client: Client): Promise<boolean> {
  const { rows } = await client.query(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
}

test('a batch waits for a change of one of its customers, and decides on what that has left', async () => {
  const { id } = await queueMigration(tenant, { toPlan: 'team' });
  await migrateBatch(tenant.db, tenant.caller.tenantId, CUSTOMERS);
  await whileHeld(
    `with changed as (update customer set version = version + 1 where tenant_id = $1 and id = 'c0')
     update subscription set plan = 'free' where tenant_id = $1 and customer_id = 'c0'`,
    () => migrateBatch(other, tenant.caller.tenantId, CUSTOMERS),
  );
  const left = await tenantRows(tenant, `select plan from subscription where customer_id = 'c0'`);
  expect(left).toEqual([{ plan: 'free' }]);
  const [row] = await tenantRows(tenant, `select done, moved from plan_migration where id = '${id}'`);
  expect(row).toEqual({ done: CUSTOMERS, moved: CUSTOMERS - 1 });
});

test('a batch waits for a spend on one of its counters, and keeps what that has counted', async () => {
  await spend(tenant.db, tenant.caller, [
    { kind: 'consume', customerId: 'c0', feature: 'calls', quantity: 1, idempotencyKey: 'one' },
  ]);
  await queueMigration(tenant);
  await migrateBatch(tenant.db, tenant.caller.tenantId, CUSTOMERS);
  await whileHeld(
    `update meter set used = used + 7, version = version + 1 where tenant_id = $1 and customer_id = 'c0'`,
    () => migrateBatch(other, tenant.caller.tenantId, CUSTOMERS),
  );
  const counted = await tenantRows(tenant, `select used, lim from meter where customer_id = 'c0'`);
  expect(counted).toEqual([{ used: 8, lim: 20 }]);
});
