import { connectEntitlements, type Entitlements, EntitlementsError } from '@licet/federation';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { withUnknowns } from '../fixtures/guarded.js';
import {
  type GuardedContext,
  type Serve,
  serveApollo,
  serveTools,
  serveTypeGraphql,
  serveYoga,
} from '../fixtures/guarded-servers.js';
import type { RunningSubgraph } from '../fixtures/subgraph.js';
import { at } from '../src/ask.js';
import { CATALOG } from '../src/catalog.js';
import { countingProxy, type CountingProxy } from '../src/counting-proxy.js';
import { newCustomer, type RunningGateway, startGateway } from '../src/running-gateway.js';
import { newKey, newToken } from '../src/supergraph.js';

let licet: RunningGateway;
let apiKey: string;
beforeAll(async () => {
  licet = await startGateway(withUnknowns(CATALOG));
  apiKey = await newKey(licet, {
    ...{ role: 'SERVICE', operations: ['features', 'checkMany', 'consumeMany'] },
  });
  for (const id of ['ada', 'bob', 'tim', 'yan', 'ann']) await newCustomer(licet, id, 'pro');
  await licet.graphql('mutation { upsertCustomer(input: { id: "eve" }) { revision } }');
});
afterAll(async () => {
  await licet.stop();
});

/** What the gateway has refused. */
const refused: string[] = [];

function connect(url: string, key = apiKey): Promise<Entitlements> {
  return connectEntitlements<GuardedContext>({
    ...{ url, apiKey: key, timeoutMilliseconds: 60_000 },
    subjectOf: ({ subject }) => subject,
    onRefused: ({ message }) => refused.push(message),
  });
}

async function ask(url: string, query: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  const body: unknown = JSON.parse(await response.text());
  return body;
}

function codesOf(answer: unknown): unknown[] {
  const errors = at(answer, 'errors');
  return Array.isArray(errors) ? errors.map((error) => at(error, 'extensions.code')) : [];
}

/** What the log says, whatever is in memory. */
async function usedBy(id: string): Promise<unknown> {
  const written = await licet.graphql(
    'mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }',
    { id },
  );
  const data = await licet.graphql(
    'query ($id: ID!, $atLeast: Revision) { entitlements(customerId: $id, atLeast: $atLeast) { entitlements { feature used } } }',
    { id, atLeast: at(written, 'upsertCustomer.revision') },
  );
  const all = at(data, 'entitlements.entitlements');
  const calls = Array.isArray(all) ? all.find((one) => at(one, 'feature') === 'api-calls') : null;
  return at(calls, 'used');
}

