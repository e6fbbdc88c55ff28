import { consume, newCustomer } from '../customers.js';
import { pino } from 'pino';
import { startServer } from '../../src/server.js';
import { openServices } from '../../src/services.js';
import { at, startTestGateway, type TestGateway } from '../gateway.js';
import { publish } from '../publish.js';
import { post } from './door.js';
import { CATALOG } from '../catalog.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'pro');
});
afterAll(() => gateway.close());

interface SentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

interface OpenStream {
  readonly status: number;
  readonly headers: Headers;
  /** Null: the stream has ended. */
  next(): Promise<SentEvent | null>;
  leave(): Promise<void>;
}

/** Reads server-sent events as a client does. */
async function open(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  url = gateway.url,
): Promise<OpenStream> {
  const response = await fetch(url + path, { headers: { accept: 'text/event-stream', ...headers } });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  async function next(): Promise<SentEvent | null> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end !== -1) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        text = text.slice(end + 2);
        if (!fields.has('data')) continue;
        return {
          id: fields.get('id') ?? '',
          event: fields.get('event') ?? '',
          data: JSON.parse(fields.get('data') ?? ''),
        };
      }
      const { done, value } = await reader.read();
      if (done) return null;
      text += value;
    }
  }
  return { status: response.status, headers: response.headers, next, leave: () => reader.cancel() };
}

async function streamOf(customerId: string, key = gateway.adminKey, of = gateway): Promise<string> {
  const { body } = await post(
    of,
    '/ofrep/v1/evaluate/flags',
    { context: { targetingKey: customerId } },
    { key },
  );
  expect(at(body, 'eventStreams')).toEqual([{ type: 'sse', endpoint: { requestUri: expect.any(String) } }]);
  return String(at(body, 'eventStreams.0.endpoint.requestUri'));
}

const spend = (customerId: string) => consume(gateway, { customerId, feature: 'api-calls', quantity: 1 });

test('a stream tells to fetch at once, and again after each change, with what the answer must have seen', async () => {
  const stream = await open(await streamOf('ada'));
  expect(stream.status).toBe(200);
  expect(stream.headers.get('content-type')).toBe('text/event-stream');
  const first = await stream.next();
  expect(first).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{16}-[0-9a-f]{8}$/),
    event: 'message',
    data: { type: 'refetchEvaluation', etag: first?.id },
  });
  const spent = await spend('ada');
  expect(await stream.next()).toMatchObject({ data: { etag: spent.text('consume.revision') } });
  const revision = await publish(gateway, { ...CATALOG, name: 'Published meanwhile' });
  let told = '';
  while (told < revision) told = (await stream.next())?.id ?? 'ended';
  const { body } = await post(gateway, `/ofrep/v1/evaluate/flags?flagConfigEtag=${told}`, {
    context: { targetingKey: 'ada' },
  });
  expect(at(body, 'metadata.release')).toBe(2);
  await stream.leave();
});

test('of others nothing is told', async () => {
  const stream = await open(await streamOf('ada'));
  await stream.next();
  await spend('bob');
  const own = await spend('ada');
  expect(await stream.next()).toMatchObject({ id: own.text('consume.revision') });
  await stream.leave();
});

test('who comes again goes on behind the last event that it has seen', async () => {
  const path = await streamOf('ada');
  const before = await open(path);
  const { id = '' } = (await before.next()) ?? {};
  await before.leave();
  const missed = await spend('ada');
  const after = await open(path, { 'last-event-id': id });
  expect(await after.next()).toMatchObject({ id: missed.text('consume.revision') });
  await after.leave();
});

test('who comes from another history, or with no cursor, begins anew', async () => {
  const path = await streamOf('ada');
  for (const id of ['0000000000000001-00000000', 'none']) {
    const stream = await open(path, { 'last-event-id': id });
    expect(await stream.next()).toMatchObject({ data: { type: 'refetchEvaluation' } });
    await stream.leave();
  }
});

test('the address is the same while the ticket lasts, so that clients stay, and another one for another customer', async () => {
  const path = await streamOf('ada');
  await spend('ada');
  expect(await streamOf('ada')).toBe(path);
  expect(await streamOf('bob')).not.toBe(path);
});

test('a stream ends with the token that its ticket was asked for with, which tells to fetch again before', async () => {
  const made = await gateway.send(
    'mutation { createCustomerToken(input: { customerId: "ada", ttl: "PT6S" }) { token } }',
  );
  const stream = await open(await streamOf('ada', made.text('createCustomerToken.token')));
  const told: (SentEvent | null)[] = [];
  do told.push(await stream.next());
  while (told.at(-1) !== null);
  expect(told.slice(0, -1)).not.toEqual([]);
});

