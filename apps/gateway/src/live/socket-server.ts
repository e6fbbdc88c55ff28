import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  getOperationAST,
  GraphQLError,
  type ExecutionArgs,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import {
  handleProtocols,
  makeServer,
  type Server as ProtocolServer,
  type SubscribePayload,
} from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { GatewayContext, type Services } from '../context.js';
import { badInput, unauthenticated } from '../errors/api-error.js';
import { formatError, type ErrorScope } from '../errors/format-error.js';
import { GRAPHQL_PATH } from '../graphql-server.js';
import { BODY_BYTES_MAX, operationProblem } from '../plugins/document-limits.js';
import { costCheck } from '../plugins/cost-limit.js';
import { KeepAlive } from './keep-alive.js';
import { KnownDocuments, RefusedDocument } from './known-documents.js';
import { OpenSocket } from './open-socket.js';
import { type SocketKey, SocketKeys } from './socket-keys.js';
import { subscribe } from './subscribe.js';

export interface SocketServer {
  /** Tells subscribers to go and closes; called again it does nothing. */
  dispose(): Promise<void>;
}

/**
 * Answers `graphql-transport-ws` at GRAPHQL_PATH, on the HTTP server's port. Each operation is authorised anew; a socket
 * whose key is revoked, or ends, is closed by 4403 (Forbidden), like one that comes without a key.
 */
export function addSocketServer(http: Server, schema: GraphQLSchema, services: Services): SocketServer {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: BODY_BYTES_MAX, handleProtocols });
  const protocol = protocolServer(schema, services);
  const keepAlive = new KeepAlive();
  // Nothing that outlives this call may name the request: its headers would be kept as long as the socket.
  function open(webSocket: WebSocket, request: IncomingMessage): void {
    const socket = new OpenSocket(webSocket, request, services.logger);
    const closed = protocol.opened(socket, socket);
    const stopPings = keepAlive.add(socket);
    webSocket.once('close', (code, reason) => {
      stopPings();
      void closed(code, reason.toString());
    });
  }
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (pathOf(request) !== GRAPHQL_PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, open);
  });
  return disposableOnce(async () => {
    keepAlive.close();
    for (const webSocket of sockets.clients) webSocket.close(GOING_AWAY, 'Going away');
    await new Promise<void>((resolve) => {
      sockets.close(() => {
        resolve();
      });
    });
  });
}

/** RFC 6455, 7.4.1. */
const GOING_AWAY = 1001;

/** What the protocol leaves to its server: who may come in, and what an operation is answered. */
function protocolServer(schema: GraphQLSchema, services: Services): ProtocolServer<OpenSocket> {
  const keys = new SocketKeys(services);
  const documents = new KnownDocuments(schema);
  return makeServer<Record<string, unknown>, OpenSocket>({
    async onConnect({ connectionParams, extra: socket }) {
      const header = connectionParams?.['authorization'] ?? connectionParams?.['Authorization'];
      const key = keys.hold(header ?? socket.authorization, socket);
      socket.key = key;
      socket.authorization = undefined;
      return isLetIn(key, socket, services);
    },
    onClose({ extra: socket }) {
      socket.key?.leave(socket);
    },
    async onSubscribe({ extra: socket }, id, payload) {
      try {
        const access = (await socket.key?.access()) ?? null;
        if (!access) throw unauthenticated();
        services.metrics.operation('socket');
        const contextValue = new GatewayContext(services, access, requestIdOf(socket, id));
        return { ...readOperation(schema, documents, payload), contextValue };
      } catch (error) {
        // Whatever is wrong with one operation, the others on this socket go on.
        return refusals(error);
      }
    },
    subscribe,
    onError: ({ extra }, id, _payload, errors) => formatAll(errors, scopeOf(extra, id)),
    onNext({ extra }, id, _payload, _args, { errors, data = null }) {
      return errors && { errors: formatAll(errors, scopeOf(extra, id)), data };
    },
  });
  function scopeOf(socket: OpenSocket, id: string): ErrorScope {
    return { requestId: requestIdOf(socket, id), logger: services.logger };
  }
}

/** Whether the key allows anything. While that cannot be found out, the socket is closed to be opened again. */
async function isLetIn(key: SocketKey, socket: OpenSocket, { logger }: Services): Promise<boolean> {
  try {
    return (await key.open()) !== null;
  } catch (error) {
    const { extensions } = formatError(error, { requestId: socket.requestId, logger });
    if (extensions?.['code'] !== 'UNAVAILABLE') throw error;
    socket.comeAgain('the database is out of reach; try again');
    return false;
  }
}

function requestIdOf({ requestId }: OpenSocket, id: string): string {
  return `${requestId}/${id}`;
}

function refusals(error: unknown): readonly GraphQLError[] {
  if (error instanceof RefusedDocument) return error.errors;
  if (error instanceof GraphQLError) return [error];
  const originalError = error instanceof Error ? error : new Error(String(error));
  return [new GraphQLError(originalError.message, { originalError })];
}

/** An operation under the same bounds as over HTTP; throws what is wrong with it. */
function readOperation(
  schema: GraphQLSchema,
  documents: KnownDocuments,
  payload: SubscribePayload,
): ExecutionArgs {
  const problem = operationProblem({ ...payload });
  if (problem !== null) throw badInput(problem.path, problem.message);
  const { query, variables, operationName } = payload;
  const document = documents.read(query);
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    throw badInput(
      'operationName',
      operationName
        ? `the document has no operation \`${operationName}\``
        : 'the document has several operations, or none; name one by `operationName`',
    );
  }
  const refused = costCheck(schema, document, operation)?.(variables);
  if (refused) throw refused;
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
