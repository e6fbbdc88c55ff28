import { type Database, type Result, SpendQueue, type SpendRequest, type Verdict } from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  openTestDatabase,
  subscribeTo,
  type TestDatabase,
  type TestTenant,
  tenantRows,
} from '@licet/database/testing';
import { Client } from 'pg';

let database: TestDatabase;
let tenant: TestTenant;
let queue: SpendQueue;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url);
  queue = new SpendQueue(tenant.db);
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});

afterAll(async () => {
  await queue.close();
  await owner.end();
  await tenant.close();
  await database.drop();
});

function consume(customerId: string, idempotencyKey: string, quantity = 1, feature = 'calls'): SpendRequest {
  return { kind: 'consume', customerId, feature, quantity, idempotencyKey };
}

function submit(request: SpendRequest, to = queue): Promise<Result<Verdict>> {
  return to.submit(tenant.caller, request);
}

async function customerOn(plan: string, id: string): Promise<void> {
  await createTestCustomer(tenant, id);
  await subscribeTo(tenant, id, plan);
}

async function used(customerId: string, feature = 'calls'): Promise<number> {
  const { rows } = await owner.query<{ used: string }>(
    'select used from meter where customer_id = $1 and feature = $2',
    [customerId, feature],
  );
  return Number(rows[0]?.used ?? 0);
}

function codes(results: readonly (Result<Verdict> | Error)[]): string[] {
  return results.map((result) => {
    if (result instanceof Error) return 'FAILED';
    if (!result.ok) return result.code;
    return result.replayed ? `${result.decision.code} again` : result.decision.code;
  });
}

async function batches(): Promise<{ operations: number; actors: { id: string }[]; actor: { id: string } }[]> {
  const rows = await tenantRows<{
    body: { actor: { id: string }; data: { operations: number; actors: { id: string }[] } };
  }>(
    tenant,
    `select convert_from(body, 'UTF8')::jsonb as body from event where type = 'usage.recorded' order by position`,
  );
  return rows.map(({ body }) => ({ ...body.data, actor: body.actor }));
}

test('requests that come together are one transaction, each with its own verdict, in the order of their arrival', async () => {
  await customerOn('free', 'together');
  await submit(consume('together', 'together-first'));
  const before = (await batches()).length;
  const results = await Promise.all(
    Array.from({ length: 12 }, (_, index) => submit(consume('together', `together-${String(index)}`))),
  );
  expect(codes(results)).toEqual([
    ...Array.from({ length: 9 }, () => 'ENTITLED'),
    ...Array.from({ length: 3 }, () => 'LIMIT_EXCEEDED'),
  ]);
  expect((await batches()).slice(before)).toMatchObject([{ operations: 9 }]);
});

test('a batch of several callers names them all, and each operation which of them asked', async () => {
  await customerOn('pro', 'asked');
  await submit(consume('asked', 'asked-0'));
  const by = (id: string) => ({
    ...tenant.caller,
    actor: { kind: 'API_KEY' as const, id, name: null },
    requestId: `req-${id}`,
  });
  await Promise.all([
    queue.submit(by('key_a'), consume('asked', 'asked-1', 2)),
    queue.submit(by('key_b'), consume('asked', 'asked-2', 3)),
    queue.submit(by('key_a'), consume('asked', 'asked-3', 4)),
  ]);
  expect((await batches()).at(-1)).toMatchObject({
    actor: { kind: 'SYSTEM', id: 'spend-queue' },
    actors: [{ id: 'key_a' }, { id: 'key_b' }],
  });
  const operations = await tenantRows(
    tenant,
    `select quantity::int as quantity, convert_from(e.body, 'UTF8')::jsonb #>> array['data', 'actors', o.outcome::json->>0, 'id'] as actor
     from operation o join event e on e.tenant_id = o.tenant_id and e.entry_id = o.batch_id
     where o.customer_id = 'asked' and o.quantity > 1 order by 1`,
  );
  expect(operations).toEqual([
    { quantity: 2, actor: 'key_a' },
    { quantity: 3, actor: 'key_b' },
    { quantity: 4, actor: 'key_a' },
  ]);
});

