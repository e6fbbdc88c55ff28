import { createGatewayRuntime, type GatewayRuntime } from '@graphql-hive/gateway-runtime';
import http from '@graphql-mesh/transport-http';
import ws from '@graphql-mesh/transport-ws';
import { createClient, type ExecutionResult } from 'graphql-sse';
import { listen, type RunningSubgraph } from '../fixtures/subgraph.js';
import { ask, at } from '../src/ask.js';
import { grant } from '../src/running-gateway.js';
import { startSupergraph, type Supergraph } from '../src/supergraph.js';

let supergraph: Supergraph;
let runtime: GatewayRuntime;
let router: RunningSubgraph;
beforeAll(async () => {
  supergraph = await startSupergraph();
  const { sdl, routerKey } = supergraph;
  runtime = createGatewayRuntime({
    supergraph: sdl,
    transports: { http, ws },
    logging: false,
    // What the caller has shown goes on to the subgraphs; where that is nothing, the router's key.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({
        authorization: request.headers.get('authorization') ?? `Bearer ${routerKey}`,
      }),
    },
    transportEntries: {
      licet: {
        options: {
          subscriptions: {
            kind: 'ws',
            options: { connectionParams: { authorization: '{context.headers.authorization}' } },
          },
        },
      },
    },
  });
  router = await listen((request, response) => void runtime(request, response));
});
afterAll(async () => {
  await router.stop();
  await runtime.dispose();
  await supergraph.stop();
});

/** The values of a subscription, by GraphQL over Server-Sent Events as this router has it. */
async function* follow(query: string, authorization: string): AsyncGenerator<ExecutionResult> {
  const client = createClient({ url: router.url, headers: { authorization }, retryAttempts: 0 });
  try {
    yield* client.iterate({ query });
  } finally {
    client.dispose();
  }
}

test('a query goes through all three', async () => {
  const answer = await ask(
    router.url,
    `{ invoices(customerId: "ada") { id plan { key name priceInCents } customer { name check(feature: "sso") { code } projects { name } } } settings { exports { worksOffline } } }`,
  );
  expect(answer.codes).toEqual([]);
  expect(answer.get('invoices.0')).toEqual({
    id: 'inv-1',
    plan: { key: 'pro', name: 'pro', priceInCents: 4900 },
    customer: { name: 'ada, Inc.', check: { code: 'ENTITLED' }, projects: [{ name: 'Bridge' }] },
  });
  expect(answer.get('settings')).toEqual({ exports: { worksOffline: false } });
});

test('a change reaches a front end through the router, with what other subgraphs know of it', async () => {
  const token = `Bearer ${await supergraph.customerToken('ada')}`;
  const values = follow(
    'subscription { entitlementsChanged(customerId: "ada") { changed entitlements { entitlements { feature limit } } } }',
    token,
  );
  const first = await values.next();
  expect(at(first.value, 'data.entitlementsChanged.changed')).toContain('api-calls');
  await grant(supergraph.licet, { customerId: 'ada', feature: 'api-calls', value: 50 });
  const { value } = await values.next();
  expect(at(value, 'data.entitlementsChanged.changed')).toEqual(['api-calls']);
  expect(at(value, 'data.entitlementsChanged.entitlements.entitlements')).toContainEqual({
    ...{ feature: 'api-calls', limit: 150 },
  });
  await values.return(undefined);
});

test('planChanged brings a subscription that billing adds its part to', async () => {
  const token = `Bearer ${await supergraph.customerToken('eve')}`;
  const values = follow(
    'subscription { planChanged { customerId to subscription { nextInvoiceInCents customer { id projects { name } } } } }',
    token,
  );
  const next = values.next();
  await changeUntil(next);
  const { value } = await next;
  expect(at(value, 'data.planChanged')).toMatchObject({
    customerId: 'eve',
    subscription: { nextInvoiceInCents: 4900, customer: { id: 'eve', projects: [] } },
  });
  await values.return(undefined);
});

/** What comes next is followed from when the router has got through to the gateway, which nobody is told of: `eve` comes and goes. */
async function changeUntil(next: Promise<unknown>): Promise<void> {
  const arrived = new AbortController();
  const arrive = (): void => arrived.abort();
  void next.then(arrive, arrive);
  for (let change = 0; !arrived.signal.aborted; change += 1) {
    const data = await supergraph.licet.graphql(
      'mutation ($input: SubscribeInput!) { subscribe(input: $input) { subscription { id } } }',
      { input: { customerId: 'eve', plan: 'pro', idempotencyKey: `change ${String(change)}` } },
    );
    await supergraph.licet.graphql(
      'mutation ($id: ID!) { cancelSubscription(input: { subscriptionId: $id, timing: NOW }) { revision } }',
      { id: at(data, 'subscribe.subscription.id') },
    );
  }
}

test('another customer is not followed with a token', async () => {
  const token = `Bearer ${await supergraph.customerToken('ada')}`;
  const values = follow('subscription { entitlementsChanged(customerId: "bob") { changed } }', token);
  const { value } = await values.next();
  expect(at(value, 'errors.0.extensions.code')).toBe('FORBIDDEN');
  await values.return(undefined);
});
