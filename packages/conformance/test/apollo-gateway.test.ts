import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { newKey, sdlOf, startSupergraph, type Supergraph } from '../src/supergraph.js';
import { ask, type Asked, at } from '../src/ask.js';

interface RouterContext {
  readonly authorization: string | undefined;
}

let supergraph: Supergraph;
let router: ApolloServer<RouterContext>;
let url: string;
beforeAll(async () => {
  supergraph = await startSupergraph();
  ({ server: router, url } = await startRouter(supergraph, supergraph.routerKey));
});
afterAll(async () => {
  await router.stop();
  await supergraph.stop();
});

/** Sends what its caller has shown, a customer's token, on to the subgraphs; where that is nothing, its own key. */
async function startRouter(
  { sdl }: Supergraph,
  key: string,
): Promise<{ readonly server: ApolloServer<RouterContext>; readonly url: string }> {
  const gateway = new ApolloGateway({
    supergraphSdl: sdl,
    buildService: ({ url: address }) =>
      new RemoteGraphQLDataSource<RouterContext>({
        ...(typeof address === 'string' ? { url: address } : {}),
        willSendRequest({ request, context }) {
          const shown: unknown = context.authorization;
          request.http?.headers.set('authorization', typeof shown === 'string' ? shown : `Bearer ${key}`);
        },
      }),
  });
  const server = new ApolloServer<RouterContext>({ gateway });
  const listening = await startStandaloneServer(server, {
    listen: { port: 0, host: '127.0.0.1' },
    context: ({ req }) => Promise.resolve({ authorization: req.headers.authorization }),
  });
  return { server, url: listening.url };
}

function send(query: string, authorization?: string): Promise<Asked> {
  return ask(url, query, authorization);
}

test('the subgraph composes with two that extend its entities, and its SDL is told to routers alone', async () => {
  expect(supergraph.sdl).toContain('type Customer');
  await expect(sdlOf(supergraph.licet, await newKey(supergraph.licet, { role: 'ADMIN' }))).rejects.toThrow(
    'FORBIDDEN',
  );
});

test('front ends see neither what is inaccessible nor what is not tagged', async () => {
  const answer = await send(
    `{ feature: __type(name: "Feature") { fields { name } } customer: __type(name: "Customer") { fields { name } }
       query: __type(name: "Query") { fields { name } } }`,
  );
  const names = (of: string): unknown[] => {
    const fields: unknown = answer.get(`${of}.fields`);
    return Array.isArray(fields) ? fields.map((field) => at(field, 'name')).sort() : [];
  };
  expect(names('feature')).toEqual(['key', 'name', 'type', 'unit', 'worksOffline']);
  expect(names('customer')).toEqual([
    ...['attributes', 'check', 'entitlements', 'id', 'invoices', 'name', 'projects', 'usage'],
  ]);
  expect(names('query')).toEqual([
    ...['check', 'checkMany', 'entitlements', 'events', 'invoice', 'invoices', 'projects', 'settings'],
  ]);
});

test('one query goes through all three, from others to us and back', async () => {
  const answer = await send(
    `{ invoices { id plan { key name priceInCents } customer { name check(feature: "sso") { allowed code } projects { name } } }
       projects { owner { id usage(feature: "api-calls") { used limit } } } settings { exports { key type worksOffline } } }`,
  );
  expect(answer.codes).toEqual([]);
  const plan = { key: 'pro', name: 'pro', priceInCents: 4900 };
  const check = { allowed: true, code: 'ENTITLED' };
  expect(answer.get('invoices')).toEqual([
    { id: 'inv-1', plan, customer: { name: 'ada, Inc.', check, projects: [{ name: 'Bridge' }] } },
    { id: 'inv-2', plan, customer: { name: 'bob, Inc.', check, projects: [{ name: 'Tunnel' }] } },
    { id: 'inv-3', plan, customer: { name: 'ada, Inc.', check, projects: [{ name: 'Bridge' }] } },
  ]);
  expect(answer.get('projects.1')).toEqual({ owner: { id: 'bob', usage: { used: 0, limit: 100 } } });
  expect(answer.get('settings')).toEqual({ exports: { key: 'sso', type: 'BOOLEAN', worksOffline: false } });
});

test('checks are asked through the router, with inputs and defaults as they are', async () => {
  const answer = await send(
    '{ checkMany(inputs: [{ customerId: "ada", feature: "api-calls", quantity: 101 }, { customerId: "eve", feature: "sso" }]) { code customerId } entitlements(customerId: "ada") { entitlements { feature allowed } } }',
  );
  expect(answer.codes).toEqual([]);
  expect(answer.get('checkMany')).toEqual([
    { code: 'LIMIT_EXCEEDED', customerId: 'ada' },
    { code: 'NO_ACTIVE_PLAN', customerId: 'eve' },
  ]);
  expect(answer.get('entitlements.entitlements')).toContainEqual({ feature: 'sso', allowed: true });
});

test('a customer token is passed on: its own customer is answered, another one is not', async () => {
  const token = `Bearer ${await supergraph.customerToken('ada')}`;
  const answer = await send(
    '{ invoices { id customer { name usage(feature: "api-calls") { limit } } } }',
    token,
  );
  const usage = { limit: 100 };
  expect(answer.get('invoices')).toEqual([
    { id: 'inv-1', customer: { name: 'ada, Inc.', usage } },
    { id: 'inv-2', customer: { name: 'bob, Inc.', usage: null } },
    { id: 'inv-3', customer: { name: 'ada, Inc.', usage } },
  ]);
  expect(answer.codes).toEqual(['FORBIDDEN']);
  const own = await send('{ check(input: { customerId: "ada", feature: "sso" }) { code } }', token);
  expect(own.get('check')).toEqual({ code: 'ENTITLED' });
  const others = await send('{ check(input: { customerId: "bob", feature: "sso" }) { code } }', token);
  expect(others.codes).toEqual(['FORBIDDEN']);
});

test('a token that is none is refused by the subgraph, not by the router', async () => {
  const answer = await send('{ check(input: { customerId: "ada", feature: "sso" }) { code } }', 'Bearer no');
  expect(answer.codes).toEqual(['UNAUTHENTICATED']);
});

test('a router whose key is for some operations and customers asks for no others', async () => {
  const key = await newKey(supergraph.licet, {
    ...{ role: 'READER', operations: ['_entities'], customerIds: ['bob'] },
  });
  const narrow = await startRouter(supergraph, key);
  try {
    const answer = await ask(
      narrow.url,
      '{ projects { owner { id usage(feature: "api-calls") { used } } } }',
    );
    expect(answer.get('projects.1.owner')).toEqual({ id: 'bob', usage: { used: 0 } });
    expect(answer.get('projects.0.owner.usage')).toBeNull();
    expect(answer.codes).toEqual(['FORBIDDEN']);
    const check = await ask(narrow.url, '{ check(input: { customerId: "bob", feature: "sso" }) { code } }');
    expect(check.codes).toEqual(['FORBIDDEN']);
  } finally {
    await narrow.server.stop();
  }
});
