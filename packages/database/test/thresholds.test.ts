import { applyDueBatch, executeCommand, type SpendRequest } from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  listedEvents,
  openTestDatabase,
  spend,
  subscribeTo,
  TEST_CATALOG,
  type TestDatabase,
  type TestTenant,
  tenantRows,
} from '@licet/database/testing';
import { type CustomerId, parsePlanKey, type SubscriptionId } from '@licet/domain';
import { Client } from 'pg';

const { calls, projects } = TEST_CATALOG.features;
let database: TestDatabase;
let tenant: TestTenant;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url, {
    ...TEST_CATALOG,
    features: {
      ...TEST_CATALOG.features,
      calls: { ...calls, notifyAt: ['50%', '100%', 20] },
      projects: { ...projects, notifyAt: [2] },
    },
  });
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await tenant.close();
  await database.drop();
});

let requests = 0;

function consume(customerId: string, quantity: number, feature = 'calls'): SpendRequest {
  return { kind: 'consume', customerId, feature, quantity, idempotencyKey: `key ${String((requests += 1))}` };
}

function release(customerId: string, quantity: number): SpendRequest {
  return { ...consume(customerId, quantity, 'projects'), kind: 'release' };
}

async function spendAll(...asked: SpendRequest[]): Promise<void> {
  await spend(tenant.db, tenant.caller, asked);
}

async function told(customer: CustomerId): Promise<unknown[]> {
  const events = await listedEvents(tenant, customer);
  return events.flatMap(({ type, data }) =>
    type === 'usage.threshold_reached' ? [`${String(data['threshold'])} at ${String(data['used'])}`] : [],
  );
}

async function moveToPro(customerId: CustomerId, subscriptionId: SubscriptionId): Promise<void> {
  const plan = parsePlanKey('pro');
  if (plan === null) throw new Error('a plan key');
  const result = await executeCommand(tenant.db, tenant.caller, {
    command: {
      kind: 'changePlan',
      subscriptionId,
      plan,
      from: null,
      timing: 'NOW',
      at: null,
      addOns: null,
      quantities: null,
    },
    customerId,
    idempotencyKey: `${customerId} to pro`,
    reason: null,
  });
  if (!result.ok) throw new Error(result.message);
}

test('a threshold that is reached is an event of its customer, with what was used of what', async () => {
  const customer = await createTestCustomer(tenant, 'event');
  await subscribeTo(tenant, 'event', 'free');
  await spendAll(consume('event', 4), consume('event', 2));
  const [event] = (await listedEvents(tenant, customer)).filter(
    ({ type }) => type === 'usage.threshold_reached',
  );
  expect(event).toMatchObject({
    customerId: 'event',
    subjectType: 'usage',
    subjectId: 'calls',
    actor: tenant.caller.actor,
    data: {
      feature: 'calls',
      threshold: '50%',
      used: 6,
      limit: 10,
      windowStart: expect.any(String),
      windowEnd: expect.any(String),
    },
  });
});

test('each is told once, in the order in which it is reached; what is denied or replayed tells nothing', async () => {
  const customer = await createTestCustomer(tenant, 'once');
  await subscribeTo(tenant, 'once', 'free');
  const first = consume('once', 5);
  await spendAll(first, first, consume('once', 6), consume('once', 1), consume('once', 4));
  await spendAll(first, consume('once', 1));
  expect(await told(customer)).toEqual(['50% at 5', '100% at 10']);
});

test('where the limit moves nothing is told a second time in its window', async () => {
  const customer = await createTestCustomer(tenant, 'moved');
  const { id } = await subscribeTo(tenant, 'moved', 'free');
  await spendAll(consume('moved', 8));
  await moveToPro(customer, id);
  await spendAll(consume('moved', 52));
  await spendAll(consume('moved', 40));
  expect(await told(customer)).toEqual(['50% at 8', '20 at 60', '100% at 100']);
});

test('in the next window it is told again, and nothing is kept of the one before', async () => {
  const customer = await createTestCustomer(tenant, 'next');
  await subscribeTo(tenant, 'next', 'free');
  await spendAll(consume('next', 10));
  const past = `interval '40 days'`;
  await owner.query(
    `update meter set window_start = window_start - ${past}, window_end = clock_timestamp() - interval '1 second' where customer_id = 'next'`,
  );
  await owner.query(
    `update meter_threshold set window_start = window_start - ${past} where customer_id = 'next'`,
  );
  await owner.query(
    `update customer set next_due_at = clock_timestamp() - interval '1 second' where id = 'next'`,
  );
  await applyDueBatch(tenant.db, tenant.caller.tenantId, 10);
  await spendAll(consume('next', 9));
  expect(await told(customer)).toEqual(['50% at 10', '100% at 10', '50% at 9']);
  expect(
    await tenantRows(tenant, `select threshold from meter_threshold where customer_id = 'next'`),
  ).toEqual([{ threshold: '50%' }]);
});

test('of a level each rise is told, after it has fallen below', async () => {
  const customer = await createTestCustomer(tenant, 'level');
  await subscribeTo(tenant, 'level', 'free');
  await spendAll(consume('level', 2, 'projects'), release('level', 1), consume('level', 1, 'projects'));
  await spendAll(consume('level', 1, 'projects'), release('level', 1), consume('level', 1, 'projects'));
  expect(await told(customer)).toEqual(['2 at 2', '2 at 2']);
});

test('however many gateways spend at once, each threshold is told once', async () => {
  const customer = await createTestCustomer(tenant, 'gateways');
  await subscribeTo(tenant, 'gateways', 'free');
  const other = await openTestDatabase(database.url);
  try {
    const one = Array.from({ length: 50 }, () => consume('gateways', 1));
    const two = Array.from({ length: 50 }, () => consume('gateways', 1));
    const inTurn = async (db: typeof other, list: SpendRequest[]) => {
      for (const request of list) await spend(db, tenant.caller, [request]);
    };
    await Promise.all([inTurn(tenant.db, one), inTurn(other, two)]);
  } finally {
    await other.close();
  }
  expect(await told(customer)).toEqual(['50% at 5', '100% at 10']);
});
