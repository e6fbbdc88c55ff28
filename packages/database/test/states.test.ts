import { Client, type PoolClient, type QueryConfig } from 'pg';
import {
  ApiKeyStore,
  createApiKey,
  currentRevision,
  type Database,
  EventFeed,
  executeCommand,
  type Revision,
  revokeApiKey,
  type StampedState,
  StateStore,
} from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  openTestDatabase,
  spend,
  subscribeTo,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import { type CustomerId, decide, parseCustomerId, type SubscriptionId } from '@licet/domain';
import { TenantTail } from '../src/event-log/tenant-tail.js';
import { Loading } from '../src/states/kept-state.js';

let database: TestDatabase;
let tenant: TestTenant;
let feed: EventFeed;
/** Of the store alone, so that a test can keep its answers back. */
let reading: Database;
let states: StateStore;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url);
});

afterAll(async () => {
  await tenant.close();
  await database.drop();
});

beforeEach(async () => {
  feed = new EventFeed(tenant.db);
  await feed.start();
  reading = await openTestDatabase(database.url);
  states = new StateStore(reading, feed, { customers: 100 });
});

afterEach(async () => {
  jest.restoreAllMocks();
  states.close();
  await feed.stop();
  await reading.close();
});

function customer(text: string): CustomerId {
  const id = parseCustomerId(text);
  if (id === null) throw new Error(`${text} is no customer id`);
  return id;
}

function load(id: string): Promise<StampedState> {
  return states.load(tenant.caller.tenantId, customer(id));
}

function ask({ state, now }: StampedState, feature: string, quantity = 1): string {
  return decide(state, { feature, quantity }, now).code;
}

function kept(id: string): StampedState | null {
  return states.peek(tenant.caller.tenantId, customer(id));
}

/** Waits for something that the feed brings. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** By another process, or (`reading`) by the one that has the states. */
async function consume(id: string, quantity: number, db: Database = tenant.db): Promise<void> {
  const request = {
    kind: 'consume',
    customerId: id,
    feature: 'calls',
    quantity,
    idempotencyKey: `${id} ${String(Math.random())}`,
  } as const;
  const [result] = await spend(db, tenant.caller, [request]);
  if (!result?.ok || !result.decision.allowed) throw new Error(`not spent: ${JSON.stringify(result)}`);
}

async function cancel(subscriptionId: SubscriptionId): Promise<Revision> {
  const command = { kind: 'cancel', subscriptionId, timing: 'NOW', at: null } as const;
  const result = await executeCommand(tenant.db, tenant.caller, {
    command,
    customerId: null,
    idempotencyKey: null,
    reason: null,
  });
  if (!result.ok) throw new Error(result.message);
  return result.revision;
}

interface Held {
  /** Settles when the database has answered; the answer is kept back until `letGo`. */
  readonly arrived: Promise<void>;
  letGo(): void;
}

/** Keeps back the first answer to a statement of this name that comes to this pool. */
function holdBack(pool: Database['pool'], name: string): Held {
  let arrive = (): void => undefined;
  let letGo = (): void => undefined;
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  const connect = pool.connect.bind(pool);
  async function connectHolding(): Promise<PoolClient> {
    const client = await connect();
    const query = client.query.bind(client);
    async function queryHolding(statement: QueryConfig): Promise<unknown> {
      const answer = await query(statement);
      if (statement.name === name) {
        arrive();
        await gone;
      }
      return answer;
    }
    Object.assign(client, { query: queryHolding });
    Object.assign(pool, { connect });
    return client;
  }
  Object.assign(pool, { connect: connectHolding });
  return { arrived, letGo };
}

test('what is kept is moved by events: a change drops the state, usage moves its counter without a load', async () => {
  await createTestCustomer(tenant, 'moved');
  expect(ask(await load('moved'), 'sso')).toBe('NO_ACTIVE_PLAN');
  await subscribeTo(tenant, 'moved', 'free');
  await eventually(() => kept('moved') === null);
  const loaded = await load('moved');
  expect(ask(loaded, 'calls', 10)).toBe('ENTITLED');
  const { misses } = states;
  await consume('moved', 4);
  await eventually(() => ask(kept('moved')!, 'calls', 7) === 'LIMIT_EXCEEDED');
  await consume('moved', 6);
  await eventually(() => ask(kept('moved')!, 'calls') === 'LIMIT_EXCEEDED');
  expect(states.misses).toBe(misses);
});