describe.each<[string, Serve, string]>([
  ['@graphql-tools/schema', serveTools, 'ada'],
  ['type-graphql', serveTypeGraphql, 'tim'],
  ['Yoga', serveYoga, 'yan'],
  ['an Apollo subgraph', serveApollo, 'ann'],
])('guards on %s', (_name, serve, customer) => {
  let proxy: CountingProxy;
  let server: RunningSubgraph;
  let entitlements: Entitlements;
  beforeAll(async () => {
    proxy = await countingProxy(`${licet.url}/graphql`);
    entitlements = await connect(proxy.url);
    server = await serve((schema) => entitlements.guard(schema));
    proxy.taken();
  });
  afterAll(async () => {
    await server.stop();
    await proxy.stop();
  });

  test('all checks of a request are one checkMany, and who is entitled gets the fields', async () => {
    const query = '{ open search again: search report { title pages } }';
    const answer = await ask(server.url, query, { 'x-customer': customer });
    expect(answer).toEqual({
      data: { open: 'for all', search: 'found', again: 'found', report: { title: 'Bridge', pages: 'all' } },
    });
    expect(proxy.taken()).toEqual(['checkMany']);
  });

  test('who is not entitled gets null and an error with the decision; other fields are answered', async () => {
    const answer = await ask(server.url, '{ open beta report { title pages } }', { 'x-customer': 'eve' });
    expect(at(answer, 'data')).toEqual({
      ...{ open: 'for all', beta: null },
      report: { title: null, pages: null },
    });
    expect(codesOf(answer)).toEqual(['NOT_ENTITLED', 'NOT_ENTITLED', 'NOT_ENTITLED']);
    expect(at(answer, 'errors.0')).toMatchObject({
      path: ['beta'],
      message: expect.any(String),
      extensions: {
        decision: {
          allowed: false,
          code: 'NO_ACTIVE_PLAN',
          customerId: 'eve',
          feature: 'beta',
          stale: false,
        },
      },
    });
    expect(proxy.taken()).toEqual(['checkMany']);
  });

  test('a field that spends does so once for each place and idempotency key, without one each time', async () => {
    const query = '{ exports { id file } }';
    const files = {
      data: {
        exports: [
          { id: 'a', file: 'a.pdf' },
          { id: 'b', file: 'b.pdf' },
        ],
      },
    };
    const send = (key?: string): Promise<unknown> =>
      ask(server.url, query, { 'x-customer': customer, ...(key ? { 'idempotency-key': key } : {}) });
    for (const [key, used] of [
      ['one', 4],
      ['one', 4],
      ['two', 8],
      [undefined, 12],
      [undefined, 16],
    ] as const) {
      expect(await send(key)).toEqual(files);
      expect([key, await usedBy(customer)]).toEqual([key, used]);
    }
    expect(proxy.taken()).toEqual(Array.from({ length: 5 }, () => 'consumeMany'));
  });

  test('nobody is asked for what nobody guards; a request without a customer is refused', async () => {
    expect(await ask(server.url, '{ open }', {})).toEqual({ data: { open: 'for all' } });
    const answer = await ask(server.url, '{ beta @skip(if: true) search }', {});
    expect([at(answer, 'data'), codesOf(answer)]).toEqual([{ search: null }, ['UNAUTHENTICATED']]);
    expect(proxy.taken()).toEqual([]);
  });

  test('the customer’s own token is passed on: it gets no answer about another one', async () => {
    const authorization = `Bearer ${await newToken(licet, customer)}`;
    const own = await ask(server.url, '{ search }', { 'x-customer': customer, authorization });
    expect(own).toEqual({ data: { search: 'found' } });
    const other = await ask(server.url, '{ search }', { 'x-customer': 'bob', authorization });
    expect([at(other, 'data'), codesOf(other)]).toEqual([{ search: null }, ['ENTITLEMENT_CHECK_FAILED']]);
  });

  test('out of reach each feature does what it says, and nothing is spent', async () => {
    const headers = { 'x-customer': customer };
    await ask(server.url, '{ search }', headers);
    await proxy.stop();
    const answer = await ask(server.url, '{ search beta report { pages } exports { file } }', headers);
    expect(at(answer, 'data')).toEqual({
      ...{ search: 'found', beta: null, report: { pages: null } },
      exports: [{ file: null }, { file: null }],
    });
    const errors = at(answer, 'errors');
    expect(Array.isArray(errors) ? errors.map((error) => at(error, 'extensions.decision.code')) : []).toEqual(
      Array.from({ length: 4 }, () => 'UNAVAILABLE'),
    );
    // Never seen before: nothing is known.
    const unseen = await ask(server.url, '{ search }', { 'x-customer': 'eve' });
    expect(codesOf(unseen)).toEqual(['NOT_ENTITLED']);
    expect(await usedBy(customer)).toBe(16);
  });
});

test('a feature that is open is allowed without the gateway', async () => {
  const proxy = await countingProxy(`${licet.url}/graphql`);
  const entitlements = await connect(proxy.url);
  const open = schemaWith('open: String @requiresEntitlement(feature: "reports")', {
    open: () => 'for all',
  });
  const server = await serveYoga(() => entitlements.guard(open));
  await proxy.stop();
  expect(await ask(server.url, '{ open }', { 'x-customer': 'eve' })).toEqual({ data: { open: 'for all' } });
  await server.stop();
});

function schemaWith(field: string, resolvers: object = {}): ReturnType<typeof makeExecutableSchema> {
  return makeExecutableSchema({
    typeDefs: `directive @requiresEntitlement(feature: String!, quantity: Int! = 1, consume: Boolean! = false) on FIELD_DEFINITION | OBJECT
      type Query { ${field} }`,
    resolvers: { Query: { ...resolvers } },
  });
}

test.each([
  [
    'feature: "nope"',
    /`Query.a` is guarded by `nope`, which the catalog does not have; its features are .*sso/,
  ],
  ['feature: "sso", quantity: -1', /`Query.a`: quantity is -1; it is at least 0/],
  ['feature: "api-calls", quantity: 0, consume: true', /quantity is 0; what spends takes at least 1/],
])('a directive that cannot be right is told when the schema is guarded: %s', async (args, message) => {
  const { guard } = await connect(`${licet.url}/graphql`);
  const schema = schemaWith(`a: String @requiresEntitlement(${args})`);
  expect(() => guard(schema)).toThrow(EntitlementsError);
  expect(() => guard(schema)).toThrow(message);
});