test('a key that comes twice in a list is a replay or CONFLICT the second time, whichever counters it names', async () => {
  const customers = Array.from({ length: 6 }, (_, index) => `twice-${String(index)}`);
  for (const customer of customers) await customerOn('free', customer);
  // Among six customers some share no shard with the first.
  const list = customers.flatMap((customer, index) => [
    consume(customers[0]!, `twice-key-${String(index)}`),
    consume(customer, `twice-key-${String(index)}`),
  ]);
  expect(codes(await queue.submitAll(tenant.caller, list))).toEqual([
    'ENTITLED',
    'ENTITLED again',
    ...Array.from({ length: 5 }, () => ['ENTITLED', 'CONFLICT']).flat(),
  ]);
  expect(await Promise.all(customers.map((customer) => used(customer)))).toEqual([6, 0, 0, 0, 0, 0]);
});

test('the same key sent at once to two counters spends once', async () => {
  const customers = Array.from({ length: 8 }, (_, index) => `other-${String(index)}`);
  for (const customer of customers) await customerOn('free', customer);
  const results = await Promise.all(customers.map((customer) => submit(consume(customer, 'other-key'))));
  expect(codes(results).sort()).toEqual([...Array.from({ length: 7 }, () => 'CONFLICT'), 'ENTITLED']);
  const all = await Promise.all(customers.map((customer) => used(customer)));
  expect(all.reduce((sum, one) => sum + one, 0)).toBe(1);
});

test('one request that the database refuses fails alone, the others of its batch are written', async () => {
  const customers = Array.from({ length: 20 }, (_, index) => `poison-${String(index)}`);
  for (const customer of customers) await customerOn('free', customer);
  await queue.submitAll(
    tenant.caller,
    customers.map((customer) => consume(customer, `${customer}-before`)),
  );
  await owner.query(
    `alter table operation add constraint poison check (customer_id <> 'poison-13' or quantity <> 2) not valid`,
  );
  try {
    const results = await queue.submitAll(
      tenant.caller,
      customers.flatMap((customer) => [
        consume(customer, `${customer}-1`, 2),
        consume(customer, `${customer}-2`, 3),
      ]),
    );
    const failed = results.flatMap((result, index) => (result instanceof Error ? [index] : []));
    expect(failed).toEqual([26]);
    expect(results[26]).toMatchObject({ code: '23514' });
  } finally {
    await owner.query('alter table operation drop constraint poison');
  }
  expect(await Promise.all(customers.map((customer) => used(customer)))).toEqual(
    customers.map((customer) => (customer === 'poison-13' ? 4 : 6)),
  );
  // Its key was not used up.
  expect(codes([await submit(consume('poison-13', 'poison-13-1', 2))])).toEqual(['ENTITLED']);
});

test('the limit in the row has the last word, whatever is remembered', async () => {
  await customerOn('pro', 'last-word');
  await submit(consume('last-word', 'last-word-1', 5));
  // No change of entitlements does this without raising the versions.
  await owner.query(`update meter set lim = 10 where customer_id = 'last-word'`);
  await expect(submit(consume('last-word', 'last-word-2', 6))).rejects.toMatchObject({ code: 'LK002' });
  expect(await used('last-word')).toBe(5);
  expect(codes([await submit(consume('last-word', 'last-word-2', 5))])).toEqual(['ENTITLED']);
});

test("a counter that still has another release's ceiling gets the new one with the spend", async () => {
  await customerOn('pro', 'ceiling');
  await submit(consume('ceiling', 'ceiling-1', 5));
  await owner.query(`update meter set lim = 6, rules_version = 0 where customer_id = 'ceiling'`);
  expect(codes([await submit(consume('ceiling', 'ceiling-2', 7))])).toEqual(['ENTITLED']);
  const { rows } = await owner.query(
    `select lim::int, used::int, rules_version from meter where customer_id = 'ceiling'`,
  );
  expect(rows).toEqual([{ lim: 100, used: 12, rules_version: 1 }]);
});

