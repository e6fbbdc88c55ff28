import { randomUUID } from 'node:crypto';
import { changePlan, newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let subscriptionId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  subscriptionId = await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'free');
});
afterAll(async () => {
  await gateway.close();
});

const CHECK = '{ check(input: { customerId: "ada", feature: "sso" }) { code } }';

async function codeOf(
  query: string,
  key: string | null,
  variables: Record<string, unknown> = {},
): Promise<string | undefined> {
  return (await gateway.send(query, variables, key)).errors[0]?.extensions.code;
}

test('no key, a wrong one, a malformed one, a revoked one and an expired one get one and the same answer', async () => {
  const revoked = await gateway.newKey({ role: 'READER' });
  expect(await codeOf(CHECK, revoked.secret)).toBeUndefined();
  await gateway.send('mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }', { id: revoked.id });
  const keys = [
    null,
    randomUUID(),
    'lk_reader_0000000000',
    revoked.secret,
    `${revoked.secret}x`,
    gateway.adminKey.toUpperCase(),
  ];
  const answers = await Promise.all(keys.map((key) => gateway.send(CHECK, {}, key)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  const shown = answers.map(({ errors: [error] }) => [error?.message, error?.extensions.code]);
  expect(new Set(shown.map((one) => JSON.stringify(one))).size).toBe(1);
  expect(shown[0]?.[1]).toBe('UNAUTHENTICATED');
});

const TENANT = 'mutation { updateTenant(input: { name: "Meridian" }) { revision } }';
const UPSERT = 'mutation { upsertCustomer(input: { id: "cy" }) { revision } }';
const CONSUME =
  'mutation ($key: String!) { consume(input: { customerId: "ada", feature: "projects", idempotencyKey: $key }) { consumed } }';
const CANCEL = 'mutation ($id: ID!) { uncancelSubscription(subscriptionId: $id) { revision } }';
const KEYS = '{ apiKeys { pageInfo { hasNextPage } } }';

test.each<[string, string, string[]]>([
  ['reads', CHECK, ['READER', 'SERVICE', 'OPERATOR', 'ADMIN']],
  ['upserts', UPSERT, ['SERVICE', 'OPERATOR', 'ADMIN']],
  ['consumes', CONSUME, ['SERVICE', 'OPERATOR', 'ADMIN']],
  ['changes subscriptions', CANCEL, ['OPERATOR', 'ADMIN']],
  ['handles keys', KEYS, ['ADMIN']],
  ['changes the tenant', TENANT, ['ADMIN']],
])('a key %s by its role', async (_name, query, allowed) => {
  for (const role of ['READER', 'SERVICE', 'OPERATOR', 'ADMIN']) {
    const { secret } = await gateway.newKey({ role });
    const code = await codeOf(query, secret, { key: randomUUID(), id: subscriptionId });
    expect([role, code]).toEqual([role, allowed.includes(role) ? undefined : 'FORBIDDEN']);
  }
});

test('a key that names operations runs no other', async () => {
  const { secret } = await gateway.newKey({ role: 'SERVICE', operations: ['check'] });
  expect(await codeOf(CHECK, secret)).toBeUndefined();
  expect(await codeOf('{ plans { key } }', secret)).toBe('FORBIDDEN');
});

test('what routers ask is answered to a key that names it alone, whatever its role', async () => {
  const find = '{ _entities(representations: [{ __typename: "Customer", id: "ada" }]) { __typename } }';
  const asks = { _service: '{ _service { sdl } }', _entities: find };
  const { secret: service } = await gateway.newKey({ role: 'READER', operations: ['_service'] });
  const { secret: entities } = await gateway.newKey({ role: 'READER', operations: ['_entities'] });
  const { secret: check } = await gateway.newKey({ role: 'ADMIN', operations: ['check'] });
  const { secret: admin } = await gateway.newKey({ role: 'ADMIN' });
  const router = await gateway.routerKey();
  for (const [query, good, bad] of [
    [asks._service, [service, router], [entities, check, admin]],
    [asks._entities, [entities, router], [service, check, admin]],
  ] as const) {
    for (const secret of good) expect(await codeOf(query, secret)).toBeUndefined();
    for (const secret of bad) expect(await codeOf(query, secret)).toBe('FORBIDDEN');
  }
});

test('references of customers that a key does not name are FORBIDDEN, each at its place', async () => {
  const { secret } = await gateway.newKey({
    ...{ role: 'READER', operations: ['_entities'], customerIds: ['bob'] },
  });
  const answer = await gateway.send(
    '{ _entities(representations: [{ __typename: "Customer", id: "ada" }, { __typename: "Customer", id: "bob" }]) { ... on Customer { id } } }',
    {},
    secret,
  );
  expect(answer.get('_entities')).toEqual([null, { id: 'bob' }]);
  expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
    [['_entities', 0], 'FORBIDDEN'],
  ]);
});

test('a key that names customers sees and touches no other', async () => {
  const { secret } = await gateway.newKey({ role: 'ADMIN', customerIds: ['bob'] });
  const id = subscriptionId;
  const forbidden = [
    CHECK,
    '{ customer(id: "ada") { id } }',
    '{ customer(id: "nobody") { id } }',
    '{ entitlements(customerId: "ada") { revision } }',
    'query ($id: ID!) { subscription(id: $id) { id } }',
    '{ events(customerId: "ada") { pageInfo { hasNextPage } } }',
    CANCEL,
    CONSUME,
    UPSERT,
    TENANT,
    'mutation { createApiKey(input: { name: "wider", role: READER, idempotencyKey: "w" }) { secret } }',
  ];
  for (const query of forbidden)
    expect([query, await codeOf(query, secret, { id, key: 'k' })]).toEqual([query, 'FORBIDDEN']);
  const lists = await gateway.send(
    '{ customers(first: 100) { edges { node { id } } } events(first: 100) { edges { node { customerId } } } }',
    {},
    secret,
  );
  expect(lists.get('customers.edges')).toEqual([{ node: { id: 'bob' } }]);
  expect(JSON.stringify(lists.get('events'))).toContain('bob');
  expect(JSON.stringify(lists.get('events'))).not.toMatch(/ada|null/);
});

