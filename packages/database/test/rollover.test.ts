import { setTimeout as delay } from 'node:timers/promises';
import {
  applyDueBatch,
  closedWindows,
  type Database,
  executeCommand,
  loadStates,
  type SpendRequest,
} from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  listedEvents,
  openTestDatabase,
  spend,
  subscribeTo,
  type TestDatabase,
  type TestTenant,
  tenantRows,
} from '@licet/database/testing';
import { decide, parseCustomerId, parseFeatureKey, parsePlanKey } from '@licet/domain';
import { Client } from 'pg';

const CATALOG = {
  catalog: 1,
  name: 'Rollover',
  features: {
    calls: {
      type: 'metered',
      unit: 'call',
      window: 'P7D',
      anchor: 'subscription',
      rollover: { atMost: 8, for: 'P30D' },
    },
  },
  plans: {
    small: { name: 'Small', family: 'cloud', model: 'subscription', entitlements: { calls: 10 } },
    large: { name: 'Large', family: 'cloud', model: 'subscription', entitlements: { calls: 100 } },
  },
  transitions: [{ from: ['small'], to: ['large'], takesEffect: 'now', usage: 'reset' }],
};

let database: TestDatabase;
let tenant: TestTenant;
let gateway: Database;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url, CATALOG);
  gateway = await openTestDatabase(database.url);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await gateway.close();
  await tenant.close();
  await database.drop();
});

const SOON = 300;

/** Moves a customer's window so far into the past that it is over now. As any change does, it raises the version. */
async function endWindow(customer: string): Promise<void> {
  const end = `date_trunc('milliseconds', clock_timestamp()) + interval '${String(SOON)} milliseconds'`;
  await owner.query(
    `with over as materialized (select ${end} as at), c as (
       update customer set version = version + 1, next_due_at = over.at,
         window_anchors = jsonb_build_object('calls', (date_part('epoch', over.at - interval '7 days') * 1000)::bigint)
       from over where id = $1)
     update meter set window_start = over.at - interval '7 days', window_end = over.at, state_version = state_version + 1
     from over where customer_id = $1`,
    [customer],
  );
  await delay(SOON + 20);
}

/** Gives rolled units to a counter as a window would have left them. */
async function giveRolled(customer: string, rolled: readonly object[], due: string): Promise<void> {
  await owner.query(`update customer set version = version + 1, next_due_at = ${due} where id = $1`, [
    customer,
  ]);
  await owner.query(
    'update meter set rolled = $2, state_version = state_version + 1, lim = 10 + $3 where customer_id = $1',
    [customer, JSON.stringify(rolled), 5],
  );
}

function calls(customerId: string, count: number, quantity = 1): SpendRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'consume' as const,
    customerId,
    feature: 'calls',
    quantity,
    idempotencyKey: `${customerId} ${String(index)} ${String(quantity)} ${String(Math.random())}`,
  }));
}

async function consumed(db: Database, requests: readonly SpendRequest[]): Promise<number> {
  const verdicts = await spend(db, tenant.caller, requests);
  return verdicts.reduce((sum, verdict) => sum + (verdict.ok ? verdict.consumed : 0), 0);
}

const worker = () => applyDueBatch(tenant.db, tenant.caller.tenantId, 10);

async function counters(customer: string) {
  return tenantRows(
    tenant,
    `select used::int, lim::int, (select sum((r ->> 'units')::int)::int from jsonb_array_elements(m.rolled) r) as rolled,
       m.window_end = c.next_due_at as due, m.state_version = c.version as current
     from meter m join customer c on c.id = m.customer_id where m.customer_id = '${customer}'`,
  );
}

test('time closes a window that nobody has used, and writes the counter that there was none of', async () => {
  const customerId = await createTestCustomer(tenant, 'idle');
  await subscribeTo(tenant, 'idle', 'small');
  expect(await counters('idle')).toEqual([]);
  const due = `next_due_at = to_timestamp((window_anchors ->> 'calls')::float8 / 1000) + interval '7 days'`;
  const ahead = await tenantRows(tenant, `select ${due} as due from customer where id = 'idle'`);
  expect(ahead).toEqual([{ due: true }]);
  await endWindow('idle');
  expect(await worker()).toMatchObject({ claimed: 1, events: 1 });
  expect(await counters('idle')).toEqual([{ used: 0, lim: 18, rolled: 8, due: true, current: true }]);
  const feature = parseFeatureKey('calls');
  if (feature === null) throw new Error('calls is a feature');
  const [history] = await closedWindows(tenant.db, tenant.caller.tenantId, [{ customerId, feature }], 10);
  expect(history).toMatchObject([{ used: 0 }]);
  const [closed] = (await listedEvents(tenant, customerId)).filter(
    ({ type }) => type === 'usage.window_closed',
  );
  expect(closed).toMatchObject({ data: { feature: 'calls', used: 0, rolledIn: 0, rolledOver: 8 } });
});

