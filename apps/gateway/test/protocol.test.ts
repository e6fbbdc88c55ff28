import { Client } from 'pg';
import { WebSocket } from 'ws';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { metric, nobodyIsLeft } from './live-counts.js';

const PAGE = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ allowedOrigins: [PAGE] });
});
afterEach(async () => {
  await nobodyIsLeft(gateway);
});
afterAll(async () => {
  await gateway.close();
});

/** A socket that sends what it is told, and holds what came back. */
class RawSocket {
  readonly #socket: WebSocket;
  readonly #messages: unknown[] = [];
  #arrived: (() => void) | null = null;
  readonly closed: Promise<number>;

  constructor(protocols = ['graphql-transport-ws'], to = gateway) {
    this.#socket = new WebSocket(`${to.url.replace('http', 'ws')}/graphql`, protocols);
    this.#socket.on('message', (data: Buffer) => {
      this.#messages.push(JSON.parse(data.toString()));
      this.#arrived?.();
    });
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.#socket.on('close', resolve));
  }

  /** Opened, and let in unless `payload` names no valid key. */
  static async open(
    payload: object = { authorization: `Bearer ${gateway.adminKey}` },
    to = gateway,
  ): Promise<RawSocket> {
    const socket = new RawSocket(undefined, to);
    await socket.send({ type: 'connection_init', payload });
    return socket;
  }

  async send(message: object | string): Promise<void> {
    if (this.#socket.readyState === WebSocket.CONNECTING)
      await new Promise((resolve) => this.#socket.once('open', resolve));
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async next(): Promise<unknown> {
    while (this.#messages.length === 0) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.#messages.shift();
  }

  close(): Promise<number> {
    this.#socket.close();
    return this.closed;
  }
}

const EVENTS = { query: 'subscription { events { cursor type } }' };
const TENANT = { query: '{ tenant { name } }' };

test('a socket is let in, an operation is answered and is over', async () => {
  const socket = await RawSocket.open();
  expect(await socket.next()).toEqual({ type: 'connection_ack' });
  await socket.send({ id: 'a', type: 'subscribe', payload: TENANT });
  const data = { tenant: { name: 'Meridian' } };
  expect(await socket.next()).toEqual({ id: 'a', type: 'next', payload: { data } });
  expect(await socket.next()).toEqual({ id: 'a', type: 'complete' });
  expect(await socket.close()).toBe(1005);
});

test('a socket that begins with null for a payload is one that shows no credential there', async () => {
  const socket = new RawSocket();
  await socket.send({ type: 'connection_init', payload: null });
  expect(await socket.closed).toBe(4403);
});

test('a ping is answered by a pong with its payload, before a socket is let in too', async () => {
  const socket = new RawSocket();
  await socket.send({ type: 'ping', payload: { n: 1 } });
  expect(await socket.next()).toEqual({ type: 'pong', payload: { n: 1 } });
  await socket.close();
});

test('a subscription that the client has completed sends nothing more, and its id is free again', async () => {
  const socket = await RawSocket.open();
  await socket.next();
  await socket.send({ id: 'a', type: 'subscribe', payload: EVENTS });
  await socket.send({ id: 'a', type: 'complete' });
  await gateway.send('mutation { upsertCustomer(input: { id: "unheard" }) { revision } }');
  await socket.send({ id: 'a', type: 'subscribe', payload: TENANT });
  expect(at(await socket.next(), 'payload.data.tenant.name')).toBe('Meridian');
  await socket.close();
});

test.each<[string, number, () => Promise<RawSocket>]>([
  ['without a valid key', 4403, () => RawSocket.open({ authorization: 'Bearer nothing' })],
  ['without the subprotocol', 4406, () => Promise.resolve(new RawSocket([]))],
  [
    'with an operation before it is let in',
    4401,
    async () => {
      const socket = new RawSocket();
      await socket.send({ id: 'a', type: 'subscribe', payload: TENANT });
      return socket;
    },
  ],
  [
    'that begins twice',
    4429,
    async () => {
      const socket = await RawSocket.open();
      await socket.send({ type: 'connection_init', payload: {} });
      return socket;
    },
  ],
  [
    'with two subscriptions of one id',
    4409,
    async () => {
      const socket = await RawSocket.open();
      await socket.next();
      await socket.send({ id: 'a', type: 'subscribe', payload: EVENTS });
      await socket.send({ id: 'a', type: 'subscribe', payload: EVENTS });
      return socket;
    },
  ],
  [
    'with a message that is none',
    4400,
    async () => {
      const socket = await RawSocket.open();
      await socket.send('not JSON');
      return socket;
    },
  ],
  [
    'with a message that only servers send',
    4400,
    async () => {
      const socket = await RawSocket.open();
      await socket.send({ type: 'connection_ack' });
      return socket;
    },
  ],
])('a socket %s is closed by %i', async (_name, code, opened) => {
  const socket = await opened();
  expect(await socket.closed).toBe(code);
});

test('a socket that does not begin is closed by 4408', async () => {
  expect(await new RawSocket().closed).toBe(4408);
});

test('a socket has so many operations and no more; the others go on', async () => {
  const socket = await RawSocket.open();
  await socket.next();
  for (let index = 0; index <= 1000; index += 1)
    await socket.send({ id: `n${String(index)}`, type: 'subscribe', payload: EVENTS });
  const refused = await socket.next();
  expect(refused).toMatchObject({ id: 'n1000', type: 'error' });
  expect(at(refused, 'payload.0.extensions.code')).toBe('RATE_LIMITED');
  expect(at(refused, 'payload.0.message')).toContain('complete some, or open another socket');
  expect(await metric(gateway, 'licet_live_operations')).toBe(1000);
  await socket.close();
});

const MANY = 20;

test('the keys of what has been closed are looked at no more when keys change', async () => {
  for (let index = 0; index < MANY; index += 1) {
    const authorization = `Bearer ${(await gateway.newKey({ role: 'SERVICE' })).secret}`;
    const socket = await RawSocket.open({ authorization });
    await socket.next();
    await socket.close();
    const search = new URLSearchParams(TENANT).toString();
    const stream = await fetch(`${gateway.url}/graphql/stream?${search}`, { headers: { authorization } });
    expect(await stream.text()).toContain('event: complete');
  }
  await nobodyIsLeft(gateway);
  const key = await gateway.newKey({ role: 'SERVICE' });
  const open = await RawSocket.open({ authorization: `Bearer ${key.secret}` });
  await open.next();
  const sent = jest.spyOn(Client.prototype, 'query');
  await gateway.send('mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }', { id: key.id });
  expect(await open.closed).toBe(4403);
  const looks = sent.mock.calls.filter(([statement]) => JSON.stringify(statement).includes('find-api-key'));
  sent.mockRestore();
  expect(looks.length).toBeLessThan(MANY / 2);
});

/** With which status a page of this origin is answered; 101: it is let in. */
function statusFor(origin: string): Promise<number> {
  return new Promise((resolve) => {
    const url = `${gateway.url.replace('http', 'ws')}/graphql`;
    const socket = new WebSocket(url, 'graphql-transport-ws', { origin });
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
  });
}

test('a page of an allowed origin may connect, and one of the gateway itself; others may not', async () => {
  expect(await statusFor(PAGE)).toBe(101);
  expect(await statusFor(gateway.url)).toBe(101);
  for (const origin of ['https://evil.example', 'null', 'http://app.example.com', `${PAGE}.evil.example`])
    expect(await statusFor(origin)).toBe(403);
});

test('a gateway that closes answers what is under way, takes nothing more, and tells its sockets to come again', async () => {
  const other = await startTestGateway();
  await other.send('mutation { upsertCustomer(input: { id: "held" }) { revision } }');
  const key = { authorization: `Bearer ${other.adminKey}` };
  const waiting = await RawSocket.open(key, other);
  await waiting.next();
  await waiting.send({ id: 'a', type: 'subscribe', payload: EVENTS });
  const busy = await RawSocket.open(key, other);
  await busy.next();
  // The mutation waits for its customer.
  const lock = new Client({ connectionString: other.services.db.url });
  await lock.connect();
  await lock.query(`begin; set local app.tenant = '${other.tenantId}'; select 1 from customer for update`);
  const query = 'mutation { upsertCustomer(input: { id: "held", name: "Ann" }) { customer { name } } }';
  await busy.send({ id: 'm', type: 'subscribe', payload: { query } });
  while ((await metric(other, 'licet_live_operations')) < 2) await other.send('{ tenant { id } }');
  const closing = other.close();
  expect(await waiting.closed).toBe(1012);
  await expect(fetch(other.url)).rejects.toThrow('fetch failed');
  await busy.send({ id: 'late', type: 'subscribe', payload: TENANT });
  await lock.query('commit');
  await lock.end();
  expect(at(await busy.next(), 'payload.data.upsertCustomer.customer.name')).toBe('Ann');
  expect(await busy.next()).toEqual({ id: 'm', type: 'complete' });
  expect(await busy.closed).toBe(1012);
  await closing;
});
