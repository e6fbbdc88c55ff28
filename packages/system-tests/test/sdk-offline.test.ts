import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTestCustomer, subscribeTo, TEST_CATALOG } from '@licet/database/testing';
import { type Answer, type Client, type ClientOptions, createClient } from '@licet/sdk';
import { fileStorage } from '@licet/sdk/node';
import { OwnPostgres } from '../src/postgres/own-postgres.js';
import { API_KEY, type RunningGateway, type RunningSystem, startSystem, until } from '../src/system.js';

/** `sso` fails closed, `projects` open, `support` goes on by what was last known; snapshots live for nine seconds. */
const { features, plans } = TEST_CATALOG;
const CATALOG = {
  ...TEST_CATALOG,
  features: {
    ...features,
    projects: { ...features.projects, whenUnknown: 'open' },
    support: { ...features.support, whenUnknown: { lastKnown: 'PT1H' } },
  },
  plans: {
    ...plans,
    pro: { ...plans.pro, offline: { refreshAfter: 'PT3S', staleFor: 'PT3S', grace: 'PT3S' } },
  },
};
const FEATURES = ['sso', 'projects', 'support', 'calls', 'none'];

let postgres: OwnPostgres;
let system: RunningSystem;
let gateway: RunningGateway;
let port: number;
let directory: string;
const clients: Client[] = [];

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  system = await startSystem([{}], postgres, CATALOG);
  gateway = system.gateways[0]!;
  port = Number(new URL(gateway.client.url).port);
  await createTestCustomer(system.tenant, 'acme');
  await subscribeTo(system.tenant, 'acme', 'pro');
});
afterAll(() => system.close());
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'licet-sdk-'));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await rm(directory, { recursive: true });
});

async function start(options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = createClient({
    url: `http://127.0.0.1:${String(port)}`,
    apiKey: API_KEY,
    customerId: 'acme',
    storage: fileStorage(directory, { place: 'this machine' }),
    retryMax: 200,
    ...options,
  });
  clients.push(client);
  await client.ready;
  return client;
}

async function restart(): Promise<void> {
  gateway = await system.startGateway({ port });
}

/** What each feature was answered the first time that the client was in each phase, until it was in the last. */
async function stages(client: Client, last: string): Promise<Record<string, object>> {
  const seen: Record<string, object> = {};
  await until(() => {
    const { phase } = client.status;
    seen[phase] ??= codes(client);
    return phase === last;
  });
  return seen;
}

function codes(client: Client): Record<string, string> {
  return Object.fromEntries(FEATURES.map((feature) => [feature, client.check(feature).code]));
}

function all(code: string): object {
  return { ...Object.fromEntries(FEATURES.map((feature) => [feature, code])), none: 'UNKNOWN_FEATURE' };
}

/** docs/rules.md, "Without state". */
const BY_THE_RULES = {
  fresh: all('ENTITLED'),
  stale: all('ENTITLED'),
  grace: all('ENTITLED_GRACE'),
  expired: { ...all('UNAVAILABLE'), projects: 'ENTITLED_FALLBACK' },
};

function isLive(client: Client): () => boolean {
  return () => client.status.phase === 'fresh' && client.status.source === 'live';
}

async function keptToken(): Promise<string | undefined> {
  const files = await readdir(directory);
  const texts = await Promise.all(files.map((name) => readFile(path.join(directory, name), 'utf8')));
  return texts.find((text) => text.includes('"token"'));
}

test('the database killed, the gateway killed, both for longer than every deadline: each feature answers by its rule', async () => {
  const client = await start();
  await until(isLive(client));
  expect(codes(client)).toEqual(BY_THE_RULES.fresh);

  await postgres.kill();
  expect(await stages(client, 'expired')).toEqual(BY_THE_RULES);
  expect(client.status.problems).toMatchObject([{ kind: 'GATEWAY_FAILED' }]);
  await postgres.start();
  await until(isLive(client));
  expect(codes(client)).toEqual(BY_THE_RULES.fresh);

  await gateway.stop('SIGKILL');
  const kept = await keptToken();
  expect(await stages(client, 'expired')).toEqual(BY_THE_RULES);
  await restart();
  await until(isLive(client));
  expect(codes(client)).toEqual(BY_THE_RULES.fresh);

  await Promise.all([gateway.stop('SIGKILL'), postgres.kill()]);
  await until(() => client.status.phase !== 'fresh');
  const before = await keptToken();
  const { stale, grace, expired } = BY_THE_RULES;
  expect(await stages(client, 'expired')).toEqual({ stale, grace, expired });
  // No answer of the outage has taken the place of what the gateway had said.
  expect(await keptToken()).toBe(before);
  expect(before).not.toBe(kept);
  await postgres.start();
  await restart();
  await until(isLive(client));
  expect(codes(client)).toEqual(BY_THE_RULES.fresh);
});

