import { createClient } from 'graphql-sse';
import { changePlan, newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { nobodyIsLeft } from './live-counts.js';

/** GraphQL over SSE, with the reference client as it is published, and by hand. */
const PAGE = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ allowedOrigins: [PAGE] });
});
afterAll(async () => {
  await nobodyIsLeft(gateway);
  await gateway.close();
});

const EVENTS = 'subscription ($after: Cursor) { events(after: $after) { cursor type customerId } }';
const ENTITLEMENTS = `subscription ($customerId: ID!) { entitlementsChanged(customerId: $customerId) { cursor changed cause { type } } }`;

type Client = ReturnType<typeof createClient>;

function client(key = gateway.adminKey, url = gateway.url): Client {
  return createClient({
    url: `${url}/graphql/stream`,
    headers: { authorization: `Bearer ${key}` },
    retryAttempts: 0,
  });
}

async function customerToken(customerId: string, ttl = 'PT1H'): Promise<string> {
  const made = await gateway.send(
    'mutation ($customerId: ID!, $ttl: Duration) { createCustomerToken(input: { customerId: $customerId, ttl: $ttl }) { token } }',
    { customerId, ttl },
  );
  return made.text('createCustomerToken.token');
}

function post(
  body: unknown,
  headers: Record<string, string> = {},
  key = gateway.adminKey,
): Promise<Response> {
  return fetch(`${gateway.url}/graphql/stream`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  });
}

test('the reference client follows, and resumes from its cursor without gap or repeat', async () => {
  const own = client();
  const start = await gateway.send('mutation { upsertCustomer(input: { id: "sse" }) { revision } }');
  for (const id of ['sse-1', 'sse-2'])
    await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', { id });
  const stream = own.iterate({ query: EVENTS, variables: { after: start.text('upsertCustomer.revision') } });
  const ids: unknown[] = [];
  for await (const answer of stream) {
    ids.push(at(answer, 'data.events.customerId'));
    if (ids.length === 2)
      await gateway.send('mutation { upsertCustomer(input: { id: "sse-3" }) { revision } }');
    if (ids.length === 3) break;
  }
  expect(ids).toEqual(['sse-1', 'sse-2', 'sse-3']);
  own.dispose();
});

test('queries and mutations are answered and are over', async () => {
  const own = client();
  const answers: unknown[] = [];
  for await (const answer of own.iterate({ query: '{ tenant { name } }' })) answers.push(answer);
  const created = own.iterate({
    query: 'mutation { upsertCustomer(input: { id: "by-sse" }) { customer { id } } }',
  });
  for await (const answer of created) answers.push(answer);
  expect(answers).toEqual([
    { data: { tenant: { name: 'Meridian' } } },
    { data: { upsertCustomer: { customer: { id: 'by-sse' } } } },
  ]);
  own.dispose();
});

test('a customer token follows its customer, and no other', async () => {
  const id = await newCustomer(gateway, 'sse-ada', 'free');
  const own = client(await customerToken('sse-ada'));
  const other = await own.iterate({ query: ENTITLEMENTS, variables: { customerId: 'sse' } }).next();
  expect(at(other.value, 'errors.0.extensions.code')).toBe('FORBIDDEN');
  const stream = own.iterate({ query: ENTITLEMENTS, variables: { customerId: 'sse-ada' } });
  expect(at((await stream.next()).value, 'data.entitlementsChanged.cause')).toBeNull();
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const upgraded = await stream.next();
  expect(at(upgraded.value, 'data.entitlementsChanged.cause.type')).toBe('subscription.plan_changed');
  await stream.return?.();
  own.dispose();
});

test('what is wrong with the operation is told in the stream, under the bounds of every operation', async () => {
  const own = client();
  const wrong: [string, Record<string, unknown>, string][] = [
    ['subscription {', {}, 'BAD_USER_INPUT'],
    ['{ nothing }', {}, 'BAD_USER_INPUT'],
    [`{ ${'plans { key } '.repeat(4000)} }`, {}, 'BAD_USER_INPUT'],
    [EVENTS, { after: '0000000000000001-ffffffff' }, 'CURSOR_EXPIRED'],
    [EVENTS, { after: 'x' }, 'BAD_USER_INPUT'],
  ];
  for (const [query, variables, code] of wrong) {
    const answers: unknown[] = [];
    for await (const answer of own.iterate({ query, variables })) answers.push(answer);
    expect(answers.map((answer) => at(answer, 'errors.0.extensions.code'))).toEqual([code]);
  }
  own.dispose();
});

