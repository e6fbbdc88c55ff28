import {
  currentRevision,
  EventFeed,
  leafHashOf,
  listEvents,
  parseRevision,
  positionOf,
  type StoredEvent,
  upsertCustomer,
} from '@licet/database';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  listedEvents,
  openTestDatabase,
  subscribeTo,
  type TestDatabase,
  type TestTenant,
  tenantRows,
} from '@licet/database/testing';
import { instant } from '@licet/domain';
import { writeTransaction } from '../src/connection/transaction.js';
import { appendStatements, type NewEvent, sealEvents } from '../src/event-log/append.js';

let database: TestDatabase;
let tenant: TestTenant;
let feed: EventFeed;

beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTestTenant(database.url);
  feed = new EventFeed(tenant.db);
  await feed.start();
});

afterAll(async () => {
  await feed.stop();
  await tenant.close();
  await database.drop();
});

async function take(events: AsyncIterableIterator<StoredEvent>, count: number): Promise<StoredEvent[]> {
  const taken: StoredEvent[] = [];
  while (taken.length < count) {
    const next = await events.next();
    if (next.done) throw new Error('the feed ended');
    taken.push(next.value);
  }
  return taken;
}

test('positions are dense and begin at 1, however many transactions commit at once', async () => {
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => createTestCustomer(tenant, `dense-${String(index)}`)),
  );
  const rows = await tenantRows<{ position: number }>(tenant, 'select position from event order by position');
  expect(rows.map((row) => row.position)).toEqual(rows.map((_, index) => index + 1));
});

test('the stored bytes are what was hashed, and they do not name the customer', async () => {
  await createTestCustomer(tenant, 'hashed-customer');
  const rows = await tenantRows<{ body: Buffer; leaf_hash: Buffer }>(
    tenant,
    `select body, leaf_hash from event where customer_id = 'hashed-customer'`,
  );
  expect(rows).toHaveLength(1);
  expect(leafHashOf(rows[0]!.body.toString())).toBe(rows[0]!.leaf_hash.toString('hex'));
  expect(rows[0]!.body.toString('utf8')).not.toContain('hashed-customer');
});

test('a follower that resumes sees everything after its cursor, once and in order, across the switch to live', async () => {
  const start = await currentRevision(tenant.db, tenant.caller.tenantId);
  for (let index = 0; index < 20; index += 1) await createTestCustomer(tenant, `before-${String(index)}`);
  const writing = Promise.all(
    Array.from({ length: 30 }, (_, index) => createTestCustomer(tenant, `while-${String(index)}`)),
  );
  const followed = await feed.follow(tenant.caller.tenantId, start);
  if (!followed.ok) throw new Error(followed.message);
  const events = await take(followed.events, 50);
  await writing;
  expect(events.map((event) => positionOf(event.cursor))).toEqual(
    events.map((_, index) => positionOf(start) + 1 + index),
  );
  await followed.events.return?.();
});

test('without a cursor a follower sees what comes next, without a signal too', async () => {
  const followed = await feed.follow(tenant.caller.tenantId, null);
  if (!followed.ok) throw new Error(followed.message);
  const next = take(followed.events, 1);
  await createTestCustomer(tenant, 'next');
  expect((await next)[0]).toMatchObject({ type: 'customer.created', subjectId: 'next' });
  // A commit whose signal was lost with its process: the poll finds it.
  const found = take(followed.events, 1);
  const other = await createTestDatabaseView();
  await upsertCustomer({ ...other.db, signal: { look: () => undefined } as never }, tenant.caller, {
    id: 'unsignalled',
  });
  expect((await found)[0]).toMatchObject({ subjectId: 'unsignalled' });
  await other.db.close();
  await followed.events.return?.();
});

async function createTestDatabaseView(): Promise<Pick<TestTenant, 'db'>> {
  return { db: await openTestDatabase(database.url) };
}

test('a cursor of another history, or one that lies ahead, is CURSOR_EXPIRED', async () => {
  const newest = await currentRevision(tenant.db, tenant.caller.tenantId);
  const forged = parseRevision(`${newest.slice(0, 17)}00000000`)!;
  const ahead = parseRevision('00000000000fffff-00000000')!;
  for (const cursor of [forged, ahead]) {
    expect(await feed.follow(tenant.caller.tenantId, cursor)).toMatchObject({
      ok: false,
      code: 'CURSOR_EXPIRED',
      field: 'after',
    });
    expect(
      await listEvents(tenant.db, tenant.caller.tenantId, {
        first: 1,
        after: cursor,
        types: null,
        customerId: null,
        only: null,
        since: null,
        until: null,
      }),
    ).toMatchObject({ ok: false, code: 'CURSOR_EXPIRED' });
  }
});

test('lists go on from a cursor and filter by type, customer and time', async () => {
  const customerId = await createTestCustomer(tenant, 'listed');
  await subscribeTo(tenant, 'listed', 'pro');
  const all = await listedEvents(tenant, customerId);
  expect(all.map((event) => event.type)).toEqual(['customer.created', 'subscription.started']);
  const filter = { types: ['subscription.started'], customerId, only: null, since: null, until: null };
  const page = await listEvents(tenant.db, tenant.caller.tenantId, {
    first: 1,
    after: all[0]!.cursor,
    ...filter,
  });
  expect(page).toMatchObject({
    page: { items: [{ node: { id: all[1]!.id } }], hasNextPage: false, hasPreviousPage: true },
  });
  const none = await listEvents(tenant.db, tenant.caller.tenantId, {
    first: 1,
    after: null,
    ...filter,
    until: all[1]!.at,
  });
  expect(none).toMatchObject({ page: { items: [] } });
});

test.each(['\0', 'x\ud800', '\udc00'])('an event that holds %j is not appended', (text) => {
  expect(() => sealEvents([eventWith({ text })])).toThrow('surrogate pair');
  expect(() => sealEvents([eventWith({ [text]: 1 })])).toThrow('surrogate pair');
});

test.each(['\\u0000', '\\\\ud800', '😀', '\u0001'])(
  'an event that holds %j is read as it was appended',
  async (text) => {
    const customer = await upsertCustomer(tenant.db, tenant.caller, { id: 'unusual', name: text });
    expect(customer).toMatchObject({ ok: true });
    const last = (await listedEvents(tenant, customer.ok ? customer.customer.id : null)).at(-1);
    expect(last?.data).toMatchObject({ after: { name: text } });
  },
);

test('a row that no writer of today would write does not stop those who read the log', async () => {
  const other = await createTestTenant(database.url);
  const body = '{"customer":null,"actor":{},"reason":"\\u0000 \\ud800","requestId":null,"data":{}}';
  const [sealed] = sealEvents([eventWith({})]);
  if (!sealed) throw new Error('one event is sealed');
  await writeTransaction(other.db, other.caller.tenantId, () =>
    Promise.resolve({
      value: null,
      statements: appendStatements(other.caller.tenantId, [{ ...sealed, body, leafHash: leafHashOf(body) }]),
      events: [],
    }),
  );
  await createTestCustomer(other, 'after');
  const events = await listedEvents(other);
  expect(events.slice(-2).map(({ reason }) => reason)).toEqual(['\0 \ud800', null]);
  await other.close();
});

function eventWith(data: Record<string, unknown>): NewEvent {
  const { actor, requestId } = tenant.caller;
  const at = instant(Date.UTC(2026, 0, 1));
  const subject = { subjectType: 'test', subjectId: 'test', customer: null };
  return {
    ...subject,
    type: 'test.written',
    actor,
    reason: null,
    requestId,
    at,
    recordedAt: at,
    data,
    listed: true,
  };
}
