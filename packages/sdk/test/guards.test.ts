import { readFile, rm, writeFile } from 'node:fs/promises';
import { type Client, type ClientStorage, createClient } from '@licet/sdk';
import { CUSTOMER, Signer, TENANT } from '../testing/signer.js';
import { BEGIN, Site } from '../testing/site.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

function problems(client: Client): string[] {
  return client.status.problems.map(({ kind }) => kind).sort();
}

const SPENT = {
  data: { consume: { consumed: 1, replayed: false, revision: 'r', decision: { code: 'ENTITLED' } } },
};

describe('the clock', () => {
  test('set back while it runs, no snapshot counts: closed features are denied, open ones fall back', async () => {
    const client = await site.start();
    await site.gateway.down();
    site.time += 8_000;
    expect(client.check('sso').code).toBe('ENTITLED');
    site.time -= 7_000;
    expect(client.check('sso')).toMatchObject({ code: 'UNAVAILABLE', source: 'fallback' });
    expect(client.check('editor')).toMatchObject({ code: 'ENTITLED_FALLBACK', source: 'fallback' });
    expect(client.status.phase).toBe('none');
    expect(problems(client)).toContain('CLOCK_SET_BACK');
    site.time += 8_000;
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(problems(client)).not.toContain('CLOCK_SET_BACK');
  });

  test('set back to just after the issue before a restart is seen, too', async () => {
    const client = await site.start();
    await site.gateway.down();
    site.time = BEGIN + 40_000;
    expect(client.check('sso').code).toBe('ENTITLED_GRACE');
    await client.close();
    site.time = BEGIN + 1;
    const next = await site.start();
    expect(next.check('sso').code).toBe('UNAVAILABLE');
    expect(problems(next)).toContain('CLOCK_SET_BACK');
  });

  test('set back to just after the issue is of no use to whoever deletes the record of times', async () => {
    const client = await site.start();
    await site.gateway.down();
    site.time = BEGIN + 61_000;
    expect(client.check('sso').code).toBe('UNAVAILABLE');
    await client.close();
    await rm((await site.files()).seen);
    site.time = BEGIN + 1_000;
    const next = await site.start();
    expect(next.check('sso')).toMatchObject({ code: 'UNAVAILABLE', source: 'fallback' });
    expect(next.check('editor').code).toBe('ENTITLED_FALLBACK');
    expect(next.status.phase).toBe('none');
    expect(problems(next)).toContain('RECORD_MISSING');
    // It stays so when it has begun again, until the gateway answers.
    await next.close();
    const third = await site.start();
    expect(third.check('sso').code).toBe('UNAVAILABLE');
    await site.gateway.up();
    await third.refresh();
    expect(third.check('sso').code).toBe('ENTITLED');
    expect(problems(third)).toEqual([]);
    // From then on there is a record again.
    await third.close();
    await site.gateway.down();
    expect((await site.start()).check('sso').code).toBe('ENTITLED');
  });

  test('set back to before the issue is seen without a record of times, too', async () => {
    await (await site.start()).close();
    await rm((await site.files()).seen);
    await site.gateway.down();
    site.time = BEGIN - 86_400_000;
    const next = await site.start();
    expect(next.check('sso').code).toBe('UNAVAILABLE');
    expect(problems(next)).toContain('CLOCK_SET_BACK');
  });

  test('stopped at one instant, starts alone move the highest time on', async () => {
    await (await site.start()).close();
    await site.gateway.down();
    const { seen } = await site.files();
    const record: { time: number; starts: number } = JSON.parse(await readFile(seen, 'utf8'));
    for (let starts = 1; starts <= 3; starts += 1) await (await site.start()).close();
    const later: { time: number; starts: number } = JSON.parse(await readFile(seen, 'utf8'));
    expect(later).toMatchObject({ starts: record.starts + 3, time: record.time + 30 });
  });

  test('a little behind, as clocks are when they are put right, it is nobody’s fault', async () => {
    const client = await site.start();
    site.time -= 4_000;
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(problems(client)).toEqual([]);
  });

  test.each([
    ['a year ahead', 365 * 86_400_000],
    ['back', -7_000],
  ])('set %s while the gateway answers, it is asked at once, and puts it right', async (_, change) => {
    const [refreshAfter, graceFrom, exp] = [1, 2, 3].map((hours) => BEGIN / 1000 + hours * 3600);
    const body = await site.gateway.token({ refreshAfter, graceFrom, exp });
    site.gateway.instead = [{ status: 200, body }];
    const client = await site.start();
    site.time += 8_000;
    expect(client.check('sso').code).toBe('ENTITLED');
    const server = site.time;
    site.gateway.now = () => server;
    site.time += change;
    expect(client.check('sso').code).toBe('UNAVAILABLE');
    await until(() => client.status.phase === 'fresh');
    expect(client.check('sso')).toMatchObject({ code: 'ENTITLED', source: 'cache' });
    expect(problems(client)).toEqual([]);
  });

  test('a snapshot that was just made puts a wrong clock right, forwards and backwards', async () => {
    for (const wrong of [-86_400_000, 86_400_000]) {
      const client = await site.start({ now: () => site.time + wrong });
      await client.refresh();
      expect(client.check('sso').code).toBe('ENTITLED');
      expect(client.status).toMatchObject({ phase: 'fresh', problems: [] });
      await client.close();
    }
  });
});

