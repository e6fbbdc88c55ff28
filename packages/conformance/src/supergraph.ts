import { randomUUID } from 'node:crypto';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { BILLING } from '../fixtures/billing.js';
import { PROJECTS_SUBGRAPH } from '../fixtures/projects.js';
import { type RunningSubgraph, serve } from '../fixtures/subgraph.js';
import { newCustomer, type RunningGateway, startGateway } from './running-gateway.js';

/** What a router of the whole subgraph runs (docs/federation.md). */
export const ROUTER_OPERATIONS: readonly string[] = [
  ...['_service', '_entities', 'check', 'checkMany', 'entitlements'],
  ...['planChanged', 'entitlementsChanged'],
];

/** Licet and two subgraphs of other teams, each a server, and what a router needs to ask them. */
export interface Supergraph {
  readonly licet: RunningGateway;
  readonly routerKey: string;
  /** Composed by Apollo's library. */
  readonly sdl: string;
  /** A front end's token for one customer. */
  customerToken(customerId: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts them all. `ada` and `bob` are on the plan `pro`, `eve` has none. */
export async function startSupergraph(): Promise<Supergraph> {
  const licet = await startGateway();
  for (const id of ['ada', 'bob']) await newCustomer(licet, id, 'pro');
  await licet.graphql('mutation { upsertCustomer(input: { id: "eve" }) { revision } }');
  const routerKey = await newKey(licet, { role: 'READER', operations: ROUTER_OPERATIONS });
  const others = [BILLING, PROJECTS_SUBGRAPH];
  const servers: RunningSubgraph[] = await Promise.all(others.map(serve));
  const { sdl } = await sdlOf(licet, routerKey);
  const { errors, supergraphSdl } = composeServices([
    { name: 'licet', url: `${licet.url}/graphql`, typeDefs: parse(sdl) },
    ...others.map(({ name, typeDefs }, index) => ({
      ...{ name, url: servers[index]?.url ?? '' },
      typeDefs: parse(typeDefs),
    })),
  ]);
  if (errors) throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
  return {
    licet,
    routerKey,
    sdl: supergraphSdl,
    customerToken: (customerId) => newToken(licet, customerId),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await licet.stop();
    },
  };
}

/** The subgraph as it tells of itself to a router's key. */
export async function sdlOf(licet: RunningGateway, key: string): Promise<{ readonly sdl: string }> {
  const data = await licet.graphql('{ _service { sdl } }', {}, key);
  return { sdl: textAt(data, '_service', 'sdl') };
}

/** A key of Licet; its secret. */
export async function newKey(licet: RunningGateway, input: object): Promise<string> {
  const data = await licet.graphql(
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }',
    { input: { name: 'router', idempotencyKey: randomUUID(), ...input } },
  );
  return textAt(data, 'createApiKey', 'secret');
}

/** A customer token of Licet. */
export async function newToken(licet: RunningGateway, customerId: string): Promise<string> {
  const data = await licet.graphql(
    'mutation ($input: CreateCustomerTokenInput!) { createCustomerToken(input: $input) { token } }',
    { input: { customerId } },
  );
  return textAt(data, 'createCustomerToken', 'token');
}

function textAt(data: unknown, ...path: readonly string[]): string {
  const value = path.reduce<unknown>(
    (inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined),
    data,
  );
  if (typeof value === 'string') return value;
  throw new Error(`no text at ${path.join('.')}: ${JSON.stringify(data)}`);
}
