import { check, newCustomer } from './customers.js';
import { type Answer, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'bad', 'free');
});
afterAll(() => gateway.close());

function lease(input: object, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($input: LeaseQuotaInput!) { leaseQuota(input: $input) { revision
       decision { allowed code used reserved remaining validUntil }
       lease { id customerId feature quantity expiresAt revision } } }`,
    { input: { feature: 'api-calls', ttl: 'PT1H', idempotencyKey: newIdempotencyKey(), ...input } },
    key,
  );
}

function giveBack(leaseId: string, spent: number, key?: string): Promise<Answer> {
  return gateway.send(
    `mutation ($leaseId: ID!, $spent: Quantity!) { returnQuota(leaseId: $leaseId, spent: $spent) {
       consumed replayed revision decision { allowed code used reserved remaining } } }`,
    { leaseId, spent },
    key,
  );
}

/** In words: code and field of the first error. */
function errorOf(answer: Answer): unknown {
  return answer.errors.map(({ extensions }) => [extensions.code, extensions.field])[0];
}

test('units are lent, shown in checks, and counted as they are returned', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const made = await lease({ customerId: 'ada', quantity: 1000 });
  const { id, expiresAt, quantity } = made.get('leaseQuota.lease') as Record<string, unknown>;
  expect(made.get('leaseQuota')).toMatchObject({
    decision: { allowed: true, used: 0, reserved: quantity, remaining: 0 },
    lease: { customerId: 'ada', feature: 'api-calls', revision: made.get('leaseQuota.revision') },
  });
  const seen = await check(gateway, {
    customerId: 'ada',
    feature: 'api-calls',
    atLeast: made.get('leaseQuota.revision'),
  });
  expect(seen.get('check')).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    reserved: quantity,
    validUntil: expiresAt,
  });
  const first = await giveBack(String(id), 2);
  expect(first.get('returnQuota')).toMatchObject({
    consumed: 2,
    replayed: false,
    decision: { allowed: true, code: 'DONE', used: 2, reserved: 0 },
  });
  expect((await giveBack(String(id), 2)).get('returnQuota')).toEqual({
    ...(first.get('returnQuota') as object),
    replayed: true,
  });
  expect(errorOf(await giveBack(String(id), 1))).toEqual(['CONFLICT', 'leaseId']);
});

test('events tell who has leased, who has returned, and how much', async () => {
  await newCustomer(gateway, 'eve', 'free');
  const id = (await lease({ customerId: 'eve', quantity: 3 })).text('leaseQuota.lease.id');
  await giveBack(id, 1);
  const events = await gateway.send(
    '{ events(customerId: "eve", first: 20) { edges { node { type subjectId actor { kind } data } } } }',
  );
  expect(events.errors).toEqual([]);
  const text = JSON.stringify(events.get('events'));
  expect(text).toContain('"quota.leased"');
  expect(text).toContain('"quota.returned"');
  expect(text).toContain(id);
});

test('why it is so is told since the lease, and time ahead by what is upcoming', async () => {
  await newCustomer(gateway, 'sin', 'free');
  await lease({ customerId: 'sin', quantity: 1000 });
  const explained = await gateway.send(
    '{ explain(input: { customerId: "sin", feature: "api-calls" }) { decision { code } since { type } } }',
  );
  expect(explained.get('explain')).toMatchObject({ decision: { code: 'LIMIT_EXCEEDED' } });
  const ahead = await gateway.send('{ customer(id: "sin") { upcoming { at kind message } } }');
  expect(JSON.stringify(ahead.get('customer.upcoming') ?? ahead.errors)).toContain(
    'are spent, unless they are returned',
  );
});

test.each<[string, object, string]>([
  ['no unit', { quantity: 0 }, 'input.quantity'],
  ['for too long', { ttl: 'P1000000Y' }, 'input.ttl'],
  ['for more than a year', { ttl: 'P13M' }, 'input.ttl'],
  ['for no time', { ttl: 'PT0.0001S' }, 'input.ttl'],
  ['of a feature that is not counted', { feature: 'sso' }, 'input.feature'],
  ['under an empty key', { idempotencyKey: '' }, 'input.idempotencyKey'],
])('a lease of %s names the field', async (_, input, field) => {
  expect(errorOf(await lease({ customerId: 'bad', quantity: 1, ...input }))).toEqual([
    'BAD_USER_INPUT',
    field,
  ]);
});

test('more spent than was leased is refused before anything is returned', async () => {
  await newCustomer(gateway, 'more', 'free');
  const id = (await lease({ customerId: 'more', quantity: 3 })).text('leaseQuota.lease.id');
  expect(errorOf(await giveBack(id, 4))).toEqual(['BAD_USER_INPUT', 'spent']);
  expect((await giveBack(id, 3)).get('returnQuota')).toMatchObject({ consumed: 3, replayed: false });
});

test('a lease that there is not is NOT_FOUND', async () => {
  for (const id of ['lse_none', 'rsv_none', ''])
    expect(errorOf(await giveBack(id, 1))).toEqual(['NOT_FOUND', 'leaseId']);
});

test('a key for other customers leases for none of ours, and returns nothing of theirs', async () => {
  await newCustomer(gateway, 'own', 'free');
  await newCustomer(gateway, 'foreign', 'free');
  const { secret } = await gateway.newKey({ role: 'SERVICE', customerIds: ['own'] });
  const id = (await lease({ customerId: 'foreign', quantity: 1 })).text('leaseQuota.lease.id');
  expect(errorOf(await lease({ customerId: 'foreign', quantity: 1 }, secret))).toEqual([
    'FORBIDDEN',
    undefined,
  ]);
  expect(errorOf(await giveBack(id, 1, secret))).toEqual(['FORBIDDEN', undefined]);
  const reader = await gateway.newKey({ role: 'READER' });
  expect(errorOf(await lease({ customerId: 'own', quantity: 1 }, reader.secret))).toEqual([
    'FORBIDDEN',
    undefined,
  ]);
  expect((await lease({ customerId: 'own', quantity: 1 }, secret)).get('leaseQuota.decision.allowed')).toBe(
    true,
  );
});

test('a blocked feature is not lent, and what was lent before can be returned', async () => {
  await newCustomer(gateway, 'blocked', 'free');
  const id = (await lease({ customerId: 'blocked', quantity: 2 })).text('leaseQuota.lease.id');
  await gateway.send(
    `mutation { grantEntitlement(input: { customerId: "blocked", feature: "api-calls", effect: BLOCK, reason: "r", idempotencyKey: "block" }) { grant { id } } }`,
  );
  expect((await lease({ customerId: 'blocked', quantity: 1 })).get('leaseQuota')).toMatchObject({
    lease: null,
    decision: { allowed: false, code: 'BLOCKED' },
  });
  expect((await giveBack(id, 1)).get('returnQuota')).toMatchObject({
    consumed: 1,
    decision: { code: 'DONE' },
  });
});
