import { newApiKey, ORIGIN } from '@licet/database';
import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { draft, publish } from '../src/catalogs.js';
import { OwnPostgres } from '../src/postgres/own-postgres.js';
import { API_KEY, type RunningGateway, type RunningSystem, startSystem, until } from '../src/system.js';

let postgres: OwnPostgres;
let system: RunningSystem;
let gateway: RunningGateway;
/** Knows the key, and nothing of what its tenant sells. */
let stranger: RunningGateway;

/** `sso` fails closed, `projects` open, `support` goes on by what was last known; states are young for two seconds. */
const { features } = TEST_CATALOG;
const CATALOG = {
  ...TEST_CATALOG,
  staleFor: 'PT2S',
  features: {
    ...features,
    projects: { ...features.projects, whenUnknown: 'open' },
    support: { ...features.support, whenUnknown: { lastKnown: 'PT1H' } },
  },
  existingSubscriptions: 'now',
};

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  system = await startSystem([{}, {}], postgres);
  gateway = system.gateways[0]!;
  stranger = system.gateways[1]!;
});
afterAll(async () => {
  await system.close();
});

interface Decided {
  readonly allowed: boolean;
  readonly code: string;
  readonly stale: boolean;
}

async function check(customerId: string, feature: string): Promise<Decided> {
  const data = await gateway.client.send(
    'query ($input: CheckInput!) { check(input: $input) { allowed code stale } }',
    { input: { customerId, feature } },
  );
  if (!('check' in data) || !isDecided(data.check)) throw new Error(`no decision: ${JSON.stringify(data)}`);
  return data.check;
}

function isDecided(value: unknown): value is Decided {
  return typeof value === 'object' && value !== null && 'code' in value && 'stale' in value;
}

/** What became of a new socket with this key: `open`, or the code by which it was closed. */
function socketWith(key: string): Promise<unknown> {
  const socket = createClient({
    url: gateway.client.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${key}` },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
  return new Promise((resolve) => {
    socket.on('connected', () => resolve('open'));
    socket.on('closed', (event) => {
      resolve(typeof event === 'object' && event !== null && 'code' in event ? event.code : event);
    });
  }).finally(() => socket.dispose());
}

/** Status and body of a request that a mere client sends. */
async function post(query: string, key = API_KEY): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(gateway.client.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function statusOf(path: string): Promise<number> {
  return (await fetch(new URL(path, gateway.client.url))).status;
}

const TRY_AGAIN_LATER = 1013;
const FORBIDDEN = 4403;
const UNAVAILABLE = { errors: [{ extensions: { code: 'UNAVAILABLE', retryAfter: 1 } }] };

test('without the database checks go on from kept state, nothing is spent, and it all recovers by itself', async () => {
  await createTestCustomer(system.tenant, 'warm');
  await subscribeTo(system.tenant, 'warm', 'pro');
  await publish(gateway.client, await draft(gateway.client, CATALOG));
  await until(async () => (await check('warm', 'sso')).code === 'ENTITLED');
  expect(await check('warm', 'projects')).toEqual({ allowed: true, code: 'ENTITLED', stale: false });
  await gateway.client.consume('warm', 'calls', 'before');
  const socket = createClient({
    url: gateway.client.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${API_KEY}` },
    retryAttempts: 0,
  });
  const events = socket.iterate({ query: 'subscription { events { type customerId } }' });
  const heard = events.next();
  // Where the test ends early, its own failure is to be seen.
  heard.catch(() => undefined);
  // Answered over the same socket after the subscription, which is in place then.
  for await (const answer of socket.iterate({ query: '{ tenant { id } }' }))
    expect(answer.errors).toBeUndefined();

  // A key is kept from its second use on.
  for (let use = 0; use < 2; use += 1) await stranger.client.send('{ tenant { id } }', {});

  await postgres.kill();

  await until(async () => (await check('warm', 'sso')).stale);
  await until(async () => (await check('warm', 'sso')).code === 'UNAVAILABLE');
  expect(await check('warm', 'sso')).toEqual({ allowed: false, code: 'UNAVAILABLE', stale: true });
  expect(await check('warm', 'projects')).toEqual({ allowed: true, code: 'ENTITLED_FALLBACK', stale: true });
  expect(await check('warm', 'support')).toEqual({ allowed: true, code: 'ENTITLED', stale: true });
  expect(await check('nobody', 'sso')).toEqual({ allowed: false, code: 'UNAVAILABLE', stale: true });
  expect(await check('nobody', 'projects')).toEqual({
    allowed: true,
    code: 'ENTITLED_FALLBACK',
    stale: true,
  });
  for (const feature of ['calls', 'projects']) {
    expect(await gateway.client.consume('warm', feature, `away-${feature}`)).toMatchObject({
      consumed: 0,
      replayed: false,
      decision: { allowed: false, code: 'UNAVAILABLE' },
    });
  }
  const denied = await stranger.client.send(
    `mutation { consume(input: { customerId: "warm", feature: "calls", idempotencyKey: "away-stranger" }) {
       consumed replayed revision decision { allowed code release stale revision } } }`,
    {},
  );
  expect(denied).toMatchObject({
    consume: {
      consumed: 0,
      replayed: false,
      revision: ORIGIN,
      decision: { allowed: false, code: 'UNAVAILABLE', release: 0, stale: true, revision: ORIGIN },
    },
  });
  expect(await statusOf('/healthz')).toBe(200);
  expect(await statusOf('/readyz')).toBe(503);
  const mutation = await post('mutation { upsertCustomer(input: { id: "late" }) { revision } }');
  expect(mutation.body).toMatchObject(UNAVAILABLE);
  const unknown = await post('{ tenant { id } }', newApiKey('READER'));
  expect(unknown).toMatchObject({ status: 503, body: UNAVAILABLE });

  // A key that is known opens a socket; who brings another is told to come again, by a code at which clients do.
  expect(await socketWith(API_KEY)).toBe('open');
  expect(await socketWith(newApiKey('READER'))).toBe(TRY_AGAIN_LATER);

  await postgres.start();

  await until(async () => (await statusOf('/readyz')) === 200);
  await until(async () => !(await check('warm', 'sso')).stale);
  expect(await check('warm', 'sso')).toEqual({ allowed: true, code: 'ENTITLED', stale: false });
  expect((await check('nobody', 'projects')).code).toBe('UNKNOWN_CUSTOMER');
  expect(await socketWith(newApiKey('READER'))).toBe(FORBIDDEN);
  // The same key, denied while the database was away, is decided anew.
  expect(await gateway.client.consume('warm', 'calls', 'away-calls')).toMatchObject({ consumed: 1 });
  await createTestCustomer(system.tenant, 'after');
  expect(await heard).toMatchObject({
    done: false,
    value: { data: { events: { type: 'customer.created', customerId: 'after' } } },
  });
  const { rows } = await system.owner.query(
    `select used::int as used, (select count(*)::int from operation where feature is not null) as operations
     from meter where customer_id = 'warm' and feature = 'calls'`,
  );
  expect(rows).toEqual([{ used: 2, operations: 2 }]);
  await socket.dispose();
});