test('two gateways spend what was left over, and no unit more', async () => {
  await createTestCustomer(tenant, 'both');
  await subscribeTo(tenant, 'both', 'small');
  expect(await consumed(tenant.db, calls('both', 7))).toBe(7);
  await endWindow('both');
  await worker();
  expect(await counters('both')).toMatchObject([{ used: 0, lim: 13, rolled: 3 }]);
  const sides = await Promise.all([
    consumed(tenant.db, calls('both', 20)),
    consumed(gateway, calls('both', 20)),
  ]);
  expect(sides[0] + sides[1]).toBe(13);
  expect(await counters('both')).toMatchObject([{ used: 13, lim: 13, rolled: 3, current: true }]);
  await endWindow('both');
  await worker();
  expect(await counters('both')).toMatchObject([{ used: 0, lim: 10, rolled: null }]);
});

test('a spend after the window’s end finds what was left over, before a worker has been there', async () => {
  await createTestCustomer(tenant, 'first');
  await subscribeTo(tenant, 'first', 'small');
  await consumed(tenant.db, calls('first', 4));
  await endWindow('first');
  const before = await decided('first');
  expect(before).toMatchObject({ used: 0, limit: 16 });
  expect(await consumed(gateway, calls('first', 1, 17))).toBe(0);
  expect(await consumed(gateway, calls('first', 1, 16))).toBe(16);
  expect(await counters('first')).toMatchObject([{ used: 16, lim: 16, rolled: 6, due: true }]);
});

async function decided(customer: string) {
  const id = parseCustomerId(customer);
  if (id === null) throw new Error('a test names a customer');
  const { states, asOf } = await loadStates(tenant.db, tenant.caller.tenantId, [id]);
  const state = states.get(id);
  if (state === undefined) throw new Error('it was asked for');
  return decide(state, { feature: 'calls', quantity: 0 }, asOf);
}

test('rolled units that end within a window stop there, and what is spent of them counts on', async () => {
  const customerId = await createTestCustomer(tenant, 'ending');
  await subscribeTo(tenant, 'ending', 'small');
  await consumed(tenant.db, calls('ending', 3));
  // Long enough for what is asked before.
  const until = Date.now() + 2_000;
  await giveRolled('ending', [{ units: 5, until }], `to_timestamp(${String(until)} / 1000.0)`);
  expect(await decided('ending')).toMatchObject({ used: 3, limit: 15, validUntil: until });
  await delay(until + 50 - Date.now());
  expect(await decided('ending')).toMatchObject({ used: 3, limit: 13 });
  expect(await consumed(gateway, calls('ending', 20))).toBe(10);
  expect(await counters('ending')).toMatchObject([{ used: 13, lim: 13, rolled: 3, due: true }]);
  const told = (await listedEvents(tenant, customerId)).filter(
    ({ type }) => type === 'usage.rollover_expired',
  );
  expect(told).toMatchObject([
    {
      subjectType: 'usage',
      subjectId: 'calls',
      at: until,
      data: { feature: 'calls', units: 2, rolledOver: 3 },
    },
  ]);
});

test('`usage: reset` ends them', async () => {
  const { db, caller } = tenant;
  const customerId = await createTestCustomer(tenant, 'reset');
  const { id } = await subscribeTo(tenant, 'reset', 'small');
  await endWindow('reset');
  await worker();
  expect(await counters('reset')).toMatchObject([{ lim: 18, rolled: 8 }]);
  const plan = parsePlanKey('large');
  if (plan === null) throw new Error('large is a plan');
  const change = { kind: 'changePlan', subscriptionId: id, plan, from: null, addOns: null } as const;
  await executeCommand(db, caller, {
    command: { ...change, quantities: null, timing: null, at: null },
    customerId,
    idempotencyKey: 'reset',
    reason: null,
  });
  expect(await counters('reset')).toMatchObject([{ used: 0, lim: 100, rolled: null, due: true }]);
});
