import { changePlan, newCustomer } from './customers.js';
import { newIdempotencyKey, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let subscriptionId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  subscriptionId = await newCustomer(gateway, 'ada', 'pro');
});
afterAll(async () => {
  await gateway.close();
});

const SUBSCRIBE = 'mutation ($input: SubscribeInput!) { subscribe(input: $input) { revision } }';
const CHANGE = 'mutation ($input: ChangePlanInput!) { changePlan(input: $input) { revision } }';
const CONSUME = 'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed decision { code } } }';
const RELEASE = 'mutation ($input: ReleaseUsageInput!) { releaseUsage(input: $input) { decision { code } } }';
const CHECK = 'query ($input: CheckInput!) { check(input: $input) { code } }';
const CANCEL = 'mutation ($input: CancelInput!) { cancelSubscription(input: $input) { revision } }';
const PAY = 'mutation ($input: ReportPaymentInput!) { reportPayment(input: $input) { revision } }';
const UPSERT = 'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }';
const TENANT = 'mutation ($input: UpdateTenantInput!) { updateTenant(input: $input) { revision } }';
const KEY = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';

async function refused(
  query: string,
  variables: Record<string, unknown>,
  key = gateway.adminKey,
): Promise<[string, string | undefined]> {
  const before = await gateway.countEvents();
  const answer = await gateway.send(query, variables, key);
  expect(await gateway.countEvents()).toBe(before);
  return codeAndField(answer);
}

function codeAndField(answer: Answer): [string, string | undefined] {
  const [error] = answer.errors;
  if (!error) throw new Error('nothing was refused');
  expect(error.extensions.requestId).toMatch(/^req_/);
  return [error.extensions.code, error.extensions.field];
}

const years = (count: number): string => new Date(Date.now() - count * 366 * 86_400_000).toISOString();
const spend = (input: object): { input: object } => ({
  input: { customerId: 'ada', feature: 'api-calls', idempotencyKey: newIdempotencyKey(), ...input },
});
const sale = (input: object): { input: object } => ({
  input: { customerId: 'ada', plan: 'pro', idempotencyKey: newIdempotencyKey(), ...input },
});
const change = (input: object): { input: object } => ({
  input: { subscriptionId, plan: 'enterprise', idempotencyKey: newIdempotencyKey(), ...input },
});

