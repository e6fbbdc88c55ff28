import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { metric, nobodyIsLeft } from './live-counts.js';

/** What is kept for a client that reads nothing, in bytes as the gateway counts them itself. */
const MEBIBYTE = 1024 * 1024;

jest.setTimeout(120_000);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const EVENTS = 'subscription ($after: Cursor) { events(after: $after) { cursor data } }';
/** Of each event some 100 KB: the kernel takes some megabytes before anything waits. */
const LONG = 'x'.repeat(50_000);

/** Makes an event that holds the number. */
async function change(number: number): Promise<void> {
  const changed = await gateway.send(
    'mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { revision } }',
    { input: { id: 'slow', attributes: { long: LONG, number } } },
  );
  expect(changed.errors).toEqual([]);
}

function numbersIn(told: readonly unknown[]): unknown[] {
  return told.flatMap((message) => at(message, 'payload.data.events.data.after.attributes.number') ?? []);
}

/** What the gateway keeps for clients that have not read it. */
async function kept(): Promise<number> {
  return (
    (await metric(gateway, 'licet_live_waiting_bytes')) + (await metric(gateway, 'licet_live_unsent_bytes'))
  );
}

interface Slow {
  /** Reads nothing from now on, not from the kernel either. */
  stop(): void;
  goOn(): void;
  /** Settles with the code by which it was closed. */
  readonly closed: Promise<number>;
  readonly told: unknown[];
  socket: WebSocket;
}

async function follower(after: unknown = null): Promise<Slow> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const told: unknown[] = [];
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.once('open', resolve));
  const acknowledged = new Promise((resolve) => socket.once('message', resolve));
  socket.send(
    JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${gateway.adminKey}` } }),
  );
  await acknowledged;
  socket.on('message', (data: Buffer) => {
    told.push(JSON.parse(data.toString()));
  });
  socket.send(
    JSON.stringify({ id: 'a', type: 'subscribe', payload: { query: EVENTS, variables: { after } } }),
  );
  const answered = new Promise((resolve) => socket.once('message', resolve));
  socket.send(JSON.stringify({ id: 'b', type: 'subscribe', payload: { query: '{ tenant { id } }' } }));
  await answered;
  return {
    socket,
    told,
    closed,
    stop: () => {
      socket.pause();
    },
    goOn: () => {
      socket.resume();
    },
  };
}

test('a client that stops reading is let go, the gateway keeps no more than a little for it, and it misses nothing', async () => {
  await change(0);
  const slow = await follower();
  await change(1);
  while (numbersIn(slow.told).length === 0)
    await new Promise((resolve) => slow.socket.once('message', resolve));
  slow.stop();
  let most = 0;
  let last = 1;
  while (gateway.services.feed.followers > 0) {
    await change((last += 1));
    most = Math.max(most, await kept());
    expect(most).toBeLessThan(5 * MEBIBYTE);
  }
  console.log(`${String(last)} changes; most that was kept: ${String(Math.round(most / 1024))} KiB`);
  expect(await metric(gateway, 'licet_live_waiting_bytes')).toBe(0);
  slow.goOn();
  expect(await slow.closed).toBe(4510);
  const cursor = slow.told.map((message) => at(message, 'payload.data.events.cursor')).findLast(Boolean);
  const again = await follower(cursor);
  const all = Array.from({ length: last }, (_, index) => index + 1);
  while (numbersIn([...slow.told, ...again.told]).length < all.length)
    await new Promise((resolve) => again.socket.once('message', resolve));
  expect(numbersIn([...slow.told, ...again.told])).toEqual(all);
  again.socket.close();
  await nobodyIsLeft(gateway);
});

test('a client that asks and asks and reads nothing is closed, or waits: what is kept for it has an end', async () => {
  const greedy = await follower();
  greedy.stop();
  const query = '{ customer(id: "slow") { attributes } }';
  for (let index = 0; index < 1500; index += 1)
    greedy.socket.send(JSON.stringify({ id: `q${String(index)}`, type: 'subscribe', payload: { query } }));
  let most = 0;
  for (let round = 0; round < 50; round += 1) {
    await gateway.send('{ tenant { id } }');
    most = Math.max(most, await metric(gateway, 'licet_live_unsent_bytes'));
  }
  expect(await metric(gateway, 'licet_live_operations')).toBeLessThanOrEqual(1000);
  console.log(`most that was kept: ${String(Math.round(most / 1024))} KiB`);
  expect(most).toBeLessThan(6 * MEBIBYTE);
  greedy.goOn();
  greedy.socket.close();
  await nobodyIsLeft(gateway);
});

test('pings of a client that reads no pongs are not answered without end', async () => {
  const pinging = await follower();
  pinging.stop();
  const payload = { text: 'x'.repeat(100_000) };
  while (pinging.socket.readyState === WebSocket.OPEN) {
    for (let count = 0; count < 10; count += 1)
      pinging.socket.send(JSON.stringify({ type: 'ping', payload }));
    await gateway.send('{ tenant { id } }');
    const unsent = await metric(gateway, 'licet_live_unsent_bytes');
    expect(unsent).toBeLessThan(5 * MEBIBYTE);
    if (unsent > 4 * MEBIBYTE) break;
  }
  pinging.socket.send(JSON.stringify({ type: 'ping', payload }));
  pinging.goOn();
  expect(await pinging.closed).toBe(4510);
  await nobodyIsLeft(gateway);
});

/** A stream over a bare connection, of which nothing is read until it is resumed. */
function streamOf(query: string): Socket {
  const body = JSON.stringify({ query });
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.write(
    `POST /graphql/stream HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${gateway.adminKey}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`,
  );
  return socket;
}

test('a stream of server-sent events that nobody reads ends, without being completed', async () => {
  const socket = streamOf('subscription { events { cursor data } }');
  while (gateway.services.feed.followers === 0) await gateway.send('{ tenant { id } }');
  for (let number = -1; gateway.services.feed.followers > 0; number -= 1) {
    await change(number);
    expect(await kept()).toBeLessThan(5 * MEBIBYTE);
  }
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise((resolve) => socket.once('end', resolve));
  socket.resume();
  await ended;
  expect(text).toContain('event: next');
  expect(text).not.toContain('event: complete');
  await nobodyIsLeft(gateway);
});