test('one customer whose due work cannot be written fails alone', async () => {
  const customers = Array.from({ length: 6 }, (_, index) => `stuck-${String(index)}`);
  for (const customer of customers) await customerOn('free', customer);
  await owner.query(`alter table meter add constraint stuck check (customer_id <> 'stuck-3') not valid`);
  try {
    const results = await queue.submitAll(
      tenant.caller,
      customers.map((customer) => consume(customer, `${customer}-1`)),
    );
    expect(codes(results)).toEqual(['ENTITLED', 'ENTITLED', 'ENTITLED', 'FAILED', 'ENTITLED', 'ENTITLED']);
  } finally {
    await owner.query('alter table meter drop constraint stuck');
  }
});

test('a COMMIT whose answer is lost is sent again and spends nothing twice', async () => {
  await customerOn('pro', 'lost');
  await submit(consume('lost', 'lost-0'));
  const db = await openTestDatabase(database.url);
  const lossy = new SpendQueue(db);
  let lost = 0;
  // The server ends the session once it has committed; the answer never comes.
  db.pool.on('acquire', (client) => {
    const query = client.query.bind(client);
    Object.assign(client, {
      query(statement: unknown, ...rest: unknown[]): unknown {
        const loses = statement === 'commit' && lost === 0;
        if (loses) lost += 1;
        const sent = loses ? 'commit; select pg_terminate_backend(pg_backend_pid())' : statement;
        return Reflect.apply(query, client, [sent, ...rest]);
      },
    });
  });
  try {
    const results = await Promise.all(
      Array.from({ length: 5 }, (_, index) => submit(consume('lost', `lost-${String(index + 1)}`), lossy)),
    );
    expect(lost).toBe(1);
    expect(results.every((result) => result.ok && result.decision.allowed)).toBe(true);
    expect(await used('lost')).toBe(6);
  } finally {
    await lossy.close();
    await db.close();
  }
});

/** From here on the database of this pool cannot be reached. */
async function cutOff(db: Database): Promise<void> {
  Object.assign(db.pool, {
    connect: () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
  });
  await db.pool.end();
}

test('with the database away nothing is written, and it is known', async () => {
  await customerOn('pro', 'away');
  const db: Database = await openTestDatabase(database.url);
  const cut = new SpendQueue(db);
  await submit(consume('away', 'away-0'), cut);
  await cutOff(db);
  await expect(submit(consume('away', 'away-1'), cut)).rejects.toMatchObject({ outcome: 'NOTHING_WRITTEN' });
  expect(codes([await submit(consume('away', 'away-1'))])).toEqual(['ENTITLED']);
});

test('with the database away before COMMIT was answered the outcome is unknown: UNAVAILABLE', async () => {
  await customerOn('pro', 'doubt');
  await submit(consume('doubt', 'doubt-0'));
  const db: Database = await openTestDatabase(database.url);
  const cut = new SpendQueue(db);
  db.pool.on('acquire', (client) => {
    const query = client.query.bind(client);
    Object.assign(client, {
      query(statement: unknown, ...rest: unknown[]): unknown {
        const loses = statement === 'commit';
        if (loses) void cutOff(db);
        const sent = loses ? 'commit; select pg_terminate_backend(pg_backend_pid())' : statement;
        return Reflect.apply(query, client, [sent, ...rest]);
      },
    });
  });
  expect(await submit(consume('doubt', 'doubt-1'), cut)).toMatchObject({ ok: false, code: 'UNAVAILABLE' });
  expect(await submit(consume('doubt', 'doubt-1'))).toMatchObject({ ok: true, consumed: 1, replayed: true });
  expect(await used('doubt')).toBe(2);
});

test('with fewer accounts remembered than are spent for, each spend is decided by its own customer’s', async () => {
  const plans = ['free', 'pro', 'free', 'pro', 'free'];
  for (const [index, plan] of plans.entries()) await customerOn(plan, `few ${String(index)}`);
  const forgetful = new SpendQueue(tenant.db, { mostAccounts: 2 });
  for (const turn of ['one', 'two']) {
    const asked = plans.map((_, index) => consume(`few ${String(index)}`, `few-${turn}-${String(index)}`, 6));
    const expected = plans.map((plan) => (plan === 'pro' || turn === 'one' ? 'ENTITLED' : 'LIMIT_EXCEEDED'));
    expect(codes(await forgetful.submitAll(tenant.caller, asked))).toEqual(expected);
  }
  await forgetful.close();
});