test('at start a wrong key is told', async () => {
  await expect(connect(`${licet.url}/graphql`, 'wrong')).rejects.toThrow(/UNAUTHENTICATED/);
});

test('a service starts without the gateway, denies what is not said to be open, and connects with the first answer', async () => {
  const before = await countingProxy(`${licet.url}/graphql`);
  await before.stop();
  refused.length = 0;
  const told: string[] = [];
  const entitlements = await connectEntitlements<GuardedContext>({
    ...{ url: before.url, apiKey, timeoutMilliseconds: 60_000 },
    subjectOf: ({ subject }) => subject,
    onRefused: ({ message }) => refused.push(message),
    onOutOfReach: ({ message }) => told.push(message),
    whileUnread: { sso: 'OPEN', reports: 'CLOSED' },
  });
  expect(told).toEqual([expect.stringMatching(/gives no answer; .* start it, or correct `url`$/)]);
  const fields = `
    sso: String @requiresEntitlement(feature: "sso")
    reports: String @requiresEntitlement(feature: "reports")
    search: String @requiresEntitlement(feature: "search")
    spent: String @requiresEntitlement(feature: "api-calls", consume: true)
    nope: String @requiresEntitlement(feature: "nope")`;
  const names = ['sso', 'reports', 'search', 'spent', 'nope'];
  const resolvers = Object.fromEntries(names.map((name) => [name, () => 'yes']));
  const server = await serveYoga(() => entitlements.guard(schemaWith(fields, resolvers)));
  const headers = { 'x-customer': 'ada' };
  async function allowed(query: string): Promise<unknown> {
    return at(await ask(server.url, query, headers), 'data');
  }
  const all = '{ sso reports search spent nope }';
  expect(await allowed(all)).toEqual({ sso: 'yes', reports: null, search: null, spent: null, nope: null });

  const proxy = await countingProxy(`${licet.url}/graphql`, Number(new URL(before.url).port));
  expect(await allowed('{ sso reports search nope }')).toEqual({
    ...{ sso: 'yes', reports: 'yes', search: 'yes', nope: null },
  });
  expect([...proxy.taken()].sort()).toEqual(['checkMany', 'features']);
  // What could not be right is told as soon as it is known.
  expect(refused).toEqual([
    expect.stringMatching(/`Query.nope` is guarded by `nope`, which the catalog does not have/),
  ]);
  expect(await allowed('{ search }')).toEqual({ search: 'yes' });
  expect(proxy.taken()).toEqual(['checkMany']);

  await proxy.stop();
  // By the catalog from now on: open, and as it was last decided.
  expect(await allowed('{ sso reports search }')).toEqual({ sso: null, reports: 'yes', search: 'yes' });
  await server.stop();
});

test('a gateway that refuses to tell the features, when it is there at last, is asked once', async () => {
  const before = await countingProxy(`${licet.url}/graphql`);
  await before.stop();
  refused.length = 0;
  const key = await newKey(licet, { role: 'READER', operations: ['checkMany'] });
  const entitlements = await connectEntitlements<GuardedContext>({
    ...{ url: before.url, apiKey: key, timeoutMilliseconds: 60_000 },
    subjectOf: ({ subject }) => subject,
    onRefused: ({ message }) => refused.push(message),
    onOutOfReach: () => undefined,
  });
  const server = await serveYoga((schema) => entitlements.guard(schema));
  const proxy = await countingProxy(`${licet.url}/graphql`, Number(new URL(before.url).port));
  for (const _ of [1, 2])
    expect(await ask(server.url, '{ search }', { 'x-customer': 'ada' })).toEqual({
      data: { search: 'found' },
    });
  expect([...proxy.taken()].sort()).toEqual(['checkMany', 'checkMany', 'features']);
  expect(refused).toEqual([expect.stringMatching(/the gateway says FORBIDDEN: .*features/)]);
  await Promise.all([proxy.stop(), server.stop()]);
});

test('a key that is not for what is asked fails the field, and tells the front end nothing', async () => {
  const key = await newKey(licet, { role: 'READER', operations: ['features'] });
  const entitlements = await connect(`${licet.url}/graphql`, key);
  const server = await serveYoga((schema) => entitlements.guard(schema));
  const answer = await ask(server.url, '{ search }', { 'x-customer': 'ada' });
  expect(codesOf(answer)).toEqual(['ENTITLEMENT_CHECK_FAILED']);
  expect(JSON.stringify(answer)).not.toContain('FORBIDDEN');
  expect(refused.at(-1)).toMatch(/the gateway says FORBIDDEN: .*checkMany/);
  await server.stop();
});
