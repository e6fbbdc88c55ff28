import { VISITS_BEFORE_COMPILED } from '../../src/fast-lane/compiled-documents.js';
import { buildApiSchema } from '../../src/schema/api-schema.js';
import { newCustomer } from '../customers.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { conditionalQueries } from './conditional-queries.js';
import { generatedQueries } from './generated-queries.js';
import { mutations } from './mutations.js';
import { hashOf, isExecuted, seenOf, sendAsNew, sendByHash, type Operation, type Seen } from './two-ways.js';
import { variableQueries } from './variable-queries.js';
import { writtenQueries } from './written-queries.js';

let gateway: TestGateway;
let subscriptionId: string;
const OPERATIONS: readonly Operation[] = [
  ...generatedQueries(buildApiSchema(), () => subscriptionId),
  ...variableQueries(),
  ...conditionalQueries(),
  ...writtenQueries(),
  ...mutations(() => gateway),
];
const KNOWN = '{ tenant { name } }';
/** With keys that are not for everything. */
const NARROWED: readonly string[] = [
  '{ tenant { name } apiKeys(first: 1) { edges { cursor } } }',
  '{ ada: customer(id: "ada") { id } bob: customer(id: "bob") { id } }',
  '{ check(input: { customerId: "bob", feature: "sso" }) { code } }',
  '{ checkMany(inputs: [{ customerId: "ada", feature: "sso" }, { customerId: "bob", feature: "sso" }]) { code } }',
  '{ customers(first: 5) { edges { node { id } } } }',
  '{ events(first: 3) { edges { node { customerId } } } }',
  '{ _service { sdl } _entities(representations: [{ __typename: "Customer", id: "bob" }]) { __typename } }',
  'mutation { upsertCustomer(input: { id: "ada" }) { revision } }',
  'mutation { consume(input: { customerId: "bob", feature: "api-calls", idempotencyKey: "x" }) { consumed } }',
];

beforeAll(async () => {
  const documents = [KNOWN, ...NARROWED, ...OPERATIONS.map(({ document }) => document)];
  gateway = await startTestGateway({
    trustedDocuments: new Map(documents.map((document) => [hashOf(document), document])),
  });
  subscriptionId = await newCustomer(gateway, 'ada', 'pro', { addOns: [{ addOn: 'more-calls' }] });
  await newCustomer(gateway, 'bob', 'free');
  await newCustomer(gateway, 'eve', 'enterprise');
  await gateway.send(
    `mutation { issueLicense(input: { customerId: "eve", plan: "team", idempotencyKey: "eve's",
       quantities: [{ feature: "editors", quantity: 7 }] }) { revision } }`,
  );
  await gateway.send('mutation { upsertCustomer(input: { id: "zoe" }) { revision } }');
});
afterAll(async () => {
  await gateway.close();
});

interface Pair {
  readonly operation: Operation;
  readonly general: Seen;
  readonly compiled: Seen;
}

async function bothWays(operations: readonly Operation[]): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const router = await gateway.routerKey();
  for (const asked of operations) {
    // What routers ask is answered to a key that names it.
    const isRouters = /_service|_entities/.test(asked.document) && !asked.document.includes('__schema');
    const operation = isRouters ? { key: router, ...asked } : asked;
    const general = await sendAsNew(gateway, operation);
    pairs.push({ operation, general, compiled: await sendByHash(gateway, operation) });
  }
  return pairs;
}

/** What a client could tell the two lanes apart by. */
function differences(pairs: readonly Pair[]): unknown[] {
  return pairs.flatMap(({ operation, general, compiled }) => {
    const [expected, found] = [general, compiled].map(({ status, headers, body }) =>
      JSON.stringify({ status, headers, body }),
    );
    return expected === found ? [] : [{ operation: operation.name, expected, found }];
  });
}

