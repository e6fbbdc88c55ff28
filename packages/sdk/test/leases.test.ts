import { Site } from '../testing/site.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(() => site.end());

const DONE = {
  data: { consume: { consumed: 5, replayed: false, revision: 'r', decision: { code: 'ENTITLED' } } },
};

function start(options: object = {}) {
  return site.start({ reports: false, leases: { calls: { first: 10, ttl: 60_000, ...options } } });
}

function lent(): number[] {
  return [...site.gateway.lender.lent.values()];
}

async function settled(): Promise<void> {
  const { lender } = site.gateway;
  const before = lender.requests;
  await new Promise((resolve) => setImmediate(resolve));
  if (lender.requests !== before) await settled();
}

test('1,000 spends cost two requests', async () => {
  const client = await site.start({ leases: { calls: {} } });
  for (let spent = 0; spent < 1000; spent += 1)
    expect(await client.consume('calls')).toMatchObject({ consumed: 1, source: 'lease' });
  expect(site.gateway.lender.requests).toBeLessThanOrEqual(2);
  expect(site.gateway.bodies).toEqual([]);
});

test('1,000 spends at once cost one', async () => {
  const client = await start();
  const answers = await Promise.all(Array.from({ length: 1000 }, () => client.consume('calls')));
  expect(answers.every(({ source, consumed }) => source === 'lease' && consumed === 1)).toBe(true);
  expect(lent()[0]).toBeGreaterThanOrEqual(1000);
  expect(site.gateway.bodies).toEqual([]);
});

test('no more is spent than there is, whoever asks, and the gateway says no', async () => {
  site.gateway.lender.left = 25;
  site.gateway.consumes = Array.from({ length: 60 }, () => ({
    data: { consume: { consumed: 0, replayed: false, revision: 'r', decision: { code: 'LIMIT_EXCEEDED' } } },
  }));
  const client = await start();
  let spent = 0;
  for (let asked = 0; asked < 60; asked += 1) {
    const { consumed, source } = await client.consume('calls');
    spent += source === 'lease' ? consumed : 0;
  }
  expect(spent).toBe(25);
  expect(lent().reduce((sum, quantity) => sum + quantity, 0)).toBe(25);
});

test('leases are as large as what was wanted lately, and no larger than allowed', async () => {
  const client = await start({ most: 40 });
  for (let spent = 0; spent < 5; spent += 1) {
    site.time += 10_000;
    await client.consume('calls');
  }
  await until(() => site.gateway.lender.lent.size === 2);
  // Five in forty seconds, after the one that it was taken for: as many in a minute.
  expect(lent()).toEqual([10, 6]);
  await client.consume('calls', { quantity: 5 });
  await client.consume('calls', { quantity: 5 });
  await until(() => site.gateway.lender.lent.size === 3);
  expect(lent()[2]).toBe(40);
});

test('what is more than there is left goes to the gateway', async () => {
  const client = await start();
  await client.consume('calls');
  site.gateway.consumes = [DONE];
  expect(await client.consume('calls', { quantity: 10 })).toMatchObject({ consumed: 5, source: 'gateway' });
  expect(site.gateway.bodies).toHaveLength(1);
});

test.each<[string, string, object]>([
  ['that are to be done once', 'calls', { idempotencyKey: 'mine' }],
  ['with facts', 'calls', { context: { country: 'AT' } }],
  ['by another member', 'calls', { memberId: 'ben' }],
  ['by a machine', 'calls', { fingerprint: 'board' }],
  ['of nothing', 'calls', { quantity: 0 }],
  ['of other features', 'editor', {}],
])('spends %s go to the gateway', async (_what, feature, options) => {
  const client = await start();
  site.gateway.consumes = [DONE];
  expect(await client.consume(feature, options)).toMatchObject({ source: 'gateway' });
  expect(site.gateway.lender.requests).toBe(0);
});

test('close gives back what is left, once', async () => {
  const client = await start();
  await client.consume('calls', { quantity: 3 });
  await client.close();
  await client.close();
  expect([...site.gateway.lender.returned.values()]).toEqual([3]);
  await expect(client.consume('calls')).rejects.toMatchObject({ code: 'CLOSED' });
});

