import { setTimeout as delay } from 'node:timers/promises';
import { type Database, EventFeed, type FeedFollower, parseNatsUrl, upsertCustomer } from '@licet/database';
import {
  createOwnTenant,
  findNatsServer,
  NatsServer,
  openTestDatabase,
  type OwnTenant,
} from '@licet/database/testing';

test('where NATS is, and as whom to come, is read from its URL', () => {
  expect(parseNatsUrl(undefined)).toBeNull();
  expect(parseNatsUrl('')).toBeNull();
  expect(parseNatsUrl('nats://one, nats://two:4333')).toEqual({ servers: ['one:4222', 'two:4333'] });
  expect(parseNatsUrl('nats://ann:p%40ss@one')).toEqual({ servers: ['one:4222'], user: 'ann', pass: 'p@ss' });
  expect(parseNatsUrl('tls://a-token@one:4222')).toEqual({
    servers: ['one:4222'],
    token: 'a-token',
    tls: {},
  });
});

test.each(['one:4222', 'http://one', 'nats://', 'nats://one,http://two', 'x'])(
  '%s is none, which is said without repeating it',
  (text) => {
    expect(() => parseNatsUrl(text)).toThrow(/^NATS_URL is no NATS URL; set it to such as/);
  },
);

const program = findNatsServer();
/** Without the program they count as skipped, which CI takes for a failure. */
const withNats = program === null ? describe.skip : describe;

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}

withNats('over a real nats-server', () => {
  let server: NatsServer;
  let tenant: OwnTenant;
  /** A process that writes, and one that reads. */
  let writer: Database;
  let reader: Database;
  let feed: EventFeed;
  let events: FeedFollower['events'];

  beforeAll(async () => {
    server = await NatsServer.start(program ?? '');
    tenant = await createOwnTenant();
    const nats = parseNatsUrl(server.url);
    writer = await openTestDatabase(tenant.url, nats);
    reader = await openTestDatabase(tenant.url, nats);
    feed = new EventFeed(reader);
    await feed.start();
    await untilConnected();
    const followed = await feed.follow(tenant.caller.tenantId, null);
    if (!followed.ok) throw new Error(followed.message);
    events = followed.events;
  });
  afterAll(async () => {
    await feed.stop();
    await writer.close();
    await reader.close();
    await tenant.close();
    await server.kill();
  });

  function untilConnected(): Promise<void> {
    return until(() => feed.listening && writer.nats?.connected === true);
  }

  async function create(id: string): Promise<void> {
    const result = await upsertCustomer(writer, tenant.caller, { id });
    if (!result.ok) throw new Error(result.message);
  }

  async function next(): Promise<unknown> {
    const { value } = await events.next();
    return value?.subjectId;
  }

  /** While `work` runs a process looks at nothing unless a signal says so. */
  async function withoutPolls({ pool }: Database, work: () => Promise<void>): Promise<void> {
    const send = pool.query.bind(pool);
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const spy = jest.spyOn(pool, 'query').mockImplementation((...args: unknown[]) => {
      const asked = JSON.stringify(args[0]);
      const sent = (): unknown => Reflect.apply(send, undefined, args);
      return asked.includes('log-ends') ? held.then(sent) : sent();
    });
    try {
      await work();
    } finally {
      goOn();
      spy.mockRestore();
    }
  }

  test('a commit is told over NATS, and by no NOTIFY', async () => {
    const sent = jest.spyOn(writer.pool, 'query');
    await withoutPolls(reader, async () => {
      for (const id of ['told-1', 'told-2']) {
        await create(id);
        expect(await next()).toBe(id);
      }
    });
    expect(JSON.stringify(sent.mock.calls)).not.toContain('pg_notify');
    sent.mockRestore();
  });

  test('while NATS is away events come later, and none is lost; when it is back signals come again', async () => {
    await server.kill();
    await until(() => !feed.listening);
    for (const id of ['away-1', 'away-2', 'away-3']) await create(id);
    expect([await next(), await next(), await next()]).toEqual(['away-1', 'away-2', 'away-3']);
    await server.start();
    await untilConnected();
    await withoutPolls(reader, async () => {
      await create('back');
      expect(await next()).toBe('back');
    });
  });

  test('a process starts without NATS, and finds it when it is there', async () => {
    await server.kill();
    const late = await openTestDatabase(tenant.url, parseNatsUrl(server.url));
    const own = new EventFeed(late);
    await own.start();
    try {
      const followed = await own.follow(tenant.caller.tenantId, null);
      if (!followed.ok) throw new Error(followed.message);
      await create('before');
      expect((await followed.events.next()).value?.subjectId).toBe('before');
      expect(own.listening).toBe(false);
      await server.start();
      await until(() => own.listening);
      await untilConnected();
      await withoutPolls(late, async () => {
        await create('after');
        expect((await followed.events.next()).value?.subjectId).toBe('after');
      });
      await followed.events.return?.();
    } finally {
      await own.stop();
      await late.close();
    }
  });

  test('one that never finds NATS ends all the same', async () => {
    const nowhere = await openTestDatabase(tenant.url, parseNatsUrl('nats://127.0.0.1:1'));
    expect(nowhere.nats?.connected).toBe(false);
    await nowhere.close();
  });
});