test('a customer that is not there is kept as well, until it is made', async () => {
  expect(ask(await load('later'), 'sso')).toBe('UNKNOWN_CUSTOMER');
  expect(kept('later')?.state.kind).toBe('UNKNOWN_CUSTOMER');
  await createTestCustomer(tenant, 'later');
  await eventually(() => kept('later') === null);
  expect(ask(await load('later'), 'sso')).toBe('NO_ACTIVE_PLAN');
});

test('who asks at the same time shares one read', async () => {
  for (const name of ['first', 'second']) await createTestCustomer(tenant, `shared-${name}`);
  await states.release(tenant.caller.tenantId);
  const query = jest.spyOn(Client.prototype, 'query');
  await Promise.all(['first', 'second', 'first', 'second'].map((name) => load(`shared-${name}`)));
  const reads = query.mock.calls.filter(([statement]) => {
    const named: unknown = statement;
    return (
      typeof named === 'object' && named !== null && 'name' in named && named.name === 'account-customers'
    );
  });
  expect(reads).toHaveLength(1);
});

test('when the database is back each customer is read once, however many have waited for it', async () => {
  const ids = Array.from({ length: 20 }, (_, index) => `back-${String(index)}`);
  for (const id of ids) await createTestCustomer(tenant, id);
  await states.release(tenant.caller.tenantId);
  const all = (): Promise<StampedState[]> =>
    Promise.all(Array.from({ length: 400 }, (_, index) => load(ids[index % ids.length] ?? '')));
  const query = jest.spyOn(Client.prototype, 'query');
  await withoutConnections(async () => {
    await eventually(() => !feed.reachable);
    for (const { state } of await all()) expect(state.kind).toBe('OUT_OF_REACH');
  });
  await eventually(() => feed.reachable);
  for (const { state } of await all()) expect(state.kind).toBe('KNOWN');
  const asked = query.mock.calls.flatMap(([statement]) => customersReadBy(statement));
  expect(asked.toSorted()).toEqual(ids.toSorted());
});

test('a log that cannot be read makes that of nobody else old', async () => {
  const other = await createTestTenant(database.url);
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  try {
    await states.release(tenant.caller.tenantId);
    await states.release(other.caller.tenantId);
    await owner.query(
      `insert into event (tenant_id, position, entry_id, subject_type, subject_id, type, listed, body, leaf_hash, at, recorded_at)
       select tenant_id, max(position) + 1, gen_random_uuid(), 'x', 'x', 'x', false, '\\xff', decode(repeat('00', 32), 'hex'), now(), now()
       from event where tenant_id = $1 group by tenant_id`,
      [tenant.caller.tenantId],
    );
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { stale } = await states.load(other.caller.tenantId, customer('nobody'));
    expect(stale).toBe(false);
    expect(feed.reachable).toBe(true);
  } finally {
    await owner.query('delete from event where tenant_id = $1 and type = $2', [tenant.caller.tenantId, 'x']);
    await owner.end();
    await other.close();
  }
});

/** The customers whose rows a statement reads. */
function customersReadBy(statement: unknown): string[] {
  const isRead =
    typeof statement === 'object' &&
    statement !== null &&
    'name' in statement &&
    statement.name === 'account-customers';
  const values: unknown = isRead && 'values' in statement ? statement.values : null;
  return Array.isArray(values) ? (String(values[1]).match(/[\w-]+/g) ?? []) : [];
}

/** No connection to the database holds, and none is taken, while `work` runs. */
async function withoutConnections(work: () => Promise<void>): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  const elsewhere = new URL(database.url);
  elsewhere.pathname = '/postgres';
  const owner = new Client({ connectionString: elsewhere.href });
  await owner.connect();
  try {
    await owner.query(`alter database "${name}" with allow_connections false`);
    await owner.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await work();
  } finally {
    await owner.query(`alter database "${name}" with allow_connections true`);
    await owner.end();
  }
}

test('no more states are kept than there is room for', async () => {
  const few = new StateStore(tenant.db, feed, { customers: 3 });
  for (let index = 0; index < 6; index += 1)
    await few.load(tenant.caller.tenantId, customer(`room-${String(index)}`));
  expect(few.size).toBe(3);
  expect(few.peek(tenant.caller.tenantId, customer('room-5'))).not.toBeNull();
  few.close();
});