test('with the gateway away it goes on from what is leased, then it is denied, and afterwards it is lent again', async () => {
  const client = await start();
  await client.consume('calls', { quantity: 3 });
  await settled();
  await site.gateway.down();
  for (let spent = 3; spent < 10; spent += 1)
    expect(await client.consume('calls')).toMatchObject({ consumed: 1, source: 'lease' });
  const denial = { allowed: false, code: 'UNAVAILABLE' };
  expect(await client.consume('calls')).toMatchObject({ consumed: 0, source: 'fallback', decision: denial });
  await site.gateway.up();
  site.time += 1_000;
  expect(await client.consume('calls')).toMatchObject({ consumed: 1, source: 'lease' });
});

test('denied while the clock was a year ahead, it is lent again once the clock is right', async () => {
  const client = await start();
  await site.gateway.down();
  const year = 365 * 86_400_000;
  site.time += year;
  expect(await client.consume('calls')).toMatchObject({ source: 'fallback' });
  site.time -= year;
  await site.gateway.up();
  await client.refresh();
  expect(await client.consume('calls')).toMatchObject({ consumed: 1, source: 'lease' });
});

test('a lease that has ended is spent from no more, and what is left of it given back', async () => {
  const client = await start();
  await client.consume('calls', { quantity: 3 });
  site.time += 59_999;
  expect(await client.consume('calls')).toMatchObject({ source: 'lease' });
  await settled();
  const [first] = site.gateway.lender.lent.keys();
  site.time += 1;
  await client.consume('calls');
  await until(() => site.gateway.lender.returned.size === 1);
  expect([...site.gateway.lender.returned]).toEqual([[first, 4]]);
});

test('an idle client gives back what is left when it ends', async () => {
  const client = await start({ ttl: 30 });
  await client.consume('calls', { quantity: 2 });
  site.time += 31;
  await until(() => site.gateway.lender.returned.size > 0);
  expect([...site.gateway.lender.returned.values()][0]).toBe(2);
});

test('with the gateway away nothing is spent after a lease has ended, either', async () => {
  const client = await start();
  await client.consume('calls');
  await site.gateway.down();
  site.time += 60_000;
  expect(await client.consume('calls')).toMatchObject({ consumed: 0, source: 'fallback' });
});

test('with a clock that was set back nothing is spent of a lease', async () => {
  const client = await start();
  await client.consume('calls');
  site.time -= 6_000;
  site.gateway.consumes = [DONE];
  expect(await client.consume('calls')).toMatchObject({ source: 'gateway' });
});

test('a lease whose answer is lost is asked for again under its key', async () => {
  site.gateway.lender.lost = 1;
  const client = await start();
  expect(await client.consume('calls')).toMatchObject({
    source: 'fallback',
    decision: { code: 'UNAVAILABLE' },
  });
  site.time += 1_000;
  expect(await client.consume('calls')).toMatchObject({ source: 'lease' });
  expect(site.gateway.lender).toMatchObject({ requests: 2 });
  expect(lent()).toEqual([10]);
});

test('one that ends with its window is not taken anew with each spend', async () => {
  site.gateway.lender.most = 1_000;
  const client = await start();
  for (let spent = 0; spent < 4; spent += 1) {
    await client.consume('calls');
    await settled();
  }
  expect(lent()).toEqual([10]);
});

test('where the clock is ahead of a lease’s end the gateway is asked', async () => {
  site.gateway.lender.most = -1;
  const client = await start();
  site.gateway.consumes = [DONE];
  expect(await client.consume('calls')).toMatchObject({ source: 'gateway' });
  await until(() => site.gateway.lender.returned.size === 1);
});

test('a return that is not answered is told again', async () => {
  const client = await start({ ttl: 1_000 });
  await client.consume('calls', { quantity: 3 });
  await site.gateway.down();
  site.time += 1_000;
  await client.consume('calls');
  await site.gateway.up();
  await client.close();
  expect([...site.gateway.lender.returned.values()]).toEqual([3]);
});

test('at the end a return is told once more where the connection breaks', async () => {
  const client = await start();
  await client.consume('calls', { quantity: 3 });
  const before = site.gateway.lender.requests;
  site.gateway.lender.lost = 1;
  await client.close();
  expect(site.gateway.lender.requests - before).toBe(2);
  expect([...site.gateway.lender.returned.values()]).toEqual([3]);
});

test.each(['ttl', 'first', 'most'])('an option that cannot be is refused by name: %s', async (field) => {
  await expect(start({ [field]: 0 })).rejects.toThrow(`\`leases.calls.${field}\``);
});

test('a lease longer than the gateway lends is refused by name', async () => {
  await expect(start({ ttl: 366 * 86_400_000 })).rejects.toThrow(
    '`leases.calls.ttl`: 31536000000 (a year) at most',
  );
});