test('a stream is told as the protocol has it: an event by its name, and one that ends it', async () => {
  const response = await post({ query: '{ tenant { name } }' }, { origin: PAGE });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(await response.text()).toBe(
    ':\n\nevent: next\ndata: {"data":{"tenant":{"name":"Meridian"}}}\n\nevent: complete\ndata:\n\n',
  );
});

test('an operation may come by GET, but for mutations', async () => {
  const ask = async (query: string): Promise<Response> =>
    fetch(`${gateway.url}/graphql/stream?${new URLSearchParams({ query, variables: '{}' }).toString()}`, {
      headers: { authorization: `Bearer ${gateway.adminKey}`, accept: 'text/event-stream' },
    });
  expect(await (await ask('{ tenant { name } }')).text()).toContain('Meridian');
  const mutation = await ask('mutation { upsertCustomer(input: { id: "by-get" }) { revision } }');
  expect([mutation.status, await mutation.text()]).toEqual([400, expect.stringContaining('sent by POST')]);
  const listed = await gateway.send('{ customer(id: "by-get") { id } }');
  expect(listed.get('customer')).toBeNull();
});

test.each<[string, () => Promise<Response>, number, string]>([
  ['no valid credential', () => post({ query: EVENTS }, {}, 'wrong'), 401, 'UNAUTHENTICATED'],
  [
    'a page of another origin',
    () => post({ query: EVENTS }, { origin: 'https://evil.example' }),
    403,
    'LICET_ALLOWED_ORIGINS',
  ],
  [
    'another answer wanted',
    () => post({ query: EVENTS }, { accept: 'application/json' }),
    400,
    'text/event-stream',
  ],
  ['no document', () => post({ variables: {} }), 400, '`query` is missing'],
  [
    'a document that is nested too deep to be read',
    () => post({ query: '{a'.repeat(300) }),
    400,
    'BAD_USER_INPUT',
  ],
  ['no object', () => post([]), 400, 'JSON object'],
  ['variables that are no object', () => post({ query: EVENTS, variables: [] }), 400, 'JSON object'],
  [
    'an operation name that is no text',
    () => post({ query: EVENTS, operationName: 1 }),
    400,
    'operationName',
  ],
  [
    'a stream to be reserved, which is the other mode',
    () =>
      fetch(`${gateway.url}/graphql/stream`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${gateway.adminKey}` },
      }),
    404,
    'NOT_FOUND',
  ],
])('%s is refused before anything is streamed', async (_name, ask, status, text) => {
  const response = await ask();
  expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
});

/** All answers of a stream, and whether it was completed. */
async function answersOf(response: Response): Promise<{ answers: unknown[]; isComplete: boolean }> {
  const text = await response.text();
  const answers = [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data = '']): unknown =>
    JSON.parse(data),
  );
  return { answers, isComplete: text.includes('event: complete') };
}

test('a key that is revoked ends its streams, and says why', async () => {
  const key = await gateway.newKey({ role: 'SERVICE' });
  const response = await post({ query: EVENTS }, {}, key.secret);
  await gateway.send('mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }', { id: key.id });
  const { answers, isComplete } = await answersOf(response);
  expect(at(answers.at(-1), 'errors.0.extensions.code')).toBe('UNAUTHENTICATED');
  expect(isComplete).toBe(true);
});

test('a token that has come to its end ends its streams', async () => {
  const response = await post(
    { query: ENTITLEMENTS, variables: { customerId: 'sse-ada' } },
    {},
    await customerToken('sse-ada', 'PT5S'),
  );
  const { answers } = await answersOf(response);
  expect(at(answers[0], 'data.entitlementsChanged.cause')).toBeNull();
  expect(at(answers.at(-1), 'errors.0.extensions.code')).toBe('UNAUTHENTICATED');
});

test('a gateway that closes ends its streams without completing them, so that clients come again', async () => {
  const other = await startTestGateway();
  const streams = ['a', 'b'].map(async () => {
    const response = await fetch(`${other.url}/graphql/stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${other.adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: EVENTS }),
    });
    return response;
  });
  const open = await Promise.all(streams);
  await other.close();
  for (const response of open) expect(await answersOf(response)).toEqual({ answers: [], isComplete: false });
});
