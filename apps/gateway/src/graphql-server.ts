import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Access } from './access.js';
import { createContext, type GatewayContext, type Services } from './context.js';
import { formatError } from './errors/format-error.js';
import { FastLane, LANE_HEADER } from './fast-lane/fast-lane.js';
import { RegisteredDocuments } from './fast-lane/registered-documents.js';
import { checkQueryString, requireAccess } from './http.js';
import { TOKENS_MAX } from './plugins/document-limits.js';
import { refuseSubscriptions } from './plugins/refuse-subscriptions.js';
import { OWN_RULES } from './plugins/validation-rules.js';
import { requestScope, runInScope } from './request-scope.js';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  /** Documents that clients may name by the hexadecimal SHA-256 of their text, which is the key. */
  readonly trustedDocuments: ReadonlyMap<string, string>;
}

/** Answers GraphQL over HTTP at GRAPHQL_PATH. The returned server is stopped by its owner. */
export async function addGraphqlServer(
  server: FastifyInstance,
  { schema, services, trustedDocuments }: GraphqlOptions,
): Promise<ApolloServer<GatewayContext>> {
  const documents = new RegisteredDocuments(trustedDocuments);
  const apollo = createApolloServer(server, schema, documents, services);
  await apollo.start();
  const fastLane = new FastLane(schema, documents, services);
  const general = fastifyApolloHandler(apollo, {
    context: (request) => Promise.resolve(createContext(services, accessOf(request), request.id)),
  });
  const { logger } = services;
  server.route<{ Reply: string }>({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    onRequest: requireAccess(services),
    preValidation: checkQueryString,
    handler(request, reply) {
      if (fastLane.answer(request, reply, accessOf(request))) {
        services.metrics.operation('compiled');
        return;
      }
      services.metrics.operation('general');
      void reply.header(LANE_HEADER, 'general');
      return runInScope({ requestId: request.id, logger }, async () => general.call(server, request, reply));
    },
  });
  return apollo;
}

function accessOf({ access }: Pick<FastifyRequest, 'access'>): Access {
  if (access === null) throw new Error('a request was let in without a key');
  return access;
}

function createApolloServer(
  server: FastifyInstance,
  schema: GraphQLSchema,
  documents: RegisteredDocuments,
  { logger }: Services,
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema,
    introspection: true,
    validationRules: [...OWN_RULES],
    parseOptions: { maxLexicalTokens: TOKENS_MAX },
    persistedQueries: { cache: documents },
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
      refuseSubscriptions,
    ],
  });
}
