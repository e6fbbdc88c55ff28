import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify';
import type {
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
  RouteHandlerMethod,
} from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { GatewayContext, type Services } from './context.js';
import { formatError } from './errors/format-error.js';
import { RETRY_AFTER } from './errors/retry-after.js';
import { LANE_HEADER, type FastLane } from './fast-lane/fast-lane.js';
import { readOperation } from './fast-lane/read-operation.js';
import type { RegisteredDocuments } from './fast-lane/registered-documents.js';
import { accessOf, admit, checkQueryString, requireOpenDocument } from './http.js';
import { variableCostLimit } from './plugins/cost-limit.js';
import { TOKENS_MAX } from './plugins/document-limits.js';
import { refuseSubscriptions } from './plugins/refuse-subscriptions.js';
import { federatedTraces } from './plugins/federated-traces.js';
import { retryAfterHeader } from './plugins/retry-after-header.js';
import { OWN_RULES } from './plugins/validation-rules.js';
import { requestScope, runInScope } from './request-scope.js';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlOptions {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly documents: RegisteredDocuments;
  readonly fastLane: FastLane;
  /** Whether routers that ask for it are told how long fields took. */
  readonly traces: boolean;
}

/** Answers GraphQL over HTTP at GRAPHQL_PATH. The returned server is stopped by its owner. */
export async function addGraphqlServer(
  server: FastifyInstance,
  { schema, services, documents, fastLane, traces }: GraphqlOptions,
): Promise<ApolloServer<GatewayContext>> {
  const apollo = createApolloServer(server, { schema, services, documents, traces });
  await apollo.start();
  const general = fastifyApolloHandler(apollo, {
    context: (request) => Promise.resolve(contextOf(services, request)),
  });
  server.route<{ Reply: string }>({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    onRequest: admit(services),
    preValidation: checkQueryString,
    preHandler: requireOpenDocument((body) => documentIn(body, documents)),
    handler: answerInLanes(server, { general, fastLane, services, contextOf }),
  });
  return apollo;
}

/** Of a request as much as makes its context. */
export type LaneRequest = Pick<FastifyRequest, 'access' | 'id' | 'raw'>;

type LaneHandler = RouteHandlerMethod<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  { Reply: string }
>;

export interface Lanes {
  /** Of the GraphQL server. */
  readonly general: LaneHandler;
  readonly fastLane: FastLane;
  readonly services: Services;
  /** For what the fast lane executes. */
  readonly contextOf: (services: Services, request: LaneRequest) => GatewayContext;
}

/** Has the fast lane answer what it knows, and the GraphQL server everything else. */
export function answerInLanes(
  server: FastifyInstance,
  { general, fastLane, services, contextOf }: Lanes,
): LaneHandler {
  const { logger } = services;
  return (request, reply) => {
    const asked = fastLane.read(request.body, request.headers);
    const prepared = asked && fastLane.prepare(asked);
    if (prepared) {
      void reply.headers({ 'content-type': asked.contentType, [LANE_HEADER]: 'compiled' });
      const context = contextOf(services, request);
      const answered = (body: string): string => {
        if (context.retryAfter !== null) void reply.header(RETRY_AFTER, context.retryAfter);
        return body;
      };
      const body = fastLane.execute(prepared, context);
      return typeof body === 'string' ? answered(body) : body.then(answered);
    }
    services.metrics.operation('general');
    void reply.header(LANE_HEADER, 'general');
    return runInScope({ requestId: request.id, logger }, async () => general.call(server, request, reply));
  };
}

function contextOf(services: Services, request: LaneRequest): GatewayContext {
  return new GatewayContext(services, accessOf(request), request.id, request.raw);
}

/** The text that a body names; undefined: none that is known. */
function documentIn(body: unknown, documents: RegisteredDocuments): string | undefined {
  const asked = readOperation(body, undefined);
  if (asked === null) return undefined;
  return 'text' in asked.document ? asked.document.text : documents.find(asked.document.hash);
}

function createApolloServer(
  server: FastifyInstance,
  { schema, services, documents, traces }: Omit<GraphqlOptions, 'fastLane'>,
): ApolloServer<GatewayContext> {
  const { logger } = services;
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
      federatedTraces(traces),
      fastifyApolloDrainPlugin(server),
      refuseSubscriptions,
      retryAfterHeader,
      variableCostLimit,
    ],
  });
}
