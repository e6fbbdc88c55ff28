/** The least that holds a subscriber: `ws` as it comes, one answer to each subscription, nothing kept but the socket. */
import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { announce, answerParent } from '../processes/answers.js';

const message = z.object({
  type: z.string(),
  payload: z.object({ variables: z.object({ customerId: z.string() }).optional() }).optional(),
});

function answer(socket: WebSocket, data: Buffer): void {
  const { type, payload } = message.parse(JSON.parse(data.toString()));
  if (type === 'connection_init') socket.send(JSON.stringify({ type: 'connection_ack' }));
  if (type !== 'subscribe') return;
  const customerId = payload?.variables?.customerId ?? '';
  const entitlementsChanged = { cursor: 'none', customerId, changed: ['calls-01'], cause: null };
  socket.send(JSON.stringify({ id: '1', type: 'next', payload: { data: { entitlementsChanged } } }));
}

const server = createServer();
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => socket.on('message', (data: Buffer) => answer(socket, data)));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  answerParent({});
  announce(`http://127.0.0.1:${String(port)}`);
});