describe('an older snapshot', () => {
  test('from the gateway is refused, and the newer one stays', async () => {
    const client = await site.start();
    site.gateway.counter = 5;
    const newer = await site.gateway.token();
    site.gateway.instead = [
      { status: 200, body: newer },
      { status: 200, body: await site.gateway.token({ counter: 3 }) },
    ];
    await client.refresh();
    expect(client.status.counter).toBe(6);
    await client.refresh();
    expect(client.status.counter).toBe(6);
    expect(problems(client)).toContain('COUNTER_LOWERED');
    expect(client.check('sso').code).toBe('ENTITLED');
  });

  test('that is kept is read before one is fetched, and does not take its place', async () => {
    await (await site.start()).close();
    const storage = site.storage();
    const done: string[] = [];
    const client = createClient({
      ...{ url: site.gateway.url, apiKey: 'lk_service_test', customerId: CUSTOMER, live: false },
      now: () => site.time,
      storage: {
        ...storage,
        read: async (name) => {
          const text = await storage.read(name);
          await new Promise((resolve) => setImmediate(resolve));
          done.push('read');
          return text;
        },
      },
      fetch: (...asked) => (done.push('fetch'), fetch(...asked)),
    });
    await client.refresh();
    expect(done.indexOf('fetch')).toBe(2);
    expect(client.check('sso')).toMatchObject({ code: 'ENTITLED', source: 'cache' });
    expect(client.status.problems).toEqual([]);
    await client.close();
  });

  test('put in the place of the kept one counts as none', async () => {
    await (await site.start()).close();
    const { snapshot } = await site.files();
    const older = await readFile(snapshot, 'utf8');
    site.time += 20_000;
    const second = await site.start();
    await second.refresh();
    await second.close();
    await writeFile(snapshot, older);
    await site.gateway.down();
    const client = await site.start();
    expect(problems(client)).toContain('COUNTER_LOWERED');
    expect(client.status.phase).toBe('none');
    expect(client.check('sso').code).toBe('UNAVAILABLE');
    expect(client.check('editor').code).toBe('ENTITLED_FALLBACK');
    await site.gateway.up();
    await client.refresh();
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(problems(client)).toEqual([]);
  });
});

