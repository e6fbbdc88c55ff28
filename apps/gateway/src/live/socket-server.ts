import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GraphQLSchema } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { Services } from '../context.js';
import { GRAPHQL_PATH } from '../graphql-server.js';
import { BODY_BYTES_MAX } from '../plugins/document-limits.js';
import { KeepAlive } from './keep-alive.js';
import { KnownDocuments } from './known-documents.js';
import { LiveSocket } from './live-socket.js';
import { SocketKeys } from './socket-keys.js';

export interface SocketServer {
  /** Tells subscribers to go and closes; called again it does nothing. */
  dispose(): Promise<void>;
}

/**
 * Answers `graphql-transport-ws` at GRAPHQL_PATH, on the HTTP server's port. A socket whose key is revoked, or ends, is
 * closed by 4403 (Forbidden), like one that comes without a key.
 */
export function addSocketServer(http: Server, schema: GraphQLSchema, services: Services): SocketServer {
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: BODY_BYTES_MAX, handleProtocols },
    WebSocket: LiveSocket,
  });
  const keepAlive = new KeepAlive();
  const shared = {
    ...{ schema, services, keepAlive },
    keys: new SocketKeys(services),
    documents: new KnownDocuments(schema),
  };
  function open(socket: LiveSocket, request: IncomingMessage): void {
    socket.open(shared, request);
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

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function disposableOnce(dispose: () => Promise<void>): SocketServer {
  let disposed: Promise<void> | null = null;
  return { dispose: () => (disposed ??= dispose()) };
}