test.each<[string, string, () => { input: object }, string, string]>([
  ['an unknown plan', SUBSCRIBE, () => sale({ plan: 'no-such' }), 'NOT_FOUND', 'input.plan'],
  ['a plan that can be none', SUBSCRIBE, () => sale({ plan: 'No Such!' }), 'NOT_FOUND', 'input.plan'],
  ['an unknown customer', SUBSCRIBE, () => sale({ customerId: 'nobody' }), 'NOT_FOUND', 'input.customerId'],
  [
    'an unknown add-on',
    SUBSCRIBE,
    () => sale({ addOns: [{ addOn: 'no-such' }] }),
    'NOT_FOUND',
    'input.addOns',
  ],
  [
    'seats to buy',
    SUBSCRIBE,
    () => sale({ quantities: [{ feature: 'editors', quantity: 1 }] }),
    'BAD_USER_INPUT',
    'input.quantities.0.feature',
  ],
  [
    'a start more than ten years back',
    SUBSCRIBE,
    () => sale({ startsAt: years(10.2) }),
    'BAD_USER_INPUT',
    'input.startsAt',
  ],
  [
    'a start that is no time',
    SUBSCRIBE,
    () => sale({ startsAt: 'yesterday' }),
    'BAD_USER_INPUT',
    'input.startsAt',
  ],
  [
    'no idempotency key',
    SUBSCRIBE,
    () => sale({ idempotencyKey: undefined }),
    'BAD_USER_INPUT',
    'input.idempotencyKey',
  ],
  [
    'an empty idempotency key',
    SUBSCRIBE,
    () => sale({ idempotencyKey: '' }),
    'BAD_USER_INPUT',
    'input.idempotencyKey',
  ],
  ['a second plan of the family', SUBSCRIBE, () => sale({ plan: 'free' }), 'CONFLICT', 'input.plan'],
  ['a change to the same plan', CHANGE, () => change({ plan: 'pro' }), 'BAD_USER_INPUT', 'input.plan'],
  ['a change to an unknown plan', CHANGE, () => change({ plan: 'no-such' }), 'NOT_FOUND', 'input.plan'],
  [
    'a change of an unknown subscription',
    CHANGE,
    () => change({ subscriptionId: 'sub_none' }),
    'NOT_FOUND',
    'input.subscriptionId',
  ],
  ['a change from another plan', CHANGE, () => change({ from: 'free' }), 'CONFLICT', 'input.from'],
  ['a change at no time', CHANGE, () => change({ timing: 'AT' }), 'BAD_USER_INPUT', 'input.at'],
  [
    'a change without a key',
    CHANGE,
    () => change({ idempotencyKey: undefined }),
    'BAD_USER_INPUT',
    'input.idempotencyKey',
  ],
  [
    'a cancellation of nothing',
    CANCEL,
    () => ({ input: { subscriptionId: 'sub_none' } }),
    'NOT_FOUND',
    'input.subscriptionId',
  ],
  [
    'a payment for nothing',
    PAY,
    () => ({ input: { subscriptionId: 'sub_none', outcome: 'FAILED', idempotencyKey: 'k' } }),
    'NOT_FOUND',
    'input.subscriptionId',
  ],
  [
    'a payment without a key',
    PAY,
    () => ({ input: { subscriptionId, outcome: 'FAILED' } }),
    'BAD_USER_INPUT',
    'input.idempotencyKey',
  ],
  [
    'an outcome that is none',
    PAY,
    () => ({ input: { subscriptionId, outcome: 'MAYBE', idempotencyKey: 'k' } }),
    'BAD_USER_INPUT',
    'input.outcome',
  ],
  [
    'consuming a negative quantity',
    CONSUME,
    () => spend({ quantity: -1 }),
    'BAD_USER_INPUT',
    'input.quantity',
  ],
  ['consuming a fraction', CONSUME, () => spend({ quantity: 1.5 }), 'BAD_USER_INPUT', 'input.quantity'],
  ['consuming 2^53', CONSUME, () => spend({ quantity: 2 ** 53 }), 'BAD_USER_INPUT', 'input.quantity'],
  ['consuming text', CONSUME, () => spend({ quantity: '3' }), 'BAD_USER_INPUT', 'input.quantity'],
  ['consuming nothing', CONSUME, () => spend({ quantity: 0 }), 'BAD_USER_INPUT', 'input.quantity'],
  [
    'consuming without a key',
    CONSUME,
    () => spend({ idempotencyKey: undefined }),
    'BAD_USER_INPUT',
    'input.idempotencyKey',
  ],
  [
    'a key of 256 characters',
    CONSUME,
    () => spend({ idempotencyKey: 'k'.repeat(256) }),
    'BAD_USER_INPUT',
    'input.idempotencyKey',
  ],
  [
    'consuming an on/off feature',
    CONSUME,
    () => spend({ feature: 'sso' }),
    'BAD_USER_INPUT',
    'input.feature',
  ],
  ['consuming a value', CONSUME, () => spend({ feature: 'support' }), 'BAD_USER_INPUT', 'input.feature'],
  ['consuming seats', CONSUME, () => spend({ feature: 'editors' }), 'BAD_USER_INPUT', 'input.feature'],
  ['giving back credits', RELEASE, () => spend({ feature: 'ai-credits' }), 'BAD_USER_INPUT', 'input.feature'],
  ['giving back calls', RELEASE, () => spend({ feature: 'api-calls' }), 'BAD_USER_INPUT', 'input.feature'],
  [
    'giving back nothing',
    RELEASE,
    () => spend({ feature: 'projects', quantity: 0 }),
    'BAD_USER_INPUT',
    'input.quantity',
  ],
  [
    'checking a negative quantity',
    CHECK,
    () => ({ input: { customerId: 'ada', feature: 'sso', quantity: -1 } }),
    'BAD_USER_INPUT',
    'input.quantity',
  ],
  [
    'a member id that can be none',
    CHECK,
    () => ({ input: { customerId: 'ada', feature: 'editors', memberId: '' } }),
    'BAD_USER_INPUT',
    'input.memberId',
  ],
  [
    'a revision that is none',
    CHECK,
    () => ({ input: { customerId: 'ada', feature: 'sso', atLeast: 'x' } }),
    'BAD_USER_INPUT',
    'input.atLeast',
  ],
  [
    'a customer id that can be none',
    CHECK,
    () => ({ input: { customerId: '', feature: 'sso' } }),
    'BAD_USER_INPUT',
    'input.customerId',
  ],
  ['a customer without an id', UPSERT, () => ({ input: { name: 'x' } }), 'BAD_USER_INPUT', 'input.id'],
  [
    'a zone that is none',
    UPSERT,
    () => ({ input: { id: 'x', timeZone: 'Mars/Olympus' } }),
    'BAD_USER_INPUT',
    'input.timeZone',
  ],
  [
    'a tenant in a zone that is none',
    TENANT,
    () => ({ input: { timeZone: 'Mars/Olympus' } }),
    'BAD_USER_INPUT',
    'input.timeZone',
  ],
  [
    'a tenant without a zone',
    TENANT,
    () => ({ input: { timeZone: null } }),
    'BAD_USER_INPUT',
    'input.timeZone',
  ],
  ['a tenant without a name', TENANT, () => ({ input: { name: null } }), 'BAD_USER_INPUT', 'input.name'],
  ['a tenant whose name is blank', TENANT, () => ({ input: { name: ' ' } }), 'BAD_USER_INPUT', 'input.name'],
  [
    'a tenant whose name is too long',
    TENANT,
    () => ({ input: { name: 'x'.repeat(1001) } }),
    'BAD_USER_INPUT',
    'input.name',
  ],
  [
    'attributes that are no object',
    UPSERT,
    () => ({ input: { id: 'x', attributes: [1] } }),
    'BAD_USER_INPUT',
    'input.attributes',
  ],
  [
    'a role that is none',
    KEY,
    () => ({ input: { name: 'x', role: 'GOD', idempotencyKey: 'k' } }),
    'BAD_USER_INPUT',
    'input.role',
  ],
  [
    'a key for no operation',
    KEY,
    () => ({ input: { name: 'x', role: 'READER', operations: ['chek'], idempotencyKey: 'k' } }),
    'BAD_USER_INPUT',
    'input.operations.0',
  ],
  [
    'a key that has expired',
    KEY,
    () => ({ input: { name: 'x', role: 'READER', expiresAt: years(1), idempotencyKey: 'k' } }),
    'BAD_USER_INPUT',
    'input.expiresAt',
  ],
])(
  '%s is refused by code and field, and nothing is written',
  async (_name, query, variables, code, field) => {
    expect(await refused(query, variables())).toEqual([code, field]);
  },
);

