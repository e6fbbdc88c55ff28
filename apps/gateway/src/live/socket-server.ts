import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { type Server as Sockets, WebSocketServer } from 'ws';
import { GRAPHQL_PATH } from '../graphql-server.js';
import { BODY_BYTES_MAX } from '../plugins/document-limits.js';
import type { ObservedChannels } from '../metrics.js';
import { FOREIGN_ORIGIN } from './foreign-origin.js';
import { LiveSocket, type SocketServices } from './live-socket.js';

/** Within which operations that end by themselves are answered when the gateway goes. */
const FINISH_MILLISECONDS = 4000;
/** And within which clients answer, after that, that their sockets are closed. */
const CLOSE_MILLISECONDS = 3000;

export interface SocketServer {
  readonly observed: ObservedChannels;
  /** Lets what ends by itself be answered, tells subscribers to come again, and closes; called again it does nothing. */
  dispose(): Promise<void>;
}

/**
 * Answers `graphql-transport-ws` at GRAPHQL_PATH, on the HTTP server's port. A socket whose key is revoked, or ends, is
 * closed by 4403 (Forbidden), like one that comes without a key.
 */
export function addSocketServer(http: Server, shared: SocketServices): SocketServer {
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: BODY_BYTES_MAX, handleProtocols },
    WebSocket: LiveSocket,
  });
  const { crossOrigin } = shared.services;
  function open(socket: LiveSocket, request: IncomingMessage): void {
    socket.open(shared, request);
  }
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { origin, host } = request.headers;
    if (pathOf(request) !== GRAPHQL_PATH) refuse(socket, '404 Not Found');
    else if (!crossOrigin.letsIn(origin, host)) refuse(socket, '403 Forbidden', FOREIGN_ORIGIN);
    else sockets.handleUpgrade(request, socket, head, open);
  });
  return {
    get observed() {
      const open = [...sockets.clients];
      return {
        connections: open.length,
        operations: sum(open.map(({ operations }) => operations)),
        unsentBytes: sum(open.map(({ bufferedAmount }) => bufferedAmount)),
      };
    },
    ...disposableOnce(() => closeAll(sockets)),
  };
}

async function closeAll(sockets: Sockets<typeof LiveSocket>): Promise<void> {
  const open = [...sockets.clients];
  const closed = new Promise<void>((resolve) => {
    sockets.close(() => {
      resolve();
    });
  });
  for (const socket of open) socket.goAway();
  const late = setTimeout(() => {
    for (const socket of open) socket.goNow();
  }, FINISH_MILLISECONDS);
  const tooLate = setTimeout(() => {
    for (const socket of open) socket.terminate();
  }, FINISH_MILLISECONDS + CLOSE_MILLISECONDS);
  await closed;
  clearTimeout(late);
  clearTimeout(tooLate);
}

function refuse(socket: Duplex, status: string, body = ''): void {
  const length = String(Buffer.byteLength(body));
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function disposableOnce(dispose: () => Promise<void>): Pick<SocketServer, 'dispose'> {
  let disposed: Promise<void> | null = null;
  return { dispose: () => (disposed ??= dispose()) };
}
