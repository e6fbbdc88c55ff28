import { memoryStorage } from '@licet/sdk';
import { BEGIN, Site } from '../testing/site.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

const OFTEN = { reports: { every: 5 } };

function sent() {
  return site.gateway.reports.flat();
}

test('what checks decide is reported, with what it rested on, under an id that is not the gateway’s', async () => {
  const client = await site.start();
  const context = { country: 'AT' };
  client.check('sso', { memberId: 'ann', context });
  // For the next question: it is the first's no more.
  context.country = 'DE';
  site.time += 7;
  client.check('calls', { quantity: 101 });
  expect(client.reports).toEqual({ waiting: 2, reported: 0, rejected: 0, dropped: 0 });
  expect(sent()).toEqual([]);
  await client.close();
  expect(client.reports).toEqual({ waiting: 0, reported: 2, rejected: 0, dropped: 0 });
  const { revision } = client.status;
  const told = {
    customerId: 'ada',
    revision,
    release: expect.any(Number),
    id: expect.not.stringMatching(/^dec_/),
  };
  const nothing = { context: null, productVersion: null, fingerprint: null };
  expect(site.gateway.reports).toEqual([
    [
      {
        ...{ ...told, feature: 'sso', allowed: true, code: 'ENTITLED', at: new Date(BEGIN).toISOString() },
        input: { ...nothing, quantity: 1, memberId: 'ann', context: { country: 'AT' } },
      },
      {
        ...{ ...told, feature: 'calls', allowed: false, code: 'LIMIT_EXCEEDED' },
        ...{ at: new Date(BEGIN + 7).toISOString(), input: { ...nothing, quantity: 101, memberId: null } },
      },
    ],
  ]);
  expect(new Set(sent().map(({ id }) => id)).size).toBe(2);
});

test('it happens in the background, in batches that the gateway takes', async () => {
  const client = await site.start(OFTEN);
  for (let made = 0; made < 700; made += 1) client.check('sso');
  await until(() => client.reports.reported === 700);
  expect(site.gateway.reports.every((batch) => batch.length <= 500)).toBe(true);
  const context = { text: 'x'.repeat(7_000) };
  for (let made = 0; made < 100; made += 1) client.check('sso', { context });
  await until(() => client.reports.reported === 800);
  for (const batch of site.gateway.reports) expect(JSON.stringify(batch).length).toBeLessThan(400_000);
});

test('what is made offline is sent once after a restart, under the ids that it had', async () => {
  const first = await site.start(OFTEN);
  site.gateway.reportAnswers = [null];
  first.check('sso');
  // The gateway may have it, but nobody knows.
  await until(() => site.gateway.reports.length >= 1);
  await site.gateway.down();
  first.check('editor');
  await first.close();
  expect(first.reports.waiting + first.reports.reported).toBe(2);
  const second = await site.start({ reports: { every: 60_000 } });
  expect(second.check('sso').source).toBe('kept');
  await second.close();
  expect(second.reports.reported).toBe(0);

  await site.gateway.up();
  const before = sent().length;
  const third = await site.start({ reports: { every: 60_000 } });
  await until(() => third.reports.reported > 0);
  const after = sent().slice(before);
  await third.close();
  const ids = new Set(sent().map(({ id }) => id));
  expect(ids.size).toBe(3);
  expect(after.map(({ feature }) => feature)).toEqual(expect.arrayContaining(['editor', 'sso']));
  const fourth = await site.start(OFTEN);
  await fourth.close();
  expect(sent()).toHaveLength(before + after.length);
});

test('at the end it is sent once more where the connection breaks: nobody may come later', async () => {
  const client = await site.start({ storage: memoryStorage() });
  client.check('sso');
  site.gateway.reportAnswers = [null];
  await client.close();
  expect(client.reports).toMatchObject({ waiting: 0, reported: 1 });
  expect(sent()).toHaveLength(2);
  expect(new Set(sent().map(({ id }) => id)).size).toBe(1);
});

test('two processes with one storage keep what the other has kept there', async () => {
  const [one, other] = [await site.start(), await site.start()];
  await site.gateway.down();
  one.check('sso');
  other.check('editor');
  await one.close();
  await other.close();
  await site.gateway.up();
  await (await site.start()).close();
  expect(sent().map(({ feature }) => feature)).toEqual(expect.arrayContaining(['sso', 'editor']));
});

