import type { FastifyInstance, FastifyRequest } from 'fastify';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { addCrossOrigin } from '../cross-origin.js';
import { ApiError, badInput, unauthenticated } from '../errors/api-error.js';
import { GRAPHQL_PATH } from '../graphql-server.js';
import { checkQueryString } from '../http.js';
import type { ObservedChannels } from '../metrics.js';
import { TOKENS_MAX } from '../plugins/document-limits.js';
import { EventStream } from './event-stream.js';
import { FOREIGN_ORIGIN } from './foreign-origin.js';
import type { SocketServices } from './live-socket.js';

export const STREAM_PATH = `${GRAPHQL_PATH}/stream`;
/** Within which operations that end by themselves are answered when the gateway goes. */
const FINISH_MILLISECONDS = 4000;

export interface StreamServer {
  readonly observed: ObservedChannels;
  /** Ends all streams, to be opened again elsewhere. */
  dispose(): void;
}

/** Answers GraphQL over SSE, distinct connections mode, at STREAM_PATH. */
export function addStreamServer(http: FastifyInstance, shared: SocketServices): StreamServer {
  const open = new Set<EventStream>();
  let isLeaving = false;
  const { services } = shared;
  addCrossOrigin(http, services.crossOrigin, STREAM_PATH);
  http.route({
    method: ['GET', 'POST'],
    url: STREAM_PATH,
    // By HEAD nobody would listen, and nobody would leave.
    exposeHeadRoute: false,
    onRequest: (request, _reply, done) => {
      const { origin, host } = request.headers;
      done(services.crossOrigin.letsIn(origin, host) ? acceptProblem(request) : foreignOrigin());
    },
    preValidation: checkQueryString,
    handler: async (request, reply) => {
      const scope = { requestId: request.id, logger: services.logger };
      const stream = new EventStream(reply.raw, scope, shared);
      if (!(await stream.enter(request.headers.authorization))) throw unauthenticated();
      const asked = askedIn(request);
      reply.hijack();
      open.add(stream);
      reply.raw.once('close', () => open.delete(stream));
      services.metrics.response(200);
      stream.begin(reply.getHeaders(), asked);
      if (isLeaving) stream.goAway();
    },
  });
  return {
    get observed() {
      const all = [...open];
      const unsentBytes = all.reduce((total, one) => total + one.unsentBytes, 0);
      return { connections: all.length, operations: all.length, unsentBytes };
    },
    dispose() {
      isLeaving = true;
      for (const stream of open) stream.goAway();
      setTimeout(() => {
        for (const stream of open) stream.goNow();
      }, FINISH_MILLISECONDS).unref();
    },
  };
}

function foreignOrigin(): ApiError {
  return new ApiError('FORBIDDEN', FOREIGN_ORIGIN);
}

function acceptProblem({ headers }: FastifyRequest): ApiError | undefined {
  const { accept = '*/*' } = headers;
  if (/text\/(event-stream|\*)|\*\/\*/.test(accept)) return undefined;
  return badInput('accept', 'answers come as `text/event-stream`; name it in the header `accept`');
}

/** What is asked for, by POST in a body of JSON or by GET in the query string. What is wrong with the document itself is told in the stream. */
function askedIn({ method, body, query: search }: FastifyRequest): SubscribePayload {
  const asked = method === 'GET' ? fromSearch(search) : body;
  if (!isRecord(asked)) throw badInput('', 'send the operation as a JSON object, or in the query string');
  const { query, variables, operationName } = asked;
  if (typeof query !== 'string')
    throw badInput('query', '`query` is missing; it is the text of the document');
  if (operationName != null && typeof operationName !== 'string')
    throw badInput('operationName', '`operationName` is text');
  if (variables != null && !isRecord(variables)) throw badInput('variables', '`variables` is a JSON object');
  if (method === 'GET' && isMutation(query, operationName))
    throw badInput('query', 'mutations are sent by POST');
  return { query, operationName, variables };
}

function fromSearch(search: unknown): Record<string, unknown> {
  const found = isRecord(search) ? search : {};
  const { variables } = found;
  return { ...found, variables: typeof variables === 'string' ? jsonIn(variables) : variables };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput('variables', '`variables` is no JSON');
  }
}

function isMutation(query: string, operationName: string | null | undefined): boolean {
  try {
    const operation = getOperationAST(parse(query, { maxLexicalTokens: TOKENS_MAX }), operationName);
    return operation?.operation === OperationTypeNode.MUTATION;
  } catch {
    // Told in the stream.
    return false;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
