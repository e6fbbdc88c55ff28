import { readFile } from 'node:fs/promises';
import type { Client } from '@licet/sdk';
import { statePayload } from '../testing/signer.js';
import { BEGIN, Site } from '../testing/site.js';
import { SPANS } from '../testing/small-gateway.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

function answers(client: Client) {
  return Object.fromEntries(
    ['sso', 'calls', 'editor', 'reports', 'none'].map((feature) => [feature, client.check(feature).code]),
  );
}

const ENTITLED = { sso: 'ENTITLED', calls: 'ENTITLED', editor: 'ENTITLED', none: 'UNKNOWN_FEATURE' };

test('a client that has kept a snapshot decides at once after a restart with no network, and says from what', async () => {
  const first = await site.start();
  expect(first.check('sso')).toMatchObject({ allowed: true, code: 'ENTITLED', source: 'cache', age: 0 });
  expect(first.check('calls', { quantity: 101 })).toMatchObject({ allowed: false, code: 'LIMIT_EXCEEDED' });
  await first.close();
  await site.gateway.down();
  site.time += 2_000;
  const second = await site.start();
  expect(second.check('sso')).toMatchObject({ allowed: true, code: 'ENTITLED', source: 'kept', age: 2_000 });
  expect(second.status).toMatchObject({ phase: 'fresh', source: 'kept', counter: 1, starts: 2 });
});

test('what is kept answers before anything else is read, written or asked for', async () => {
  await (await site.start()).close();
  const storage = site.storage();
  const done: string[] = [];
  const second = await site.start({
    storage: {
      read: (name) => (done.push(`read ${String(name.split('.').at(-1))}`), storage.read(name)),
      write: (name, text) => (
        done.push(`write ${String(name.split('.').at(-1))}`),
        storage.write(name, text)
      ),
      place: () => storage.place(),
    },
    fetch: (address, init) => (done.push('fetch'), fetch(address, init)),
  });
  expect(second.check('sso')).toMatchObject({ allowed: true, source: 'kept' });
  expect(done.sort()).toEqual(['read seen', 'read snapshot']);
  await second.refresh();
  expect(done).toEqual(expect.arrayContaining(['fetch', 'write seen']));
  expect(second.check('sso')).toMatchObject({ allowed: true, source: 'cache' });
});

test('without the gateway each feature goes through the phases by its own rule', async () => {
  const client = await site.start();
  await site.gateway.down();
  const at = (seconds: number) => {
    site.time = BEGIN + seconds * 1000;
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
  const client = await site.start();
  await client.refresh();
  const kept = async () => readFile((await site.files()).snapshot, 'utf8');
  const before = await kept();
  site.gateway.instead = [{ status: 503, body: '{}' }];
  await client.refresh();
  expect(client.status.problems).toMatchObject([{ kind: 'GATEWAY_FAILED' }]);
  await site.gateway.down();
  site.time += 70_000;
  expect(client.check('editor')).toMatchObject({
    code: 'ENTITLED_FALLBACK',
    source: 'fallback',
    age: 70_000,
  });
  await client.refresh();
  expect(await kept()).toBe(before);
  expect(before).toBeDefined();
  site.gateway.state = statePayload({ editor: false });
  await site.gateway.up();
  await client.refresh();
  expect(client.check('editor')).toMatchObject({ allowed: false, code: 'NOT_IN_PLAN', source: 'cache' });
  expect(client.status.problems).toEqual([]);
});
