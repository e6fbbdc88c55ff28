import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { authenticate, type Access } from './access.js';
import { createContext, type Services } from './context.js';
import { formatError, type ErrorScope } from './errors/format-error.js';
import { GRAPHQL_PATH } from './graphql-server.js';
import { depthLimit } from './plugins/depth-limit.js';
import { BODY_BYTES_MAX, TOKENS_MAX, documentProblem } from './plugins/document-limits.js';
import { requestIdOf } from './request-scope.js';

/** Kept on each connection by the socket server. */
interface Extra extends Record<PropertyKey, unknown> {
  access?: Access;
}

export interface SocketServer {
  /** Tells subscribers to go and closes; called again it does nothing. */
  dispose(): Promise<void>;
}

/** Answers `graphql-transport-ws` at GRAPHQL_PATH, on the HTTP server's port. */
export function addSocketServer(http: Server, schema: GraphQLSchema, services: Services): SocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: BODY_BYTES_MAX });
  function scopeOf(request: IncomingMessage, id: string): ErrorScope {
    return { requestId: `${requestIdOf(request.headers['x-request-id'])}/${id}`, logger: services.logger };
  }
  const server = useServer<Record<string, unknown>, Extra>(
    {
      schema,
      isProd: true,
      parse: parseBounded,
      validate: (over, document) => validate(over, document, [...specifiedRules, depthLimit]),
      async onConnect(ctx) {
        const header = ctx.connectionParams?.['authorization'] ?? ctx.connectionParams?.['Authorization'];
        const access = await authenticate(services.keys, header ?? ctx.extra.request.headers.authorization);
        if (access === null) return false;
        ctx.extra.access = access;
        return true;
      },
      context(ctx, id) {
        const { access, request } = ctx.extra;
        if (!access) throw new Error('a socket was let in without a key');
        services.metrics.operation('socket');
        return { ...createContext(services, access, scopeOf(request, id).requestId) };
      },
      onError: (ctx, id, _payload, errors) => formatAll(errors, scopeOf(ctx.extra.request, id)),
      onNext(ctx, id, _payload, _args, { errors, data = null }) {
        return errors && { errors: formatAll(errors, scopeOf(ctx.extra.request, id)), data };
      },
    },
    sockets,
  );
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

function parseBounded(
  source: Parameters<typeof parse>[0],
  options?: Parameters<typeof parse>[1],
): ReturnType<typeof parse> {
  const problem = documentProblem(typeof source === 'string' ? source : source.body);
  if (problem !== null) throw new GraphQLError(problem, { extensions: { code: 'BAD_USER_INPUT' } });
  return parse(source, { ...options, maxLexicalTokens: TOKENS_MAX });
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
