import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Client, type ClientOptions, createClient } from '@licet/sdk';
import { fileStorage } from '@licet/sdk/node';
import { CUSTOMER, statePayload } from '../testing/signer.js';
import { SmallGateway, SPANS } from '../testing/small-gateway.js';

const BEGIN = Date.parse('2026-12-01T12:00:00Z');

let time: number;
let gateway: SmallGateway;
let directory: string;
const clients: Client[] = [];

beforeEach(async () => {
  time = BEGIN;
  gateway = await SmallGateway.start(() => time);
  directory = await mkdtemp(path.join(tmpdir(), 'licet-sdk-'));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await gateway.down();
  await rm(directory, { recursive: true });
});

/** Another process, as it were: it knows what is on the disk. */
async function start(options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = createClient({
    url: gateway.url,
    apiKey: 'lk_service_test',
    customerId: CUSTOMER,
    storage: fileStorage(directory, { place: 'this machine' }),
    live: false,
    retryMax: 50,
    now: () => time,
    ...options,
  });
  clients.push(client);
  await client.ready;
  return client;
}

function answers(client: Client) {
  return Object.fromEntries(
    ['sso', 'calls', 'editor', 'reports', 'none'].map((feature) => [feature, client.check(feature).code]),
  );
}

const ENTITLED = { sso: 'ENTITLED', calls: 'ENTITLED', editor: 'ENTITLED', none: 'UNKNOWN_FEATURE' };

test('a client that has kept a snapshot decides at once after a restart with no network, and says from what', async () => {
  const first = await start();
  expect(first.check('sso')).toMatchObject({ allowed: true, code: 'ENTITLED', source: 'cache', age: 0 });
  expect(first.check('calls', { quantity: 101 })).toMatchObject({ allowed: false, code: 'LIMIT_EXCEEDED' });
  await first.close();
  await gateway.down();
  time += 2_000;
  const second = await start();
  expect(second.check('sso')).toMatchObject({ allowed: true, code: 'ENTITLED', source: 'kept', age: 2_000 });
  expect(second.status).toMatchObject({ phase: 'fresh', source: 'kept', counter: 1, starts: 2 });
});

test('without the gateway each feature goes through the phases by its own rule', async () => {
  const client = await start();
  await gateway.down();
  const at = (seconds: number) => {
    time = BEGIN + seconds * 1000;
    return { phase: client.status.phase, source: client.check('editor').source, ...answers(client) };
  };
  const grace = { sso: 'ENTITLED_GRACE', calls: 'ENTITLED_GRACE', editor: 'ENTITLED_GRACE' };
  const { fresh, stale, grace: inGrace } = SPANS;
  const tooOld = { reports: 'UNAVAILABLE' };
  expect(at(0)).toEqual({ phase: 'fresh', source: 'cache', ...ENTITLED, reports: 'ENTITLED' });
  expect(at(fresh)).toEqual({ phase: 'stale', source: 'cache', ...ENTITLED, reports: 'ENTITLED' });
  expect(at(20)).toEqual({ phase: 'stale', source: 'cache', ...ENTITLED, ...tooOld });
  const rest = { none: 'UNKNOWN_FEATURE', ...tooOld };
  expect(at(fresh + stale)).toEqual({ phase: 'grace', source: 'cache', ...grace, ...rest });
  expect(at(fresh + stale + inGrace)).toEqual({
    ...{ phase: 'expired', source: 'fallback', sso: 'UNAVAILABLE', calls: 'UNAVAILABLE' },
    ...{ editor: 'ENTITLED_FALLBACK', ...rest },
  });
});

test('an outage replaces nothing of what is kept, and what the gateway says afterwards counts again', async () => {
  const client = await start();
  await client.refresh();
  const kept = async () => {
    const texts = await Promise.all(
      (await readdir(directory)).map((name) => readFile(path.join(directory, name), 'utf8')),
    );
    return texts.find((text) => text.includes('"token"'));
  };
  const before = await kept();
  gateway.instead = [{ status: 503, body: '{}' }];
  await client.refresh();
  expect(client.status.problems).toMatchObject([{ kind: 'GATEWAY_FAILED' }]);
  await gateway.down();
  time += 70_000;
  expect(client.check('editor')).toMatchObject({
    code: 'ENTITLED_FALLBACK',
    source: 'fallback',
    age: 70_000,
  });
  await client.refresh();
  expect(await kept()).toBe(before);
  expect(before).toBeDefined();
  gateway.state = statePayload({ editor: false });
  await gateway.up();
  await client.refresh();
  expect(client.check('editor')).toMatchObject({ allowed: false, code: 'NOT_IN_PLAN', source: 'cache' });
  expect(client.status.problems).toEqual([]);
});