test('a queue that is full refuses, of one tenant and of all, and takes more when it has room', async () => {
  await customerOn('pro', 'full');
  const small = new SpendQueue(tenant.db, { mostOfTenant: 3, mostInAll: 4 });
  const send = (key: string) => submit(consume('full', key), small);
  const results = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((key) => send(`full-${key}`)));
  expect(codes(results)).toEqual(['ENTITLED', 'ENTITLED', 'ENTITLED', 'RATE_LIMITED', 'RATE_LIMITED']);
  expect(codes([await send('full-d')])).toEqual(['ENTITLED']);
  const other = await createTestTenant(database.url);
  try {
    const open = ['f', 'g', 'h'].map((key) => send(`full-${key}`));
    const elsewhere = ['i', 'j'].map((key) => small.submit(other.caller, consume('full', `full-${key}`)));
    expect(codes(await Promise.all([...open, ...elsewhere]))).toEqual([
      'ENTITLED',
      'ENTITLED',
      'ENTITLED',
      'UNKNOWN_CUSTOMER',
      'RATE_LIMITED',
    ]);
  } finally {
    await small.close();
    await other.close();
  }
});

test('closing answers what was taken and takes nothing more', async () => {
  await customerOn('pro', 'closing');
  const closing = new SpendQueue(tenant.db);
  const taken = Array.from({ length: 20 }, (_, index) =>
    submit(consume('closing', `closing-${String(index)}`), closing),
  );
  const closed = closing.close();
  expect(codes([await submit(consume('closing', 'closing-late'), closing)])).toEqual(['UNAVAILABLE']);
  await closed;
  expect(closing.depth).toBe(0);
  expect(new Set(codes(await Promise.all(taken)))).toEqual(new Set(['ENTITLED']));
  expect(await used('closing')).toBe(20);
});

test('a batch that waits holds up its own shard alone: the tenant’s other counters and other tenants go on', async () => {
  const customers = Array.from({ length: 8 }, (_, index) => `slow-${String(index)}`);
  const other = await createTestTenant(database.url);
  for (const to of [tenant, other]) {
    for (const customer of customers) {
      await createTestCustomer(to, customer);
      await subscribeTo(to, customer, 'pro');
    }
  }
  const patient = new SpendQueue(tenant.db);
  const send = (by: TestTenant, key: string): Promise<string>[] =>
    customers.map(async (customer) => {
      await patient.submit(by.caller, consume(customer, `slow-${key}-${customer}`));
      return customer;
    });
  await Promise.all([...send(tenant, 'first'), ...send(other, 'first')]);
  await owner.query('begin');
  await owner.query(`select from meter where tenant_id = $1 and customer_id = 'slow-0' for update`, [
    tenant.caller.tenantId,
  ]);
  const answered = new Set<string>();
  const held = send(tenant, 'held').map(async (sent) => answered.add(await sent));
  try {
    await Promise.all(send(other, 'meanwhile'));
    // Of eight counters some are in the shard of the one that is locked, others are not.
    await Promise.race(held);
    expect(answered.has('slow-0')).toBe(false);
  } finally {
    await owner.query('rollback');
  }
  await Promise.all(held);
  expect(answered.size).toBe(customers.length);
  await patient.close();
  await other.close();
});

test('a tenant with a long backlog does not hold up another: ready shards take turns', async () => {
  await customerOn('pro', 'turns');
  const other = await createTestTenant(database.url);
  await createTestCustomer(other, 'turns');
  await subscribeTo(other, 'turns', 'pro');
  const narrow = new SpendQueue(tenant.db, { mostInFlight: 1 });
  try {
    const answered: string[] = [];
    const backlog = Array.from({ length: 5_000 }, (_, index) =>
      submit(consume('turns', `turns-${String(index)}`), narrow).then(() => answered.push('backlog')),
    );
    const single = narrow
      .submit(other.caller, consume('turns', 'turns-other'))
      .then(() => answered.push('single'));
    await Promise.all([...backlog, single]);
    expect(answered.indexOf('single')).toBeLessThanOrEqual(2_000);
  } finally {
    await narrow.close();
    await other.close();
  }
});