describe('what is kept', () => {
  test('on another machine is not read, until this one has its own', async () => {
    await (await site.start()).close();
    await site.gateway.down();
    const copied = await site.start({ storage: site.storage('another machine') });
    expect(copied.check('editor')).toMatchObject({ code: 'UNAVAILABLE', source: 'fallback', age: null });
    expect(problems(copied)).toContain('FOREIGN_STORAGE');
    await site.gateway.up();
    await copied.refresh();
    expect(copied.check('sso').code).toBe('ENTITLED');
    expect(problems(copied)).toEqual([]);
    await copied.close();
    await site.gateway.down();
    const own = await site.start({ storage: site.storage('another machine') });
    expect(own.check('sso')).toMatchObject({ code: 'ENTITLED', source: 'kept' });
  });

  test('is left as it was by another machine that has nothing of its own', async () => {
    const first = await site.start();
    const { snapshot } = await site.files();
    const older = await readFile(snapshot, 'utf8');
    site.time = BEGIN + 20_000;
    await first.refresh();
    await first.close();
    await site.gateway.down();
    const elsewhere = () => site.start({ storage: site.storage('another machine') });
    await (await elsewhere()).close();
    await writeFile(snapshot, older);
    const replayed = await site.start();
    expect(problems(replayed)).toContain('COUNTER_LOWERED');
    expect(replayed.status.starts).toBe(2);
    await replayed.close();
    await (await elsewhere()).close();
    site.time = BEGIN + 1;
    expect(problems(await site.start())).toContain('CLOCK_SET_BACK');
  });

  test.each([
    ['another signature', (text: string) => text.replace(/.{4}(?=","keys)/, 'AAAA')],
    ['no snapshot', (text: string) => text.replace(/"token":"[^"]+"/, '"token":"a.b.c"')],
    ['no keys', (text: string) => text.replace(/"keys":\[.*?\]/, '"keys":[]')],
  ])('with %s is refused', async (_, change) => {
    await (await site.start()).close();
    const { snapshot } = await site.files();
    const text = await readFile(snapshot, 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(snapshot, change(text));
    await site.gateway.down();
    const client = await site.start();
    expect(client.check('sso').code).toBe('UNAVAILABLE');
    expect(problems(client)).toContain('SNAPSHOT_REFUSED');
  });

  test.each(['', 'nothing', '{"token":1}'])(
    'that is no record (%p) is as if there was none',
    async (text) => {
      await (await site.start()).close();
      const { snapshot, seen } = await site.files();
      await writeFile(snapshot, text);
      await writeFile(seen, text);
      const client = await site.start();
      expect(client.status).toMatchObject({ phase: 'fresh', counter: 2, problems: [] });
    },
  );

  test.each(['time', 'skew'])('with a %s that no clock can show is no record of times', async (name) => {
    await (await site.start()).close();
    const { seen } = await site.files();
    const kept: object = JSON.parse(await readFile(seen, 'utf8'));
    await writeFile(seen, JSON.stringify({ ...kept, [name]: Number.MAX_SAFE_INTEGER }));
    await site.gateway.down();
    const client = await site.start();
    expect(client.check('sso').code).toBe('UNAVAILABLE');
    expect(problems(client)).toContain('RECORD_MISSING');
    expect(client.status.starts).toBe(1);
  });

  test('of another customer or member is not read by a client of this one', async () => {
    await (await site.start()).close();
    await site.gateway.down();
    const other = await site.start({ customerId: 'bob' });
    expect(other.check('sso').code).toBe('UNAVAILABLE');
  });

  test.each<[string, unknown, string[]]>([
    ['undefined', undefined, []],
    ['a number', 7, ['STORAGE_FAILED']],
  ])('in a place that is told as %s is no other machine’s', async (_, place, said) => {
    const storage: ClientStorage = Object.assign(site.storage(), { place: () => Promise.resolve(place) });
    for (const starts of [1, 2]) {
      const client = await site.start({ storage });
      expect(problems(client)).toEqual(said);
      expect(client.status.starts).toBe(said.length === 0 ? starts : 0);
      await client.close();
    }
  });

  test('nowhere, it decides all the same, and says so', async () => {
    const broken: ClientStorage = {
      read: () => Promise.reject(new Error('the disk is gone')),
      write: () => Promise.reject(new Error('the disk is gone')),
      place: () => Promise.resolve(null),
    };
    const client = await site.start({ storage: broken });
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(problems(client)).toEqual(['STORAGE_FAILED']);
  });
});

describe('what the gateway gives', () => {
  test.each([
    ['of another customer', { sub: 'bob' }],
    ['of another form', { form: 2 }],
    ['for other readers', { aud: 'licet' }],
    ['of another tenant', { iss: '0b000000-0000-4000-8000-00000000000b' }],
    ['of another member', { for: { kind: 'MEMBER', memberId: 'ben' } }],
  ])('%s is refused', async (_, change) => {
    site.gateway.instead = [{ status: 200, body: await site.gateway.token(change) }];
    const client = await site.start({ tenantId: TENANT, memberId: 'ann' });
    expect(problems(client)).toContain('SNAPSHOT_REFUSED');
    expect(client.check('sso').code).toBe('UNAVAILABLE');
  });

  test('signed by a key that its tenant does not have is refused', async () => {
    const forger = await Signer.make();
    const { state } = site.gateway;
    site.gateway.instead = [{ status: 200, body: await forger.sign({ ...state, counter: 9 }) }];
    const client = await site.start();
    expect(problems(client)).toContain('SNAPSHOT_REFUSED');
    expect(client.status.counter).toBeNull();
  });

  test('as a confirmation, it has no problem any more', async () => {
    const client = await site.start();
    site.gateway.instead = [{ status: 200, body: '<html>Sign in to the network</html>' }];
    await client.refresh();
    expect(client.status.problems).toMatchObject([
      { kind: 'SNAPSHOT_REFUSED', message: 'it is no compact JWS' },
    ]);
    await client.refresh();
    expect(problems(client)).toEqual([]);
  });

  test('as a confirmation of what it was not asked about, is none', async () => {
    site.gateway.instead = [{ status: 304, body: '' }];
    const client = await site.start();
    expect(problems(client)).toEqual(['GATEWAY_FAILED']);
    await client.refresh();
    site.time += 15_000;
    site.gateway.instead = [{ status: 304, body: '' }];
    await client.refresh();
    expect(client.check('sso')).toMatchObject({ code: 'ENTITLED', age: 15_000 });
    expect(problems(client)).toEqual(['GATEWAY_FAILED']);
  });

  test('signed by the next key is good once the key set has it', async () => {
    const client = await site.start();
    const next = await Signer.make();
    site.gateway.signer = next;
    site.time += 1_000;
    site.gateway.state = { ...site.gateway.state, revision: 'next' };
    await client.refresh();
    expect(client.status).toMatchObject({ counter: 2, problems: [] });
  });

  test.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'FORBIDDEN'],
    [500, 'UNAVAILABLE'],
  ])('with the status %i is a problem that is told of', async (status) => {
    site.gateway.instead = [{ status, body: 'no' }];
    const client = await site.start();
    expect(client.check('sso')).toMatchObject({ code: 'UNAVAILABLE', source: 'fallback', age: null });
    expect(problems(client)).toEqual(['GATEWAY_FAILED']);
  });

  test('a token that has ended is renewed by its function, once', async () => {
    site.gateway.instead = [{ status: 401, body: '' }];
    const tokens = ['first', 'second'];
    await site.start({ apiKey: undefined, token: () => tokens.shift() ?? 'none' } as object);
    expect(site.gateway.authorizations).toEqual(['Bearer first', 'Bearer second']);
  });

  test('a token that has ended is renewed once for all who were refused with it', async () => {
    const tokens = ['first', 'second', 'third'];
    const client = await site.start({ apiKey: undefined, token: () => tokens.shift() ?? 'none' } as object);
    site.gateway.ended.add('Bearer first');
    site.gateway.consumes = [null, null, null].map(() => SPENT);
    await Promise.all([client.consume('calls'), client.consume('calls'), client.refresh()]);
    expect(tokens).toEqual(['third']);
  });

  test('a token that cannot be had is asked for again with the next request', async () => {
    let calls = 0;
    const token = () => {
      calls += 1;
      if (calls === 1) throw new Error('signed out');
      return 'second';
    };
    const client = await site.start({ apiKey: undefined, token } as object);
    await client.refresh();
    expect(client.check('sso').code).toBe('ENTITLED');
    expect(site.gateway.authorizations).toEqual(['Bearer second']);
  });
});
