import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';
import { type Relay, startRelay } from './relay.js';

/** The database goes away while subscribers resume, and comes back; the reference clients need no help but their retries. */
let relay: Relay;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    async through(url) {
      relay = await startRelay(url);
      return relay.url;
    },
  });
});
afterEach(mended);
afterAll(async () => {
  await gateway.close();
  await relay.close();
});

interface Follower {
  subscribe(
    payload: { query: string; variables: Record<string, unknown> },
    sink: {
      next(answer: unknown): void;
      error(error: unknown): void;
      complete(): void;
    },
  ): () => void;
}

/** Clients that come again; `onAgain` is called each time before they do. */
const CLIENTS: Readonly<Record<string, (onAgain: () => Promise<void>) => Follower>> = {
  'graphql-ws': (retryWait) =>
    createSocketClient({
      url: `${gateway.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${gateway.adminKey}` },
      retryAttempts: Infinity,
      retryWait,
    }),
  'graphql-sse': (retry) =>
    createSseClient({
      url: `${gateway.url}/graphql/stream`,
      headers: { authorization: `Bearer ${gateway.adminKey}` },
      retryAttempts: Infinity,
      retry,
    }),
};

const EVENTS = `subscription ($after: Cursor) { events(after: $after, types: ["customer.created"]) { cursor customerId } }`;
/** Each answer reads the customer's name. */
const PLANS = `subscription ($after: Cursor) { planChanged(after: $after) { cursor customerId subscription { customer { name } } } }`;

async function mended(): Promise<void> {
  relay.mend();
  while ((await fetch(`${gateway.url}/readyz`)).status !== 200)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Whose answers came, to a client that goes on from its cursor; the database goes away with the first of them. */
async function followThroughOutage(client: string, query: string, after: string, last: string) {
  const field = query.includes('events') ? 'events' : 'planChanged';
  const variables: Record<string, unknown> = { after };
  const found: { ids: unknown[]; refused: unknown[]; times: number } = { ids: [], refused: [], times: 0 };
  const own = CLIENTS[client]?.(async () => {
    found.times += 1;
    // Once it has come while the database is away, too.
    if (found.times > 1) await mended();
  });
  await new Promise<void>((resolve, reject) => {
    const leave = own?.subscribe(
      { query, variables },
      {
        next(answer) {
          if (at(answer, 'errors') !== undefined) found.refused.push(answer);
          const told = at(answer, `data.${field}`);
          if (told === undefined || told === null) return;
          if (found.ids.length === 0) relay.cut();
          variables['after'] = at(told, 'cursor');
          found.ids.push(at(told, 'customerId'));
          if (at(told, 'customerId') !== last) return;
          leave?.();
          resolve();
        },
        error: (error) => reject(new Error(JSON.stringify(error))),
        complete: () => reject(new Error('completed')),
      },
    );
  });
  return found;
}

describe.each(Object.keys(CLIENTS))('the client of %s', (client) => {
  test('reads on where its history stopped when the database went away', async () => {
    const begin = await gateway.send('mutation { upsertCustomer(input: { id: "start" }) { revision } }');
    const ids = Array.from({ length: 200 }, (_, index) => `${client}-${String(index)}`);
    for (const id of ids)
      await gateway.send('mutation ($id: ID!) { upsertCustomer(input: { id: $id }) { revision } }', { id });
    const last = ids.at(-1) ?? '';
    const found = await followThroughOutage(client, EVENTS, begin.text('upsertCustomer.revision'), last);
    expect(found).toEqual({ ids, refused: [], times: expect.any(Number) });
    expect(found.times).toBeGreaterThan(1);
  });

  test('misses no answer that could not be made without the database', async () => {
    const begin = await gateway.send('mutation { upsertCustomer(input: { id: "start" }) { revision } }');
    const ids = Array.from({ length: 20 }, (_, index) => `${client}-plan-${String(index)}`);
    for (const id of ids) await newCustomer(gateway, id, 'free');
    const last = ids.at(-1) ?? '';
    const found = await followThroughOutage(client, PLANS, begin.text('upsertCustomer.revision'), last);
    expect(found).toEqual({ ids, refused: [], times: expect.any(Number) });
    expect(found.times).toBeGreaterThan(1);
  });
});
