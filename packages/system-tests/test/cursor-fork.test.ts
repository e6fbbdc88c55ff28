import { createTestCustomer, subscribeTo } from '@licet/database/testing';
import { parseRevision, positionOf } from '@licet/database';
import { catalogWith, draft, publish } from '../src/catalogs.js';
import { expectAtLast } from '../src/expect-at-last.js';
import type { GraphqlClient } from '../src/graphql-client.js';
import { brokenGuard } from '../src/guards/guards.js';
import { follow, type Following } from '../src/live.js';
import { OwnPostgres } from '../src/postgres/own-postgres.js';
import { type RunningSystem, startSystem, until } from '../src/system.js';

/** A backup is put back under two gateways that go on running: what was committed after it is lost, and other things follow. */
let postgres: OwnPostgres;
let system: RunningSystem;
/** The two that have seen the lost history, and one that was started afterwards. */
let clients: GraphqlClient[];
let streams: Following[];
/** In the history that is lost: at a position that will be another event's, and beyond all that follows. */
let replaced: string;
let beyond: string;
/** In both histories. */
let shared: string;

const options = { breakGuard: brokenGuard() };

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  system = await startSystem([options, options], postgres);
  clients = system.gateways.map(({ client }) => client);
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'free');
  shared = await upsert(clients[0]!, 'shared');
  await postgres.save();
  await ready();
  streams = await Promise.all(clients.map((client) => follow(client, 'events { cursor customerId }')));
  await publish(clients[0]!, await draft(clients[0]!, catalogWith(20, 'now')));
  replaced = await upsert(clients[0]!, 'lost');
  beyond = await upsert(clients[1]!, 'lost-2');
  for (let more = 0; more < 6; more += 1) beyond = await upsert(clients[1]!, 'lost-2', String(more));
  for (const client of clients) await expectAtLast(() => limitOf(client), 20);
  for (const stream of streams) await untilTold(stream, 'lost');
  await postgres.restore();
  await ready();
  await publish(clients[1]!, await draft(clients[1]!, catalogWith(30, 'now')));
  for (const id of ['other', 'another']) await upsert(clients[1]!, id);
  clients.push((await system.startGateway(options)).client);
});
afterAll(async () => {
  await system.close();
});

async function untilTold(stream: Following, customerId: string): Promise<void> {
  while (!JSON.stringify(await stream.next()).includes(`"${customerId}"`));
}

/** Every gateway reaches its database. */
async function ready(): Promise<void> {
  for (const { url } of clients) await until(async () => (await fetch(new URL('/readyz', url))).ok);
}

async function upsert(client: GraphqlClient, id: string, name = id): Promise<string> {
  const data = await client.send(
    'mutation ($id: ID!, $name: String) { upsertCustomer(input: { id: $id, name: $name }) { revision } }',
    { id, name },
  );
  return textIn(data, 'revision');
}

function textIn(data: unknown, field: string): string {
  return new RegExp(`"${field}":"([^"]*)"`).exec(JSON.stringify(data))?.[1] ?? JSON.stringify(data);
}

async function limitOf(client: GraphqlClient): Promise<number> {
  const data = await client.send(
    '{ check(input: { customerId: "acme", feature: "projects" }) { limit } }',
    {},
  );
  return Number(/"limit":(\d+)/.exec(JSON.stringify(data))?.[1]);
}

/** The code of what a check that wants to have seen this revision is answered, or of its decision. */
async function codeAt(client: GraphqlClient, revision: string): Promise<string> {
  const query = `query ($atLeast: Revision) { check(input: { customerId: "acme", feature: "projects", atLeast: $atLeast }) { code } }`;
  return client.send(query, { atLeast: revision }).then(
    (data) => textIn(data, 'code'),
    (error: unknown) => /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error),
  );
}

async function resumed(client: GraphqlClient, cursor: string): Promise<unknown> {
  const stream = await follow(client, `events(after: "${cursor}") { customerId type }`);
  const answer = await stream.next();
  await stream.end();
  return answer;
}

const EXPIRED = [
  {
    message: expect.stringContaining('read the present state and follow from there'),
    extensions: { code: 'CURSOR_EXPIRED' },
  },
];

test('the two histories have other events at one position', async () => {
  const { rows } = await system.owner.query(
    `select customer_id from event where position = $1 and customer_id is distinct from 'lost'`,
    [positionOf(parseRevision(replaced)!)],
  );
  expect(rows).toHaveLength(1);
});

test('streams that were open end with CURSOR_EXPIRED on every gateway, and none goes on as if nothing had happened', async () => {
  for (const stream of streams) {
    for (;;) {
      const answer = await stream.next();
      if (Array.isArray(answer)) {
        expect(answer).toMatchObject(EXPIRED);
        break;
      }
      expect(JSON.stringify(answer)).not.toContain('other');
    }
  }
});

test('a cursor of the lost history is CURSOR_EXPIRED, whether its position is another event’s now or nobody’s', async () => {
  for (const client of clients) {
    expect(await resumed(client, replaced)).toMatchObject(EXPIRED);
    expect(await resumed(client, beyond)).toMatchObject(EXPIRED);
  }
});

test('a cursor of before the fork goes on in the history that there is', async () => {
  for (const client of clients) {
    expect(await resumed(client, shared)).toEqual({
      events: { customerId: null, type: 'release.drafted' },
    });
  }
});

test('a revision of the lost history is CONFLICT, or not there yet; one of before the fork is held', async () => {
  for (const client of clients) {
    expect(await codeAt(client, replaced)).toBe('CONFLICT');
    expect(await codeAt(client, beyond)).toBe('UNAVAILABLE');
    expect(await codeAt(client, shared)).toBe('ENTITLED');
  }
});

test('what was kept of the lost history decides nothing: releases of the same number are told apart', async () => {
  for (const client of clients) {
    expect(await limitOf(client)).toBe(30);
    const spent = await client.consume('lost', 'projects', `lost-${client.url}`);
    expect(spent.decision.code).toBe('UNKNOWN_CUSTOMER');
  }
  // By the lost release it would pass the limit.
  const data = await clients[0]!.send(
    'mutation ($input: ConsumeInput!) { consume(input: $input) { decision { code limit } } }',
    { input: { customerId: 'acme', feature: 'projects', quantity: 25, idempotencyKey: 'acme' } },
  );
  expect(data).toEqual({ consume: { decision: { code: 'ENTITLED', limit: 30 } } });
});
