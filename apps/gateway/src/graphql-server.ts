import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { createContext, type GatewayContext, type Services } from './context.js';
import { formatError } from './errors/format-error.js';
import { checkQueryString, requireAccess } from './http.js';
import { depthLimit } from './plugins/depth-limit.js';
import { TOKENS_MAX } from './plugins/document-limits.js';
import { requestScope } from './request-scope.js';

export const GRAPHQL_PATH = '/graphql';

/** Answers GraphQL over HTTP at GRAPHQL_PATH. The returned server is stopped by its owner. */
export async function addGraphqlServer(
  server: FastifyInstance,
  schema: GraphQLSchema,
  services: Services,
): Promise<ApolloServer<GatewayContext>> {
  const apollo = createApolloServer(server, schema, services);
  await apollo.start();
  const { logger } = services;
  server.route<{ Reply: string }>({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    onRequest: requireAccess(services),
    preValidation: checkQueryString,
    // A callback, not a promise: what runs inside `done` belongs to the request.
    preHandler: (request, _reply, done) => {
      requestScope.run({ requestId: request.id, logger }, done);
    },
    handler: fastifyApolloHandler(apollo, {
      context: ({ access, id }) => {
        if (access === null) throw new Error('a request was let in without a key');
        return Promise.resolve(createContext(services, access, id));
      },
    }),
  });
  return apollo;
}

function createApolloServer(
  server: FastifyInstance,
  schema: GraphQLSchema,
  { logger }: Services,
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema,
    introspection: true,
    validationRules: [depthLimit],
    parseOptions: { maxLexicalTokens: TOKENS_MAX },
    persistedQueries: false,
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    nodeEnv: 'production',
    logger,
    formatError: (_formatted, error) =>
      formatError(error, requestScope.getStore() ?? { requestId: 'none', logger }),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(server),
    ],
  });
}