test('a write shows as soon as its revision is asked for, and not before it has arrived anywhere', async () => {
  await createTestCustomer(tenant, 'own');
  const subscription = await subscribeTo(tenant, 'own', 'pro');
  const { tenantId } = tenant.caller;
  expect(ask(await load('own'), 'sso')).toBe('ENTITLED');
  for (let round = 0; round < 10; round += 1) {
    const revision = await cancel(subscription.id);
    expect((await states.reach(tenantId, revision, [customer('own')])).ok).toBe(true);
    const seen = await load('own');
    expect(ask(seen, 'sso')).toBe('SUBSCRIPTION_EXPIRED');
    expect(seen.revision >= revision).toBe(true);
  }
  const ahead = await states.reach(tenantId, '00000000ffffffff-00000000', [customer('own')]);
  expect(ahead).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
  const { revision } = await load('own');
  const forged = `${revision.slice(0, 16)}-${revision.endsWith('0') ? '11111111' : '00000000'}`;
  expect(await states.reach(tenantId, forged, [])).toMatchObject({ ok: false, code: 'CONFLICT' });
  expect(await states.reach(tenantId, 'nonsense', [])).toMatchObject({ ok: false, code: 'BAD_USER_INPUT' });
});

describe('load race: a change that commits while a state is on its way', () => {
  async function race(id: string): Promise<string> {
    await createTestCustomer(tenant, id);
    const subscription = await subscribeTo(tenant, id, 'pro');
    await states.release(tenant.caller.tenantId);
    const held = holdBack(reading.pool, 'account-meters');
    const loading = load(id);
    await held.arrived;
    const revision = await cancel(subscription.id);
    const heard = await feed.watch(tenant.caller.tenantId, {
      events: () => undefined,
      lost: () => undefined,
    });
    await eventually(() => heard.revision >= revision);
    heard.end();
    held.letGo();
    await loading;
    return ask(await load(id), 'sso');
  }

  test('is seen', async () => {
    expect(await race('raced')).toBe('SUBSCRIPTION_EXPIRED');
  });

  test('would be missed for ever if what arrives meanwhile were not noted', async () => {
    jest.spyOn(Loading.prototype, 'isStillGood').mockReturnValue(true);
    expect(await race('raced-unguarded')).toBe('ENTITLED');
  });
});

test('a state that is on its way is not taken for one that holds a later write, though the log lags behind', async () => {
  const { tenantId } = tenant.caller;
  await createTestCustomer(tenant, 'lagging');
  const subscription = await subscribeTo(tenant, 'lagging', 'pro');
  await states.release(tenantId);
  const held = holdBack(reading.pool, 'account-meters');
  const early = load('lagging');
  await held.arrived;
  jest.spyOn(TenantTail.prototype, 'read').mockResolvedValue();
  const revision = await cancel(subscription.id);
  expect((await states.reach(tenantId, revision, [customer('lagging')])).ok).toBe(true);
  const seen = load('lagging');
  held.letGo();
  expect(ask(await seen, 'sso')).toBe('SUBSCRIPTION_EXPIRED');
  await early;
});

test.each(['on its way', 'kept'])(
  'a state that is %s says how new the spends of this process in it are, before the log tells of them',
  async (where) => {
    const id = `ahead ${where}`.replaceAll(' ', '-');
    await createTestCustomer(tenant, id);
    await subscribeTo(tenant, id, 'free');
    await consume(id, 1);
    await states.release(tenant.caller.tenantId);
    if (where === 'kept') await load(id);
    const held = where === 'kept' ? null : holdBack(reading.pool, 'account-meters');
    const loading = load(id);
    await held?.arrived;
    const before = await currentRevision(tenant.db, tenant.caller.tenantId);
    jest.spyOn(TenantTail.prototype, 'read').mockResolvedValue();
    await consume(id, 9, reading);
    held?.letGo();
    await loading;
    const seen = await load(id);
    expect(ask(seen, 'calls')).toBe('LIMIT_EXCEEDED');
    expect(seen.revision).toBe(before);
    expect(seen.newest).toBe(await currentRevision(tenant.db, tenant.caller.tenantId));
  },
);