test('without a good ticket there is no stream, and an answer that has none says nothing of one', async () => {
  const path = await streamOf('ada');
  for (const wrong of ['/ofrep/v1/events', '/ofrep/v1/events?ticket=', `${path}x`, `${path}&ticket=more`])
    expect((await open(wrong)).status).toBe(401);
  const { secret } = await gateway.newKey({ role: 'READER', operations: ['checkMany'] });
  for (const [customerId, key] of [
    ['nobody', gateway.adminKey],
    ['ada', secret],
  ] as const) {
    const { status, body } = await post(
      gateway,
      '/ofrep/v1/evaluate/flags',
      { context: { targetingKey: customerId } },
      { key },
    );
    expect([status, at(body, 'eventStreams')]).toEqual([200, undefined]);
  }
});

test('a stream is read, by GET alone', async () => {
  const response = await fetch(gateway.url + (await streamOf('ada')), { method: 'HEAD' });
  expect(response.status).toBe(404);
});

test('a gateway that closes ends its streams', async () => {
  const other = await startTestGateway();
  await newCustomer(other, 'ada', 'pro');
  const { body } = await post(other, '/ofrep/v1/evaluate/flags', { context: { targetingKey: 'ada' } });
  const response = await fetch(other.url + String(at(body, 'eventStreams.0.endpoint.requestUri')));
  const text = response.text();
  await other.close();
  expect(await text).toContain('refetchEvaluation');
});

const revoke = (id: string, of = gateway) =>
  of.send('mutation ($id: ID!) { revokeApiKey(id: $id) { revision } }', { id });

test('a stream ends when the API key is revoked that its ticket was asked for with, and opens no more', async () => {
  const { id, secret } = await gateway.newKey({ role: 'READER' });
  const path = await streamOf('ada', secret);
  const [one, other] = [await open(path), await open(await streamOf('bob', secret))];
  const stays = await open(await streamOf('ada'));
  await gateway.newKey({ role: 'READER' });
  expect(await one.next()).not.toBeNull();
  expect((await revoke(id)).errors).toEqual([]);
  for (const stream of [one, other]) while ((await stream.next()) !== null);
  expect((await open(path)).status).toBe(401);
  await spend('ada');
  expect(await stays.next()).toMatchObject({ data: { type: 'refetchEvaluation' } });
  await stays.leave();
});

test('so it does where its gateway has never seen the key itself', async () => {
  const { id, secret } = await gateway.newKey({ role: 'READER' });
  const path = await streamOf('ada', secret);
  const { db } = gateway.services;
  const services = await openServices(db, pino({ level: 'silent' }), { customers: 10 });
  const second = await startServer(services, {
    ...{ host: '127.0.0.1', port: 0, publicUrl: null, federatedTraces: false },
  });
  try {
    const stream = await open(path, {}, second.url);
    expect(await stream.next()).not.toBeNull();
    await revoke(id);
    while ((await stream.next()) !== null);
    expect((await open(path, {}, second.url)).status).toBe(401);
  } finally {
    await second.close();
    await services.close();
  }
});

test('more streams than may be open are refused, of a tenant and in all, until one leaves', async () => {
  const limited = await startTestGateway({ streamLimits: { ofTenant: 2, inAll: 3 } });
  try {
    await newCustomer(limited, 'ada', 'pro');
    const path = await streamOf('ada', limited.adminKey, limited);
    const streams = [await open(path, {}, limited.url), await open(path, {}, limited.url)];
    const refused = await open(path, {}, limited.url);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    await streams[0]?.leave();
    let again = await open(path, {}, limited.url);
    while (again.status === 429) again = await open(path, {}, limited.url);
    expect(again.status).toBe(200);
    // What is refused for another reason takes no place.
    for (let round = 0; round < 5; round += 1)
      expect((await open(`${path}x`, {}, limited.url)).status).toBe(401);
  } finally {
    await limited.close();
  }
});

test('a stream that is refused takes no place', async () => {
  const limited = await startTestGateway({ streamLimits: { ofTenant: 1, inAll: 1 } });
  try {
    await newCustomer(limited, 'ada', 'pro');
    const { id, secret } = await limited.newKey({ role: 'READER' });
    const path = await streamOf('ada', secret, limited);
    await revoke(id, limited);
    for (let round = 0; round < 3; round += 1) expect((await open(path, {}, limited.url)).status).toBe(401);
    const stream = await open(await streamOf('ada', limited.adminKey, limited), {}, limited.url);
    expect(stream.status).toBe(200);
    await stream.leave();
  } finally {
    await limited.close();
  }
});
