/** Live subscribers as a process of their own: a bare socket each, speaking `graphql-transport-ws`. */
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { announce, answerParent } from '../processes/answers.js';
import { customerName } from '../seed/tenant.js';
import { machineClock, type OpenOrder, parseOpenOrder, type Received } from './live.js';

const QUERY =
  'subscription ($customerId: ID!) { entitlementsChanged(customerId: $customerId) { cursor customerId changed cause { type } } }';
const OPENING_AT_ONCE = 50;
const TAKE_WITHIN_MILLISECONDS = 30_000;

const changeMessage = z.object({
  cursor: z.string(),
  customerId: z.string(),
  changed: z.array(z.string()).min(1),
  cause: z.object({ type: z.string() }).nullable(),
});
type Change = z.infer<typeof changeMessage>;
const CAUSE = 'subscription.plan_changed';

const message = z.discriminatedUnion('type', [
  z.object({ type: z.literal('connection_ack') }),
  z.object({ type: z.literal('ping') }),
  z.object({
    type: z.literal('next'),
    payload: z.object({
      errors: z.undefined().optional(),
      data: z.object({ entitlementsChanged: changeMessage }),
    }),
  }),
]);

const sockets: WebSocket[] = [];
let received: Received = [];
let failure: Error | null = null;

async function open({ url, apiKey, customers }: OpenOrder): Promise<void> {
  // Alone: the first use of a key is written down, and many first uses at once get into each other's way.
  await subscribe(url, apiKey, customerName(1));
  let next = 2;
  const lanes = Array.from({ length: OPENING_AT_ONCE }, async () => {
    while (next <= customers) await subscribe(url, apiKey, customerName(next++));
  });
  await Promise.all(lanes);
}

/** A change, or what else the protocol says; null where it is neither. */
function read(data: Buffer): Change | 'connection_ack' | 'ping' | null {
  const parsed = message.safeParse(JSON.parse(data.toString()));
  if (!parsed.success) return null;
  return parsed.data.type === 'next' ? parsed.data.payload.data.entitlementsChanged : parsed.data.type;
}

/** Resolves with the first message, which tells what is now. */
function subscribe(url: string, apiKey: string, customerId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    sockets.push(socket);
    const send = (value: object): void => socket.send(JSON.stringify(value));
    const fail = (error: Error): void => {
      failure ??= error;
      reject(error);
    };
    let isFirst = true;
    socket.on('open', () =>
      send({ type: 'connection_init', payload: { authorization: `Bearer ${apiKey}` } }),
    );
    socket.on('message', (data: Buffer) => {
      const at = machineClock();
      const change = read(data);
      switch (change) {
        case 'connection_ack':
          send({ id: '1', type: 'subscribe', payload: { query: QUERY, variables: { customerId } } });
          break;
        case 'ping':
          send({ type: 'pong' });
          break;
        default:
          if (change?.customerId !== customerId || (!isFirst && change.cause?.type !== CAUSE)) {
            fail(new Error(`a wrong message: ${data.toString()}`));
            break;
          }
          if (isFirst) resolve();
          else received.push({ id: change.cursor, at });
          isFirst = false;
      }
    });
    socket.on('error', fail);
    socket.on('close', (code) => fail(new Error(`a socket was closed: ${String(code)}`)));
  });
}

async function take(count: number): Promise<Received> {
  const until = performance.now() + TAKE_WITHIN_MILLISECONDS;
  while (received.length < count && failure === null && performance.now() < until) await delay(5);
  if (failure !== null) throw failure;
  if (received.length !== count)
    throw new Error(`${String(count)} changes were made, ${String(received.length)} were received`);
  const all = received;
  received = [];
  return all;
}

answerParent({
  open: (input) => open(parseOpenOrder(input)),
  take: (input) => take(Number(input)),
});
announce();
