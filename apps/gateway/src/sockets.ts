import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  getOperationAST,
  GraphQLError,
  parse,
  validate,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { CloseCode, type Context, type SubscribePayload } from 'graphql-ws';
import { useServer, type Extra as SocketExtra } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { createContext, type Services } from './context.js';
import { badInput, unauthenticated } from './errors/api-error.js';
import { formatError, type ErrorScope } from './errors/format-error.js';
import { GRAPHQL_PATH } from './graphql-server.js';
import { BODY_BYTES_MAX, operationProblem, TOKENS_MAX } from './plugins/document-limits.js';
import { VALIDATION_RULES } from './plugins/validation-rules.js';
import { requestIdOf } from './request-scope.js';
import { SocketKey } from './socket-key.js';

/** Kept on each connection by the socket server. */
interface Extra extends SocketExtra, Record<PropertyKey, unknown> {
  key?: SocketKey;
}

type SocketContext = Context<Record<string, unknown>, Extra>;

export interface SocketServer {
  /** Tells subscribers to go and closes; called again it does nothing. */
  dispose(): Promise<void>;
}

/**
 * Answers `graphql-transport-ws` at GRAPHQL_PATH, on the HTTP server's port. Each operation is authorised anew; a socket
 * whose key is revoked, or ends, is closed by 4403 (Forbidden), like one that comes without a key.
 */
export function addSocketServer(http: Server, schema: GraphQLSchema, services: Services): SocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: BODY_BYTES_MAX });
  const server = useServer<Record<string, unknown>, Extra>(
    {
      isProd: true,
      onConnect: (ctx) => letIn(ctx, services),
      onDisconnect: ({ extra }) => extra.key?.close(),
      async onSubscribe(ctx, id, payload) {
        try {
          const { key, request } = ctx.extra;
          const access = key ? await key.access() : null;
          if (!access) throw unauthenticated();
          services.metrics.operation('socket');
          const contextValue = createContext(services, access, requestIdIn(request, id));
          return { ...readOperation(schema, payload), contextValue };
        } catch (error) {
          // Whatever is wrong with one operation, the others on this socket go on.
          return refusals(error);
        }
      },
      onError: (ctx, id, _payload, errors) => formatAll(errors, scopeOf(ctx.extra.request, id)),
      onNext(ctx, id, _payload, _args, { errors, data = null }) {
        return errors && { errors: formatAll(errors, scopeOf(ctx.extra.request, id)), data };
      },
    },
    sockets,
  );
  function scopeOf(request: IncomingMessage, id: string): ErrorScope {
    return { requestId: requestIdIn(request, id), logger: services.logger };
  }
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(request) !== GRAPHQL_PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) =>
      sockets.emit('connection', webSocket, request),
    );
  });
  return disposableOnce(async () => {
    await server.dispose();
  });
}

function requestIdIn(request: IncomingMessage, id: string): string {
  return `${requestIdOf(request.headers['x-request-id'])}/${id}`;
}

/** By which clients are told to come again; on the library's 4500 (Internal server error) they give up. */
const TRY_AGAIN_LATER = 1013;

/** Whether the socket has a key that allows anything. While that cannot be found out, it is closed to be opened again. */
async function letIn(ctx: SocketContext, services: Services): Promise<boolean> {
  try {
    return (await openKey(ctx, services)) !== null;
  } catch (error) {
    const { request, socket } = ctx.extra;
    const requestId = requestIdOf(request.headers['x-request-id']);
    const { extensions } = formatError(error, { requestId, logger: services.logger });
    if (extensions?.['code'] !== 'UNAVAILABLE') throw error;
    socket.close(TRY_AGAIN_LATER, 'the database is out of reach; try again');
    return false;
  }
}

function openKey(
  { connectionParams, extra }: SocketContext,
  services: Services,
): ReturnType<SocketKey['open']> {
  const { socket, request } = extra;
  const header = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
  extra.key = new SocketKey(services, header ?? request.headers.authorization, () => {
    socket.close(CloseCode.Forbidden, 'Forbidden');
  });
  return extra.key.open();
}

/** One refusal, or all that validation found. */
class RefusedOperation extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super('the document is refused');
  }
}

function refusals(error: unknown): readonly GraphQLError[] {
  if (error instanceof RefusedOperation) return error.errors;
  if (error instanceof GraphQLError) return [error];
  const originalError = error instanceof Error ? error : new Error(String(error));
  return [new GraphQLError(originalError.message, { originalError })];
}

/** An operation under the same bounds as over HTTP; throws what is wrong with it. */
function readOperation(schema: GraphQLSchema, payload: SubscribePayload): ExecutionArgs {
  const problem = operationProblem({ ...payload });
  if (problem !== null) throw badInput(problem.path, problem.message);
  const { query, variables, operationName } = payload;
  const document = parse(query, { maxLexicalTokens: TOKENS_MAX });
  const errors = validate(schema, document, VALIDATION_RULES);
  if (errors.length > 0) throw new RefusedOperation(errors);
  if (!getOperationAST(document, operationName)) {
    throw badInput(
      'operationName',
      operationName
        ? `the document has no operation \`${operationName}\``
        : 'the document has several operations, or none; name one by `operationName`',
    );
  }
  return { schema, document, operationName, variableValues: variables };
}

function formatAll(errors: readonly unknown[], scope: ErrorScope): GraphQLFormattedError[] {
  return errors.map((error) => formatError(error, scope));
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function disposableOnce(dispose: () => Promise<void>): SocketServer {
  let disposed: Promise<void> | null = null;
  return { dispose: () => (disposed ??= dispose()) };
}