test('usage that is counted while a state is on its way is in it', async () => {
  await createTestCustomer(tenant, 'counted');
  await subscribeTo(tenant, 'counted', 'free');
  await consume('counted', 1);
  await states.release(tenant.caller.tenantId);
  const held = holdBack(reading.pool, 'account-meters');
  const loading = load('counted');
  await held.arrived;
  await consume('counted', 9);
  const { tenantId } = tenant.caller;
  const watch = await feed.watch(tenantId, { events: () => undefined, lost: () => undefined });
  await watch.look();
  watch.end();
  held.letGo();
  expect(ask(await loading, 'calls')).toBe('LIMIT_EXCEEDED');
});

test('a state that is read for who waits is the present one, and is not kept', async () => {
  await createTestCustomer(tenant, 'waiting');
  const { tenantId } = tenant.caller;
  const read = await states.read(tenantId, customer('waiting'));
  expect(ask(read.stamped, 'sso')).toBe('NO_ACTIVE_PLAN');
  expect(read.subject).not.toBeNull();
  expect(kept('waiting')).toBeNull();
  expect(states.size).toBe(0);
  await subscribeTo(tenant, 'waiting', 'pro');
  expect(ask((await states.read(tenantId, customer('waiting'))).stamped, 'sso')).toBe('ENTITLED');
});

test('what follows a state that was read is everything after it, also what was told before it was followed', async () => {
  await createTestCustomer(tenant, 'read-first');
  const { tenantId } = tenant.caller;
  const { end, subject } = await states.read(tenantId, customer('read-first'));
  const watch = await feed.watch(tenantId, { events: () => undefined, lost: () => undefined });
  await subscribeTo(tenant, 'read-first', 'pro');
  await watch.look();
  watch.end();
  const events = feed.followFrom(tenantId, end, { from: end.revision, subject });
  const { value } = await events.next();
  expect(value).toMatchObject({ type: 'subscription.started', customerId: 'read-first' });
  await events.return?.();
});

test('another history under the same positions is noticed: what was kept is dropped, cursors expire', async () => {
  const own = await createTestTenant(database.url);
  const { tenantId } = own.caller;
  const mine = new EventFeed(own.db);
  await mine.start();
  const store = new StateStore(own.db, mine, { customers: 10 });
  await createTestCustomer(own, 'forked');
  await store.load(tenantId, customer('forked'));
  const followed = await mine.follow(tenantId, null);
  if (!followed.ok) throw new Error(followed.message);
  const next = followed.events.next();
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(
    `update event set leaf_hash = sha256(leaf_hash) where tenant_id = $1 and position = (select max(position) from event where tenant_id = $1)`,
    [tenantId],
  );
  await owner.end();
  await createTestCustomer(own, 'of-the-other-history');
  await expect(next).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  expect(store.peek(tenantId, customer('forked'))).toBeNull();
  expect(ask(await store.load(tenantId, customer('of-the-other-history')), 'sso')).toBe('NO_ACTIVE_PLAN');
  store.close();
  await mine.stop();
  await own.close();
});

test('a key that was used is known without the database, until it is revoked', async () => {
  const keys = new ApiKeyStore(tenant.db, feed);
  const made = await createApiKey(tenant.db, tenant.caller, {
    name: 'shop',
    role: 'SERVICE',
    operations: [],
    customerIds: [],
    expiresAt: null,
    idempotencyKey: 'shop key',
  });
  if (!made.ok || made.secret === null) throw new Error('no key');
  const { secret, apiKey } = made;
  expect(keys.peek(secret)).toBeNull();
  // The first use attaches to the log, the second keeps.
  for (let use = 0; use < 3; use += 1) expect((await keys.authenticate(secret))?.apiKey.id).toBe(apiKey.id);
  expect(keys.peek(secret)?.apiKey.id).toBe(apiKey.id);
  expect(await keys.authenticate(`${secret}x`)).toBeNull();
  const revoked = await revokeApiKey(tenant.db, tenant.caller, apiKey.id);
  expect(revoked.ok).toBe(true);
  await eventually(() => keys.peek(secret) === null);
  expect(await keys.authenticate(secret)).toBeNull();
  await keys.close();
});

test('who comes while the first release is being read waits for it', async () => {
  const { tenantId } = tenant.caller;
  const watch = feed.watch.bind(feed);
  const watched = new Promise<void>((resolve) => {
    jest.spyOn(feed, 'watch').mockImplementation((...given) => {
      const watching = watch(...given);
      void watching.then(() => resolve());
      return watching;
    });
  });
  const first = states.release(tenantId);
  await watched;
  const second = states.release(tenantId);
  expect(await second).toBe(await first);
});