test.each([
  ['{ check(input: { customerId: "ada", feature: "sso", quantity: 1.5 }) { code } }', 'input.quantity'],
  [
    'mutation { consume(input: { customerId: "ada", feature: "projects" }) { consumed } }',
    'input.idempotencyKey',
  ],
  [
    '{ checkMany(inputs: [{ customerId: "ada", feature: "sso" }, { customerId: "ada" }]) { code } }',
    'inputs.1.feature',
  ],
  ['{ customers(first: 0) { pageInfo { hasNextPage } } }', 'first'],
  ['{ customers(first: 101) { pageInfo { hasNextPage } } }', 'first'],
  ['{ customers(after: "x") { pageInfo { hasNextPage } } }', 'after'],
  [
    '{ events(since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z") { pageInfo { hasNextPage } } }',
    'until',
  ],
  ['{ customer(id: "ada") { check(feature: "sso", quantity: -1) { code } } }', 'quantity'],
  ['mutation { extendTrial(subscriptionId: "sub_x", until: "soon") { revision } }', 'until'],
])('%s is BAD_USER_INPUT at its argument, written as a literal', async (query, field) => {
  expect(await refused(query, {})).toEqual(['BAD_USER_INPUT', field]);
});

test('the same key with another input is CONFLICT, with another operation too', async () => {
  const idempotencyKey = newIdempotencyKey();
  await gateway.send(CONSUME, spend({ idempotencyKey, quantity: 1 }));
  expect(await refused(CONSUME, spend({ idempotencyKey, quantity: 2 }))).toEqual([
    'CONFLICT',
    'input.idempotencyKey',
  ]);
  expect(await refused(CHANGE, change({ idempotencyKey }))).toEqual(['CONFLICT', 'input.idempotencyKey']);
});