test('with nothing to reach, what comes up decides by what is kept: not with an older clock, nor on another machine', async () => {
  const first = await start();
  await until(isLive(first));
  await first.close();
  await gateway.stop('SIGKILL');
  const offline = await start();
  expect(offline.check('sso')).toMatchObject({ source: 'kept', allowed: true });
  await until(() => offline.status.phase === 'expired');
  await offline.close();
  const issuedAt = offline.status.confirmedAt ?? 0;
  const setBack = await start({ now: () => issuedAt + 1 });
  expect(setBack.status.problems.map(({ kind }) => kind)).toContain('CLOCK_SET_BACK');
  expect(codes(setBack)).toEqual(BY_THE_RULES.expired);
  const copied = await start({
    storage: fileStorage(directory, { place: 'another' }),
    now: () => issuedAt + 1,
  });
  expect(copied.status.problems.map(({ kind }) => kind)).toContain('FOREIGN_STORAGE');
  expect(codes(copied)).toEqual({ ...all('UNAVAILABLE'), none: 'UNAVAILABLE' });
  await restart();
  await until(isLive(setBack));
  await until(isLive(copied));
  expect(codes(copied)).toEqual(BY_THE_RULES.fresh);
});

test('a change of plan is there when it happens, and after a cut', async () => {
  await createTestCustomer(system.tenant, 'mover');
  const { id } = await subscribeTo(system.tenant, 'mover', 'free');
  const client = await start({ customerId: 'mover' });
  await until(isLive(client));
  expect(client.check('sso').code).toBe('NOT_IN_PLAN');
  await gateway.client.changePlan(id, 'pro', 'up');
  await until(() => client.check('sso').code === 'ENTITLED');
  await gateway.stop('SIGKILL');
  await until(() => client.check('sso').source === 'cache');
  const other = await system.startGateway();
  await other.client.changePlan(id, 'free', 'down');
  await restart();
  await until(() => client.check('sso').code === 'NOT_IN_PLAN');
  await until(isLive(client));
});

test('a spend is counted once, and the next snapshot knows of it', async () => {
  const client = await start({ live: false });
  const before = client.check('calls').used ?? 0;
  const spent = await client.consume('calls', { quantity: 2, idempotencyKey: 'once' });
  expect(spent).toMatchObject({ consumed: 2, replayed: false, decision: { allowed: true } });
  expect(await client.consume('calls', { quantity: 2, idempotencyKey: 'once' })).toMatchObject({
    replayed: true,
  });
  await client.refresh();
  expect(client.check('calls').used).toBe(before + 2);
});

test('a check here says what the gateway says', async () => {
  const customers = { 'on-free': ['free'], 'on-pro': ['pro'], 'on-nothing': [] };
  for (const [customerId, own] of Object.entries(customers)) {
    await createTestCustomer(system.tenant, customerId);
    for (const plan of own) await subscribeTo(system.tenant, customerId, plan);
    const client = await start({ customerId, live: false });
    const asked = FEATURES.flatMap((feature) =>
      [0, 1, 3, 4, 10, 11, 50, 51, 1000].map((quantity) => ({ feature, quantity })),
    );
    const data = await gateway.client.send(
      `query ($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { allowed code message value limit unlimited used reserved
         remaining resetsAt sources { kind id key } } }`,
      { inputs: asked.map((one) => ({ ...one, customerId })) },
    );
    const here = asked.map(({ feature, quantity }) => asToldBy(client.check(feature, { quantity })));
    expect({ checkMany: here }).toEqual(data);
  }
});

/** An answer with the fields, and the times, of the API. */
function asToldBy({ allowed, code, message, value, limit, unlimited, ...rest }: Answer): object {
  const { used, reserved, remaining, sources } = rest;
  const resetsAt = rest.resetsAt === null ? null : new Date(rest.resetsAt).toISOString();
  const units = { limit, unlimited, used, reserved, remaining, resetsAt };
  return { allowed, code, message, value, ...units, sources };
}