test('both lanes answer alike, and nearly all that is executed is executed compiled', async () => {
  const pairs = await bothWays(OPERATIONS);
  expect(differences(pairs)).toEqual([]);
  expect(pairs.filter(({ general }) => general.lane === 'compiled')).toEqual([]);
  const executed = pairs.filter(({ general }) => isExecuted(general));
  const left = executed.filter(({ compiled }) => compiled.lane !== 'compiled');
  expect(executed.length).toBeGreaterThan(300);
  expect(left.length / executed.length).toBeLessThan(0.1);
  const refused = pairs.filter(({ general }) => !isExecuted(general));
  expect(refused.length).toBeGreaterThan(50);
  expect(refused.filter(({ compiled }) => compiled.lane === 'compiled')).toEqual([]);
}, 120_000);

test.each([
  ['a reader', { role: 'READER' }],
  ['a key for one customer', { role: 'SERVICE', customerIds: ['ada'] }],
  ['a key for one operation', { role: 'ADMIN', operations: ['tenant'] }],
])('%s is refused alike by both lanes', async (_name, input) => {
  const { secret } = await gateway.newKey(input);
  const pairs = await bothWays(NARROWED.map((document) => ({ name: document, document, key: secret })));
  expect(differences(pairs)).toEqual([]);
  expect(pairs.filter(({ compiled }) => compiled.lane !== 'compiled')).toEqual([]);
  expect(pairs.some(({ compiled }) => compiled.body.includes('FORBIDDEN'))).toBe(true);
});

test('an answer that deviates in status, header or body is seen to deviate', async () => {
  const [pair] = await bothWays([{ name: 'known', document: KNOWN }]);
  if (!pair) throw new Error('nothing was sent');
  const { compiled } = pair;
  const headers = { ...compiled.headers, 'cache-control': null };
  for (const other of [{ status: 201 }, { headers }, { body: compiled.body.trimEnd() }]) {
    expect(differences([{ ...pair, compiled: { ...compiled, ...other } }])).toHaveLength(1);
  }
});

