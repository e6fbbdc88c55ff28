import { CloudEvent, HTTP } from 'cloudevents';
import { check, newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';

const ONE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'ada', 'free');
});
afterAll(() => gateway.close());

let sent = 0;

function usage(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const id = `event-${String((sent += 1))}`;
  return { specversion: '1.0', id, source: '/meters/1', type: 'api-calls', subject: 'ada', ...more };
}

interface Sent {
  readonly type?: string;
  readonly key?: string | null;
}

async function post(
  body: unknown,
  { type = ONE, key = gateway.adminKey }: Sent = {},
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.url}/events`, {
    method: 'POST',
    headers: { 'content-type': type, ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/** After the usage that was answered with this revision. */
async function counted(answer: unknown): Promise<unknown> {
  await check(gateway, { customerId: 'ada', feature: 'api-calls', atLeast: at(answer, 'revision') });
  const usage = await gateway.send(
    '{ customer(id: "ada") { usage(feature: "api-calls") { used history { used } } } }',
  );
  return usage.get('customer.usage');
}

test('an event as the SDK writes it is usage of its subject, and counts once', async () => {
  const event = new CloudEvent({
    id: 'from the SDK',
    source: '/sdk',
    type: 'api-calls',
    subject: 'ada',
    data: { quantity: 4, path: '/render' },
  });
  const { headers, body } = HTTP.structured(event);
  const type = String(headers['content-type']);
  expect(await post(body, { type })).toMatchObject({
    status: 200,
    body: { accepted: 1, duplicates: 0, rejected: [], revision: expect.stringMatching(/^[0-9a-f]{16}-/) },
  });
  const again = await post(body, { type });
  expect(again).toMatchObject({ status: 200, body: { accepted: 0, duplicates: 1 } });
  expect(await counted(again.body)).toEqual({ used: 4, history: [] });
});

test('in a batch each event is for itself: what is wrong with one is said at its place, the others count', async () => {
  const time = new Date(Date.now() - 60_000).toISOString();
  const { status, body } = await post(
    [
      usage({ time }),
      usage({ data: { quantity: 2 } }),
      usage({ subject: 'nobody' }),
      usage({ subject: undefined }),
      usage({ type: 'api-cals' }),
      usage({ data: { quantity: 1.5 } }),
      usage({ data: { quantity: 'many' } }),
      usage({ time: 'yesterday' }),
      usage({ time: '2020-01-01T00:00:00Z' }),
      usage({ id: undefined }),
      usage({ id: '' }),
      usage({ id: null }),
      usage({ source: undefined }),
      'an event',
      usage({ data: 'text', datacontenttype: 'text/plain' }),
    ],
    { type: BATCH },
  );
  expect(status).toBe(200);
  expect(body).toMatchObject({
    accepted: 2,
    rejected: [
      { index: 2, code: 'NOT_FOUND', field: 'subject' },
      { index: 3, code: 'BAD_USER_INPUT', field: 'subject' },
      { index: 4, code: 'BAD_USER_INPUT', field: 'type' },
      { index: 5, code: 'BAD_USER_INPUT', field: 'data.quantity' },
      { index: 6, code: 'BAD_USER_INPUT', field: 'data.quantity' },
      { index: 7, code: 'BAD_USER_INPUT', field: 'time' },
      { index: 8, code: 'BAD_USER_INPUT', field: 'time' },
      { index: 9, code: 'BAD_USER_INPUT', field: 'id' },
      { index: 10, code: 'BAD_USER_INPUT', field: 'id' },
      { index: 11, code: 'BAD_USER_INPUT', field: 'id' },
      { index: 12, code: 'BAD_USER_INPUT', field: 'source' },
      { index: 13, code: 'BAD_USER_INPUT', field: null },
      { index: 14, code: 'BAD_USER_INPUT', field: 'data.quantity' },
    ],
  });
  // A minute ago the customer's window had not begun yet.
  expect(await counted(body)).toEqual({ used: 6, history: [{ used: 1 }] });
});

test('an event of another version of the format is rejected, whatever it holds, and the others count', async () => {
  const { status, body } = await post(
    [
      usage(),
      usage({ specversion: '2.0', source: { of: 'an object' } }),
      usage({ specversion: '0.3', subject: 7 }),
      usage({ specversion: 1 }),
      usage({ specversion: undefined }),
    ],
    { type: BATCH },
  );
  const rejected = [1, 2, 3, 4].map((index) => ({ index, code: 'BAD_USER_INPUT', field: 'specversion' }));
  expect({ status, body }).toMatchObject({ status: 200, body: { accepted: 1, rejected } });
});

test('data that is no object is no usage: nothing is counted for it', async () => {
  const base64 = Buffer.from('{"quantity":3}').toString('base64');
  const { body } = await post(
    [
      usage({ data: [{ quantity: 3 }] }),
      usage({ data_base64: base64 }),
      usage({ data_base64: base64, datacontenttype: 'application/json' }),
    ],
    { type: BATCH },
  );
  const rejected = [0, 1, 2].map((index) => ({ index, code: 'BAD_USER_INPUT', field: 'data.quantity' }));
  expect(body).toMatchObject({ accepted: 0, rejected });
});

test('what the format’s schema refuses names the attribute', async () => {
  const { body } = await post(
    [usage({ type: 1 }), usage({ type: undefined }), usage({ source: 'two words' }), usage({ subject: 7 })],
    { type: BATCH },
  );
  expect(at(body, 'rejected')).toMatchObject([
    { field: 'type', message: 'this is no CloudEvent: `type` must be string' },
    { field: 'type', message: 'this is no CloudEvent: `type` is missing' },
    { field: 'source', message: expect.stringMatching(/`source` must match/) },
    { field: 'subject', message: expect.stringMatching(/`subject` must be string/) },
  ]);
});

test('the media type is read as HTTP has it: case and parameters do not count', async () => {
  const type = 'Application/CloudEvents-Batch+JSON; charset=UTF-8';
  expect(await post([usage(), usage()], { type })).toMatchObject({ status: 200, body: { accepted: 2 } });
});

test.each(['utf8', '"utf-8"', 'US-ASCII'])('what is said to be %s is read as UTF-8', async (charset) => {
  const type = `${ONE}; charset=${charset}`;
  expect(await post(usage(), { type })).toMatchObject({ status: 200, body: { accepted: 1 } });
});

test.each([
  [ONE, 'iso-8859-1', 'iso-8859-1'],
  [ONE, '"UTF-16"', 'UTF-16'],
  [BATCH, '""', ''],
])('a body of another charset is refused, and named: %s in %s', async (type, charset, named) => {
  const event = usage({ subject: 'ada' });
  const sent = await post(type === ONE ? event : [event], { type: `${type}; Charset=${charset}` });
  expect(sent).toMatchObject({ status: 415, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
  const message = String(at(sent.body, 'errors.0.message'));
  expect(message).toContain(`charset \`${named}\``);
  expect(message).toMatch(/send it in UTF-8/);
  // It counts once it comes as it should.
  expect(await post(event)).toMatchObject({ status: 200, body: { accepted: 1 } });
});