test('facts belong to what was asked: the same key with others is CONFLICT, in another order it is a replay', async () => {
  const asked = (context?: object): { input: object } =>
    spend({ idempotencyKey: 'with-facts', ...(context && { context }) });
  expect((await gateway.send(CONSUME, asked({ region: 'eu', tier: { a: 1, b: 2 } }))).errors).toEqual([]);
  expect((await gateway.send(CONSUME, asked({ tier: { b: 2, a: 1 }, region: 'eu' }))).errors).toEqual([]);
  const conflict = ['CONFLICT', 'input.idempotencyKey'];
  expect(await refused(CONSUME, asked({ region: 'us', tier: { a: 1, b: 2 } }))).toEqual(conflict);
  expect(await refused(CONSUME, asked())).toEqual(conflict);
});

test.each([
  ['check', CHECK, { customerId: 'ada', feature: 'no-such' }, 'check.code', 'UNKNOWN_FEATURE'],
  ['check', CHECK, { customerId: 'nobody', feature: 'sso' }, 'check.code', 'UNKNOWN_CUSTOMER'],
  [
    'consume',
    CONSUME,
    { customerId: 'ada', feature: 'no-such', idempotencyKey: 'a' },
    'consume.decision.code',
    'UNKNOWN_FEATURE',
  ],
  [
    'consume',
    CONSUME,
    { customerId: 'nobody', feature: 'projects', idempotencyKey: 'b' },
    'consume.decision.code',
    'UNKNOWN_CUSTOMER',
  ],
  [
    'releaseUsage',
    RELEASE,
    { customerId: 'ada', feature: 'no-such', idempotencyKey: 'c' },
    'releaseUsage.decision.code',
    'UNKNOWN_FEATURE',
  ],
  [
    'releaseUsage',
    RELEASE,
    { customerId: 'nobody', feature: 'projects', idempotencyKey: 'd' },
    'releaseUsage.decision.code',
    'UNKNOWN_CUSTOMER',
  ],
])('%s denies what does not exist, and writes nothing', async (_name, query, input, path, code) => {
  const before = await gateway.countEvents();
  const answer = await gateway.send(query, { input });
  expect(answer.errors).toEqual([]);
  expect(answer.get(path)).toBe(code);
  expect(await gateway.countEvents()).toBe(before);
});

test.each<[string, unknown, string]>([
  ['of a type that is no entity', { __typename: 'Decision', id: 'a' }, 'representations.1.__typename'],
  ['of a type that there is not', { __typename: 'constructor', id: 'a' }, 'representations.1.__typename'],
  ['without a type', { id: 'a' }, 'representations.1.__typename'],
  ['that is no object', 'Customer', 'representations.1.__typename'],
])('a reference %s is refused by its place', async (_name, reference, field) => {
  const query = 'query ($references: [_Any!]!) { _entities(representations: $references) { __typename } }';
  const references = [{ __typename: 'Customer', id: 'ada' }, reference];
  expect(await refused(query, { references }, await gateway.routerKey())).toEqual(['BAD_USER_INPUT', field]);
});

test('an idempotency key is measured in characters, not in halves of them', async () => {
  const characters = (count: number): { input: object } => spend({ idempotencyKey: '😀'.repeat(count) });
  expect((await gateway.send(CONSUME, characters(255))).errors).toEqual([]);
  expect(await refused(CONSUME, characters(256))).toEqual(['BAD_USER_INPUT', 'input.idempotencyKey']);
});