test('there are no more than so many, and what is too much is counted', async () => {
  const client = await site.start({ reports: { every: 60_000, most: 3 } });
  for (let made = 0; made < 5; made += 1) client.check('sso');
  expect(client.reports).toMatchObject({ waiting: 3, dropped: 2 });
  await client.close();
  expect(sent()).toHaveLength(3);
});

test('what is too long, or not of JSON, holds up nothing', async () => {
  const client = await site.start();
  const around: Record<string, unknown> = {};
  around['self'] = around;
  client.check('sso', { context: { text: 'x'.repeat(10_000) } });
  client.check('sso', { context: around });
  client.check('sso');
  await client.close();
  expect(client.reports).toMatchObject({ reported: 1, dropped: 2 });
});

test('what the gateway rejects is counted and not sent again', async () => {
  const client = await site.start(OFTEN);
  const rejected = { accepted: 0, duplicates: 0, rejected: [{ index: 0 }] };
  site.gateway.reportAnswers = [{ data: { reportDecisions: rejected } }];
  client.check('sso');
  await until(() => client.reports.rejected === 1);
  site.gateway.reportAnswers = [{ errors: [{ message: 'no', extensions: { code: 'BAD_USER_INPUT' } }] }];
  client.check('sso');
  await until(() => client.reports.rejected === 2);
  await client.close();
  expect(client.reports).toEqual({ waiting: 0, reported: 0, rejected: 2, dropped: 0 });
  expect(sent()).toHaveLength(2);
});

test('one that the gateway cannot read takes none of the others along', async () => {
  const client = await site.start({ reports: { every: 60_000 } });
  site.gateway.isUnreadable = (text) => text.includes('\\u0000');
  for (let made = 0; made < 20; made += 1)
    client.check('sso', { context: { agent: made === 13 ? 'a\0' : 'a' } });
  await client.close();
  expect(client.reports).toEqual({ waiting: 0, reported: 19, rejected: 1, dropped: 0 });
  expect(new Set(site.gateway.reports.flat().map(({ id }) => id)).size).toBe(19);
});

test('whoever stands before the gateway and takes no long requests gets short ones, and none that is too long by itself', async () => {
  const sizes: number[] = [];
  const client = await site.start({
    reports: { every: 60_000 },
    fetch: (url, init) => {
      const length = typeof init?.body === 'string' ? init.body.length : 0;
      if (length > 4_000) return Promise.resolve(new Response('<html>', { status: 413 }));
      if (length > 0) sizes.push(length);
      return fetch(url, init);
    },
  });
  for (let made = 0; made < 20; made += 1)
    client.check('sso', { context: { agent: 'a'.repeat(made === 13 ? 4_000 : 1) } });
  await client.close();
  expect(client.reports).toEqual({ waiting: 0, reported: 19, rejected: 1, dropped: 0 });
  expect(sizes.length).toBeGreaterThan(1);
});

test('where the gateway refuses the caller, what is made waits', async () => {
  const client = await site.start(OFTEN);
  site.gateway.reportAnswers = [{ errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }] }];
  client.check('sso');
  await until(() => client.reports.reported === 1);
  expect(sent()).toHaveLength(2);
  expect(new Set(sent().map(({ id }) => id)).size).toBe(1);
});

test('a spool that is broken, or a storage that fails, ends nothing', async () => {
  const storage = site.storage();
  const broken = { ...storage, read: () => Promise.resolve('[1, "x", "{}"') };
  const failing = { ...storage, read: () => Promise.reject(new Error('no disk')) };
  for (const one of [broken, failing]) {
    const client = await site.start({ storage: one });
    client.check('sso');
    await client.close();
    expect(client.reports).toMatchObject({ reported: 1, waiting: 0 });
  }
});

test('with the option off nothing is sent, and without a snapshot there is nothing that could be', async () => {
  const client = await site.start({ reports: false });
  client.check('sso');
  await client.close();
  expect(client.reports).toEqual({ waiting: 0, reported: 0, rejected: 0, dropped: 0 });
  await site.gateway.down();
  const without = await site.start({ storage: site.storage('another') });
  expect(without.check('sso').source).toBe('fallback');
  expect(without.reports.waiting).toBe(0);
  expect(sent()).toEqual([]);
});

test.each([0, 1.5, NaN])('options that cannot be are refused by name: %p', async (number) => {
  for (const field of ['every', 'most']) {
    await expect(site.start({ reports: { [field]: number } })).rejects.toThrow(`\`reports.${field}\``);
  }
});