test('a body that is too large is refused, and how large it may be is said', async () => {
  const sent = await post([usage({ data: { path: 'x'.repeat(1024 * 1024) } })], { type: BATCH });
  expect(sent).toMatchObject({ status: 413, body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } });
  expect(at(sent.body, 'errors.0.message')).toMatch(/1 MiB \(1048576 bytes\).*send .* requests/);
});

test('an event in headers alone is refused, and what to send is said', async () => {
  const event = { 'ce-specversion': '1.0', 'ce-id': 'in headers', 'ce-source': '/m', 'ce-type': 'api-calls' };
  const response = await fetch(`${gateway.url}/events`, {
    method: 'POST',
    headers: { ...event, authorization: `Bearer ${gateway.adminKey}` },
  });
  expect(response.status).toBe(415);
  expect(at(await response.json(), 'errors.0.message')).toMatch(/application\/cloudevents\+json/);
});

test.each<[string, unknown, Sent, number, string]>([
  ['without a key', usage(), { key: null }, 401, 'UNAUTHENTICATED'],
  ['that is no JSON', '{', {}, 400, 'BAD_USER_INPUT'],
  ['with a key that would reach the prototype', '{"__proto__": {}}', {}, 400, 'BAD_USER_INPUT'],
  ['that is no list, as a batch', usage(), { type: BATCH }, 400, 'BAD_USER_INPUT'],
  ['that is a list, as one event', [usage()], {}, 400, 'BAD_USER_INPUT'],
  [
    'of more than 1,000 events',
    Array.from({ length: 1001 }, () => 1),
    { type: BATCH },
    400,
    'BAD_USER_INPUT',
  ],
  ['of another type', usage(), { type: 'application/json' }, 415, 'BAD_USER_INPUT'],
])('a request %s is refused whole', async (_what, body, how, status, code) => {
  expect(await post(body, how)).toMatchObject({ status, body: { errors: [{ extensions: { code } }] } });
});

test('a key that may only read is refused', async () => {
  const { secret } = await gateway.newKey({ role: 'READER' });
  expect(await post(usage(), { key: secret })).toMatchObject({
    status: 403,
    body: { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
  });
});

test('the types of CloudEvents are for this address alone', async () => {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': ONE, authorization: `Bearer ${gateway.adminKey}` },
    body: '{"query":"{ tenant { id } }"}',
  });
  expect(response.status).toBe(415);
});
