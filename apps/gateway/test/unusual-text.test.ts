import { newCustomer } from './customers.js';
import { at, newIdempotencyKey, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let subscriptionId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  subscriptionId = await newCustomer(gateway, 'ada', 'pro');
});
afterAll(async () => {
  await gateway.close();
});

const HALF = 'x\ud800';
const NUL = 'x\0';
const UPSERT =
  'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision customer { id timeZone } } }';
const CANCEL = 'mutation ($input: CancelInput!) { cancelSubscription(input: $input) { revision } }';
const KEY = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';
const CONSUME = 'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed } }';
const REVOKE = 'mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }';
const SEARCH = 'query ($search: String) { customers(search: $search) { pageInfo { endCursor } } }';

async function refusedOverSocket(query: string, variables: Record<string, unknown>): Promise<unknown> {
  const before = await gateway.countEvents();
  const socket = gateway.socket();
  const errors: unknown = await socket
    .iterate({ query, variables })
    .next()
    .then(
      ({ value }: { value?: unknown }) => at(value, 'errors'),
      (refusal: unknown) => refusal,
    );
  await socket.dispose();
  expect(await gateway.countEvents()).toBe(before);
  return at(errors, '0.extensions');
}

test.each<[string, string, (text: string) => Record<string, unknown>, string]>([
  ["a customer's id", UPSERT, (id) => ({ input: { id } }), 'input.id'],
  ["a customer's name", UPSERT, (name) => ({ input: { id: 'ada', name } }), 'input.name'],
  ['an attribute', UPSERT, (a) => ({ input: { id: 'ada', attributes: { a: [a] } } }), 'input.attributes'],
  [
    "an attribute's name",
    UPSERT,
    (key) => ({ input: { id: 'ada', attributes: { [key]: 1 } } }),
    'input.attributes',
  ],
  ['a reason', CANCEL, (reason) => ({ input: { subscriptionId, reason } }), 'input.reason'],
  [
    "a key's name",
    KEY,
    (name) => ({ input: { name, role: 'READER', idempotencyKey: newIdempotencyKey() } }),
    'input.name',
  ],
  [
    'an idempotency key',
    CONSUME,
    (idempotencyKey) => ({ input: { customerId: 'ada', feature: 'api-calls', idempotencyKey } }),
    'input.idempotencyKey',
  ],
  ["an API key's id", REVOKE, (id) => ({ id }), 'id'],
  ['a search', SEARCH, (search) => ({ search }), 'search'],
])(
  '%s with a NUL or half a surrogate pair is refused, and the log stays readable',
  async (_name, query, inputOf, field) => {
    const refusal = { code: 'BAD_USER_INPUT', field };
    expect(await refusedOverSocket(query, inputOf(HALF))).toMatchObject(refusal);
    // Refused before the operation sees it, by the place in the variables.
    expect(await refusedOverSocket(query, inputOf(NUL))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: expect.stringMatching(new RegExp(`^${field}`)),
    });
    const log = await gateway.send('{ events(first: 100) { edges { node { type } } } }');
    expect(log.errors).toEqual([]);
  },
);

test('a number that no double holds is refused in attributes, not kept as null', async () => {
  const answer = await gateway.send(
    'mutation { upsertCustomer(input: { id: "ada", attributes: { n: 1e400 } }) { revision } }',
  );
  expect(answer.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.attributes' });
});

test('attributes that would swell each event of their customer are refused', async () => {
  const withText = (length: number): { input: object } => ({
    input: { id: 'ada', attributes: { a: 'x'.repeat(length) } },
  });
  const frame = JSON.stringify({ a: '' }).length;
  const refused = await gateway.send(UPSERT, withText(65_537 - frame));
  expect(refused.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.attributes' });
  expect((await gateway.send(UPSERT, withText(65_536 - frame))).errors).toEqual([]);
});

test('customers with the longest ids are listed, and listed on from', async () => {
  const ids = ['L', '😀'].map((character) => character.repeat(255));
  for (const id of ids)
    expect((await gateway.send(UPSERT, { input: { id, name: 'longest' } })).errors).toEqual([]);
  const page =
    'query ($after: Cursor) { customers(first: 1, search: "longest", after: $after) { edges { node { id } } pageInfo { endCursor } } }';
  const first = await gateway.send(page);
  const second = await gateway.send(page, { after: first.text('customers.pageInfo.endCursor') });
  const third = await gateway.send(page, { after: second.text('customers.pageInfo.endCursor') });
  expect([first, second].map((answer) => answer.get('customers.edges.0.node.id'))).toEqual(ids);
  expect(third.get('customers.edges')).toEqual([]);
});

test.each(['9999999999999999:x', '8640000000000001:x', '-8640000000000000:x', '-1:x', '1:\0', '1:'])(
  'a cursor made up of %j is no cursor',
  async (text) => {
    const after = Buffer.from(text).toString('base64url');
    for (const list of ['customers', 'apiKeys']) {
      const query = `query ($after: Cursor) { ${list}(after: $after) { pageInfo { endCursor } } }`;
      const answer = await gateway.send(query, { after });
      expect(answer.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'after' });
    }
  },
);

test('the same attributes in another order, and a zone in another case, are what already is so', async () => {
  const zone = 'Europe/Berlin';
  await gateway.send(UPSERT, {
    input: { id: 'order', attributes: { bb: 1, a: { d: 1, c: 2 } }, timeZone: zone },
  });
  const events = await gateway.countEvents();
  const again = await gateway.send(UPSERT, {
    input: { id: 'order', attributes: { a: { c: 2, d: 1 }, bb: 1 }, timeZone: 'europe/BERLIN' },
  });
  expect(again.get('upsertCustomer.customer.timeZone')).toBe(zone);
  expect(await gateway.countEvents()).toBe(events);
});
