import { ApolloServer, type ApolloServerOptions, type BaseContext } from '@apollo/server';
import {
  type CreateServerForIntegrationTestsOptions,
  type CreateServerForIntegrationTestsResult,
  defineIntegrationTestSuite,
} from '@apollo/server-integration-testsuite';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { NO_ACCESS } from '../src/access.js';
import { GatewayContext } from '../src/context.js';
import { FastLane } from '../src/fast-lane/fast-lane.js';
import { FrontDoor } from '../src/fast-lane/front-door.js';
import { GraphqlEntrance } from '../src/fast-lane/graphql-entrance.js';
import { RegisteredDocuments } from '../src/fast-lane/registered-documents.js';
import { answerInLanes } from '../src/graphql-server.js';
import { createHttpServer } from '../src/http.js';
import { startTestGateway, type TestGateway } from './gateway.js';

/**
 * The suite that Apollo has for whoever puts its server behind another HTTP server, on ours, with the fast lane in front. It
 * brings schemas and options of its own, so there is nothing of Licet behind it, and nobody is asked for a key. What it skips
 * by itself, @defer and @stream, wants another graphql.
 */

let gateway: TestGateway;
const lanes = new Map<string | undefined, number>();
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
  // Else the suite would say nothing about that lane.
  expect(lanes.get('compiled')).toBeGreaterThan(0);
});

defineIntegrationTestSuite(async (config, options) => listenWith(config, options));

async function listenWith(
  config: ApolloServerOptions<BaseContext>,
  { context }: CreateServerForIntegrationTestsOptions = {},
): Promise<CreateServerForIntegrationTestsResult> {
  const { services } = gateway;
  const documents = new RegisteredDocuments(new Map());
  const fastLane = new FastLane(schemaOf(config), documents, services);
  const http = createHttpServer(
    services,
    new FrontDoor(services, [new GraphqlEntrance(fastLane, services, '/')]),
  );
  const plugins = [...(config.plugins ?? []), fastifyApolloDrainPlugin(http)];
  const server = new ApolloServer<BaseContext>({ ...config, plugins });
  await server.start();
  http.addHook('onSend', (_request, reply, _payload, done) => {
    const lane = String(reply.getHeader('x-licet-lane'));
    lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
    done();
  });
  http.route<{ Reply: string }>({
    method: ['GET', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'],
    url: '/',
    handler: answerInLanes(http, {
      general: fastifyApolloHandler(server, context ? { context } : { context: () => Promise.resolve({}) }),
      fastLane,
      services,
      contextOf: (_services, request) => new GatewayContext(services, NO_ACCESS, request.id, request.raw),
    }),
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  return { server, url, extraCleanup: () => http.close() };
}

function schemaOf({ schema, typeDefs, resolvers }: ApolloServerOptions<BaseContext>): GraphQLSchema {
  if (schema) return schema;
  // Of a gateway: it has none when it starts, and the lane then knows nothing.
  return typeDefs === undefined
    ? buildSchema('type Query { nothing: Boolean }')
    : makeExecutableSchema({ typeDefs, ...(resolvers === undefined ? {} : { resolvers }) });
}