test('what others have is FORBIDDEN to a key that names customers in the same words as what nobody has', async () => {
  const { secret } = await gateway.newKey({
    ...{ role: 'ADMIN', customerIds: ['bob'] },
    operations: ['subscription', '_entities', 'cancelSubscription'],
  });
  const issued = await gateway.send(
    'mutation { issueLicense(input: { customerId: "ada", plan: "team", idempotencyKey: "others" }) { license { id } } }',
  );
  const licenseId = issued.text('issueLicense.license.id');
  const find = (type: string): string =>
    `query ($id: ID!) { _entities(representations: [{ __typename: "${type}", id: $id }]) { __typename } }`;
  for (const [query, others] of [
    ['query ($id: ID!) { subscription(id: $id) { id } }', subscriptionId],
    [find('PlanSubscription'), subscriptionId],
    [find('License'), licenseId],
    [CANCEL, subscriptionId],
  ] as const) {
    const nobodys = `${others.slice(0, -4)}0000`;
    const told = await Promise.all(
      [others, nobodys, 'none'].map(async (id) => {
        const [error] = (await gateway.send(query, { id }, secret)).errors;
        return [error?.extensions.code, error?.message.replace(id, '…')];
      }),
    );
    expect(told[0]?.[0]).toBe('FORBIDDEN');
    expect(new Set(told.map((one) => JSON.stringify(one))).size).toBe(1);
  }
});

test('a key that names customers lists and revokes keys of those alone', async () => {
  const own = await gateway.newKey({ role: 'ADMIN', customerIds: ['bob'] });
  const others = [
    await gateway.newKey({ role: 'READER' }),
    await gateway.newKey({ role: 'READER', customerIds: ['bob', 'ada'] }),
  ];
  const list = '{ apiKeys(first: 100) { edges { node { customerIds } } } }';
  const listed = await gateway.send(list, {}, own.secret);
  expect(listed.get('apiKeys.edges.0')).toBeDefined();
  expect(JSON.stringify(listed.get('apiKeys'))).not.toMatch(/ada|\[\]/);
  const revoke = 'mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }';
  for (const { id, secret } of others) {
    expect(await codeOf(revoke, own.secret, { id })).toBe('NOT_FOUND');
    expect(await codeOf('{ plans { key } }', secret)).toBeUndefined();
  }
  expect(await codeOf(revoke, own.secret, { id: own.id })).toBeUndefined();
});

test('a key that ends makes no key that outlives it', async () => {
  const end = Date.now() + 3_600_000;
  const make =
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { expiresAt } } }';
  function ending(at: number | null): { input: object } {
    const expiresAt = at === null ? null : new Date(at).toISOString();
    return { input: { name: 'ends', role: 'ADMIN', expiresAt, idempotencyKey: randomUUID() } };
  }
  const secret = (await gateway.send(make, ending(end))).text('createApiKey.secret');
  expect(await codeOf(make, secret, ending(null))).toBe('FORBIDDEN');
  expect(await codeOf(make, secret, ending(end + 1))).toBe('FORBIDDEN');
  expect(await codeOf(make, secret, ending(end))).toBeUndefined();
});

test('a socket without a valid key is closed as forbidden', async () => {
  for (const key of [null, 'lk_reader_wrong']) {
    const socket = gateway.socket(key);
    const closed = new Promise<unknown>((resolve) => socket.on('closed', resolve));
    await expect(socket.iterate({ query: '{ plans { key } }' }).next()).rejects.toBeDefined();
    expect(await closed).toMatchObject({ code: 4403, reason: 'Forbidden' });
  }
});

test('subscriptions are for keys that may run them', async () => {
  const { secret } = await gateway.newKey({ role: 'READER', operations: ['check'] });
  const socket = gateway.socket(secret);
  const { value } = await socket.iterate({ query: 'subscription { planChanged { reason } }' }).next();
  expect(JSON.stringify(value)).toContain('FORBIDDEN');
  await socket.dispose();
});

test('a key that names customers is told of what happens to those alone', async () => {
  const id = await newCustomer(gateway, 'ben', 'free');
  const { secret } = await gateway.newKey({ role: 'READER', customerIds: ['ben'] });
  const socket = gateway.socket(secret);
  const follow = (field: string): AsyncIterableIterator<unknown> =>
    socket.iterate({ query: `subscription { ${field} { customerId } }` });
  const told = [follow('events').next(), follow('planChanged').next()];
  // An answer on the same socket: what was subscribed before is in place.
  await socket.iterate({ query: '{ plans { key } }' }).next();
  const revoke = 'mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }';
  await gateway.send(revoke, { id: (await gateway.newKey({ role: 'READER' })).id });
  await newCustomer(gateway, 'dan', 'pro');
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const answers = await Promise.all(told);
  expect(answers.map(({ value }: { value?: unknown }) => value)).toEqual([
    { data: { events: { customerId: 'ben' } } },
    { data: { planChanged: { customerId: 'ben' } } },
  ]);
  for (const field of ['events', 'planChanged']) {
    const { value }: { value?: unknown } = await socket
      .iterate({ query: `subscription { ${field}(customerId: "ada") { customerId } }` })
      .next();
    expect(JSON.stringify(value)).toContain('FORBIDDEN');
  }
  await socket.dispose();
});