/** Requests around a document: with the same text, whichever lane knows it. */
const FORMS: readonly [name: string, form: (query: string) => RequestInit & { readonly search?: string }][] =
  [
    ['no variables', (query) => post({ query })],
    [
      'null for all that may be left out',
      (query) => post({ query, variables: null, operationName: null, extensions: null }),
    ],
    ['variables that nobody asked for', (query) => post({ query, variables: { a: 1 } })],
    ['variables in text', (query) => post({ query, variables: '{}' })],
    ['variables in a list', (query) => post({ query, variables: [] })],
    ['an operation name that is a number', (query) => post({ query, operationName: 3 })],
    ['an operation name that is empty', (query) => post({ query, operationName: '' })],
    ['an operation name of nothing', (query) => post({ query, operationName: 'Nothing' })],
    ['extensions', (query) => post({ query, extensions: { tracing: true } })],
    ['extensions in a list', (query) => post({ query, extensions: [] })],
    ['extensions in text', (query) => post({ query, extensions: 'x' })],
    [
      'a persisted query without a hash',
      (query) => post({ query, extensions: { persistedQuery: { version: 1 } } }),
    ],
    [
      'a persisted query with another hash',
      (query) => post({ query, extensions: { persistedQuery: { version: 1, sha256Hash: hashOf('x') } } }),
    ],
    [
      'an unknown hash',
      () => post({ extensions: { persistedQuery: { version: 1, sha256Hash: hashOf('nobody sent it') } } }),
    ],
    [
      'a hash of another version',
      () => post({ extensions: { persistedQuery: { version: 2, sha256Hash: hashOf(KNOWN) } } }),
    ],
    ['a hash that is none', () => post({ extensions: { persistedQuery: { version: 1, sha256Hash: 7 } } })],
    ['a persisted query that is none', (query) => post({ query, extensions: { persistedQuery: 'x' } })],
    ['a query that is a number', () => post({ query: 1 })],
    ['an empty query', () => post({ query: '' })],
    ['no query', () => post({ variables: {} })],
    ['what is not asked for', (query) => post({ query, more: [1, 2] })],
    ['an empty object', () => post({})],
    ['a list of requests', (query) => post([{ query }])],
    ['a text', (query) => post(query)],
    ['null', () => post(null)],
    ['no JSON', () => ({ method: 'POST', body: '{"query":' })],
    [
      'JSON that reaches for the prototype',
      (query) => ({ method: 'POST', body: `{"query":${JSON.stringify(query)},"__proto__":{}}` }),
    ],
    ['no body', () => ({ method: 'POST' })],
    ['a NUL character', (query) => post({ query, variables: { a: '\0' } })],
    [
      'too many brackets',
      (query) => ({
        method: 'POST',
        body: `{"query":${JSON.stringify(query)},"variables":{"a":${'['.repeat(300)}${']'.repeat(300)}}}`,
      }),
    ],
    ['more than a request may hold', (query) => post({ query, variables: { a: 'x'.repeat(1024 * 1024) } })],
    ['a query string beside the body', (query) => ({ ...post({ query }), search: '?query=x' })],
    ['GET', (query) => ({ method: 'GET', search: `?query=${encodeURIComponent(query)}` })],
    [
      'GET with a preflight header',
      (query) => ({
        method: 'GET',
        search: `?query=${encodeURIComponent(query)}`,
        headers: { 'apollo-require-preflight': '1' },
      }),
    ],
    ['HEAD', (query) => ({ method: 'HEAD', search: `?query=${encodeURIComponent(query)}` })],
    ['PUT', (query) => ({ ...post({ query }), method: 'PUT' })],
    [
      'a form',
      (query) => ({
        method: 'POST',
        body: new URLSearchParams({ query }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    ],
    ['text', (query) => ({ ...post({ query }), headers: { 'content-type': 'text/plain' } })],
  ];

function post(body: unknown): RequestInit {
  return { method: 'POST', body: JSON.stringify(body) };
}

async function sendForm(form: RequestInit & { readonly search?: string }): Promise<Seen> {
  const { search = '', headers, ...init } = form;
  const type = init.body === undefined ? {} : { 'content-type': 'application/json' };
  return seenOf(
    await fetch(`${gateway.url}/graphql${search}`, {
      ...init,
      headers: {
        ...type,
        authorization: `Bearer ${gateway.adminKey}`,
        'x-request-id': 'two-ways',
        ...Object.fromEntries(new Headers(headers)),
      },
    }),
  );
}

test.each(FORMS)('%s: a document that is compiled changes nothing about the answer', async (name, form) => {
  const operation = { name, document: KNOWN };
  await sendByHash(gateway, operation);
  const general = await sendForm(form(`${KNOWN} # ${name}`));
  expect(general.lane).not.toBe('compiled');
  expect(differences([{ operation, general, compiled: await sendForm(form(KNOWN)) }])).toEqual([]);
});

test('a document that nobody registered is compiled once it has been sent often enough', async () => {
  const form = post({ query: '{ tenant { id name } } # often' });
  const lanes: (string | null)[] = [];
  for (let sent = 0; sent < VISITS_BEFORE_COMPILED + 2; sent++) lanes.push((await sendForm(form)).lane);
  const expected = Array.from({ length: VISITS_BEFORE_COMPILED }, () => 'general');
  expect(lanes).toEqual([...expected, 'compiled', 'compiled']);
});

test('a client registers a document by sending text and hash together, and sends the hash alone from then on', async () => {
  const query = '{ tenant { id } } # registered by a client';
  const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf(query) } };
  const unknown = await sendForm(post({ extensions }));
  expect([unknown.lane, unknown.body]).toEqual([
    'general',
    expect.stringContaining('PERSISTED_QUERY_NOT_FOUND'),
  ]);
  const registering = await sendForm(post({ query, extensions }));
  const known = await sendForm(post({ extensions }));
  expect([registering.lane, known.lane]).toEqual(['general', 'compiled']);
  expect(known.body).toBe(registering.body);
});
