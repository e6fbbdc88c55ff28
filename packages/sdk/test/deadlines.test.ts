import { type Client, type ClientStorage, memoryStorage } from '@licet/sdk';
import { BEGIN, Site } from '../testing/site.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

const SOON = { timeout: 1_000 };

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

function problems({ status }: Client): string[] {
  return status.problems.map(({ kind }) => kind);
}

describe('a function that never gives a token', () => {
  const silent = (change: object = {}): Promise<Client> =>
    site.start({ apiKey: undefined, token: never<string>, ...SOON, ...change } as object);

  test('holds up neither the start nor the end, and its requests count as not answered', async () => {
    const client = await silent();
    expect(client.status.problems).toMatchObject([
      {
        kind: 'GATEWAY_FAILED',
        message: expect.stringContaining('what gives the token has not answered in 1000 ms'),
      },
    ]);
    await expect(client.consume('calls')).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await client.close();
    expect(site.gateway.requests).toEqual([]);
  });

  test('leaves what is to be reported for the next process', async () => {
    await (await site.start()).close();
    // Longer than what `close` grants: the end of the client is the end of the wait.
    const client = await silent({ timeout: 600_000 });
    client.check('sso');
    await client.close();
    expect(client.reports).toMatchObject({ waiting: 1, reported: 0 });
    const next = await site.start();
    await until(() => next.reports.reported === 1);
    expect(site.gateway.reports.flat()).toMatchObject([{ feature: 'sso' }]);
  });

  test('is called again', async () => {
    let calls = 0;
    const token = () => ((calls += 1) === 1 ? never<string>() : 'second');
    const client = await silent({ token });
    await client.refresh();
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(site.gateway.authorizations).toEqual(['Bearer second']);
  });
});

describe('a storage that never answers', () => {
  const silent: ClientStorage = { read: never, write: never, place: never };

  test('holds up neither the start nor the end, and counts as one that fails', async () => {
    const client = await site.start({ ...SOON, storage: silent });
    expect(client.check('sso')).toMatchObject({ code: 'ENTITLED', source: 'cache' });
    expect(problems(client)).toEqual(['STORAGE_FAILED']);
    await client.close();
    expect(client.reports).toMatchObject({ waiting: 0, reported: 1 });
  });

  test('holds up nothing when only writing is meant', async () => {
    const client = await site.start({ ...SOON, storage: { ...memoryStorage(), write: never } });
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(problems(client)).toEqual(['STORAGE_FAILED']);
    await site.gateway.down();
    await client.close();
    expect(client.reports).toMatchObject({ waiting: 1 });
  });

  test('keeps again when it has answered: in the order of what it was asked, and as this machine’s', async () => {
    await (await site.start()).close();
    const storage = site.storage();
    let isAwake: () => void = () => undefined;
    const awake = new Promise<void>((resolve) => (isAwake = resolve));
    const asked: string[] = [];
    const slow: ClientStorage = {
      read: async (name) => (asked.push(`read ${name}`), await awake, storage.read(name)),
      write: async (name, text) => (asked.push(`write ${name}`), await awake, storage.write(name, text)),
      place: async () => (asked.push('place'), await awake, storage.place()),
    };
    const client = await site.start({ ...SOON, storage: slow });
    const atFirst = asked.length;
    await client.refresh();
    expect(asked).toHaveLength(atFirst);
    isAwake();
    do await client.refresh();
    while (problems(client).length > 0);
    await client.close();
    await site.gateway.down();
    const next = await site.start();
    expect(next.check('sso')).toMatchObject({ code: 'ENTITLED', source: 'kept' });
    expect(problems(next)).not.toContain('FOREIGN_STORAGE');
    expect(next.status.starts).toBe(2);
  });
});

test('after its end a client answers by what it holds, and nothing waits that nobody will be told', async () => {
  const client = await site.start({ live: true });
  await until(() => client.status.source === 'live');
  client.check('sso');
  await client.close();
  const { reports } = client;
  expect(reports).toEqual({ waiting: 0, reported: 1, rejected: 0, dropped: 0 });
  const asked = site.gateway.requests.length;
  site.time = BEGIN + 7_000;
  expect(client.check('sso')).toMatchObject({ code: 'ENTITLED', source: 'cache', age: 7_000 });
  expect(client.check('nothing').code).toBe('UNKNOWN_FEATURE');
  site.time = BEGIN + 100_000;
  expect(client.check('sso')).toMatchObject({ code: 'UNAVAILABLE', source: 'fallback', age: 100_000 });
  expect(client.check('editor')).toMatchObject({ code: 'ENTITLED_FALLBACK', source: 'fallback' });
  expect(client.status.phase).toBe('expired');
  await client.refresh();
  await client.close();
  expect(client.reports).toEqual(reports);
  expect(site.gateway.requests).toHaveLength(asked);
});