test('more than 1,000 at a time are refused', async () => {
  const inputs = Array.from({ length: 1001 }, () => ({ customerId: 'ada', feature: 'sso' }));
  const query = 'query ($inputs: [CheckInput!]!) { checkMany(inputs: $inputs) { code } }';
  expect(await refused(query, { inputs })).toEqual(['BAD_USER_INPUT', 'inputs']);
  const references = inputs.map(() => ({ __typename: 'Plan', key: 'pro' }));
  const entities = 'query ($references: [_Any!]!) { _entities(representations: $references) { __typename } }';
  expect(await refused(entities, { references }, await gateway.routerKey())).toEqual([
    'BAD_USER_INPUT',
    'representations',
  ]);
  const many = await gateway.send(query, { inputs: inputs.slice(1) });
  expect(many.errors).toEqual([]);
});

test('a NUL character, a body beyond 1 MiB, a document too deep, too long or unparsable: each a clear error', async () => {
  expect(codeAndField(await gateway.send('{ customer(id: "a\\u0000b") { id } }'))[0]).toBe('BAD_USER_INPUT');
  const large = await gateway.send(UPSERT, { input: { id: 'x', name: 'y'.repeat(1_100_000) } });
  expect([large.status, codeAndField(large)[0]]).toEqual([413, 'BAD_USER_INPUT']);
  expect(codeAndField(await gateway.send('{a'.repeat(300)))[0]).toBe('BAD_USER_INPUT');
  const long = await gateway.send(`{ ${'plans { key } '.repeat(4000)} }`);
  expect(codeAndField(long)[0]).toBe('BAD_USER_INPUT');
  const nested = `{ customer(id: "ada") { subscriptions { ${'customer { subscriptions { '.repeat(8)} id ${'} }'.repeat(8)} } } }`;
  const deep = await gateway.send(nested);
  expect(codeAndField(deep)[0]).toBe('BAD_USER_INPUT');
  expect(deep.errors[0]?.message).toContain('deeper than 12');
  expect(codeAndField(await gateway.send('{ plans {'))[0]).toBe('BAD_USER_INPUT');
});

test('a document that is refused says so by a code of this API, whatever is wrong with it', async () => {
  const twoOperations = 'query A { plans { key } } query B { plans { key } }';
  for (const document of ['{ plans {', '{ nothing }', '', twoOperations]) {
    expect(codeAndField(await gateway.send(document))[0]).toBe('BAD_USER_INPUT');
  }
});

test('brackets in texts and comments are no depth', async () => {
  const brackets = '('.repeat(500);
  const named = `query ($id: ID!) { customer(id: $id) { id } } # ${brackets}`;
  expect((await gateway.send(named, { id: brackets })).errors).toEqual([]);
  expect((await gateway.send(`{ customer(id: "\\"${brackets}") { id } }`)).errors).toEqual([]);
});

test('an operation whose answer would be too large is refused, and one of a full page is not', async () => {
  const page =
    'customers(first: 100) { edges { node { entitlements { entitlements { feature allowed code } } } } }';
  const asked = (times: number): string =>
    `{ ${Array.from({ length: times }, (_, index) => `a${String(index)}: ${page}`).join(' ')} }`;
  expect((await gateway.send(asked(1))).errors).toEqual([]);
  const refusal = await gateway.send(asked(250));
  expect([refusal.status, codeAndField(refusal)[0]]).toEqual([400, 'BAD_USER_INPUT']);
  expect(refusal.errors[0]?.message).toMatch(/up to \d+ fields, and 100000 are allowed/);
});

test('a subscription over HTTP is told the way that subscriptions take', async () => {
  for (let visit = 0; visit < 5; visit++) {
    const answer = await gateway.send('subscription { events { type } }');
    expect([answer.status, codeAndField(answer)[0]]).toEqual([400, 'BAD_USER_INPUT']);
    expect(answer.errors[0]?.message).toContain('WebSocket');
  }
});

test('two changes of the same moment from one plan: the second is CONFLICT', async () => {
  const id = await newCustomer(gateway, 'twice', 'free');
  const answers = await Promise.all(
    ['pro', 'enterprise'].map((plan) => changePlan(gateway, { subscriptionId: id, plan, from: 'free' })),
  );
  expect(answers.map(({ errors }) => errors[0]?.extensions.code).sort()).toEqual(['CONFLICT', undefined]);
});
