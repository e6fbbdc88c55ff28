import { newCustomer } from './customers.js';
import { hashOf } from './fast-lane/two-ways.js';
import { startTestGateway, type TestGateway } from './gateway.js';
import { rawPost, RawConnection } from './raw-connection.js';

const CHECK = 'query C($f: String!) { check(input: { customerId: "ada", feature: $f }) { feature } }';
const SPEND =
  'mutation S($key: String!) { consume(input: { customerId: "ada", feature: "api-calls", idempotencyKey: $key }) { consumed } }';

let gateway: TestGateway;
beforeEach(async () => {
  const trustedDocuments = new Map([CHECK, SPEND].map((document) => [hashOf(document), document]));
  gateway = await startTestGateway({ trustedDocuments });
  await newCustomer(gateway, 'ada', 'pro');
});
afterEach(async () => {
  await gateway.close();
});

function byHash(document: string, variables: object, id = 'x'): string {
  return post(
    { extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(document) } }, variables },
    id,
  );
}

function post(body: object, id = 'x'): string {
  return rawPost(JSON.stringify(body), {
    authorization: `Bearer ${gateway.adminKey}`,
    'x-request-id': id,
  });
}

test('requests sent at once over one connection are answered one by one, in their order, whichever lane takes them', async () => {
  const connection = await RawConnection.open(gateway.url);
  await connection.write(
    [
      byHash(CHECK, { f: 'sso' }, 'first'),
      post({ query: '{ tenant { name } }' }, 'second'),
      byHash(SPEND, { key: 'k' }, 'third'),
      byHash(CHECK, { f: 'projects' }, 'fourth'),
      post({ query: '{ nonsense }' }, 'fifth'),
      byHash(CHECK, { f: 'sso' }, 'sixth'),
    ].join(''),
  );
  const answers = [];
  for (let count = 0; count < 6; count++) answers.push(await connection.answer());
  expect(answers.map(({ headers, body }) => [headers.get('x-request-id'), body.slice(0, 40).trim()])).toEqual(
    [
      ['first', '{"data":{"check":{"feature":"sso"}}}'],
      ['second', '{"data":{"tenant":{"name":"Meridian"}}}'],
      ['third', '{"data":{"consume":{"consumed":1}}}'],
      ['fourth', '{"data":{"check":{"feature":"projects"}}'],
      ['fifth', expect.stringContaining('"errors"')],
      ['sixth', '{"data":{"check":{"feature":"sso"}}}'],
    ],
  );
  connection.breakOff();
});

test('a body that comes in pieces is read to its end, whichever lane takes it', async () => {
  const connection = await RawConnection.open(gateway.url);
  for (const request of [byHash(CHECK, { f: 'sso' }), post({ query: `# ${CHECK}\n{ tenant { name } }` })]) {
    for (const piece of request.match(/[^]{1,40}/g) ?? []) await connection.write(piece);
    expect((await connection.answer()).status).toBe(200);
  }
  connection.breakOff();
});

test('bytes beyond the length that a request names are no part of it', async () => {
  const connection = await RawConnection.open(gateway.url);
  await connection.write(byHash(CHECK, { f: 'sso' }));
  expect((await connection.answer()).status).toBe(200);
  await connection.write('}}\r\n\r\n');
  expect((await connection.answer()).status).toBe(400);
  await connection.end();
});

test('a request that breaks off in its body has done nothing, and one that breaks off afterwards is done once', async () => {
  const spend = byHash(SPEND, { key: 'once' });
  const events = await gateway.countEvents();
  const half = await RawConnection.open(gateway.url);
  await half.write(spend.slice(0, -5));
  half.breakOff();
  const whole = await RawConnection.open(gateway.url);
  await whole.write(spend);
  whole.breakOff();
  const again = await RawConnection.open(gateway.url);
  await again.write(spend);
  expect((await again.answer()).body).toBe('{"data":{"consume":{"consumed":1}}}\n');
  expect(await gateway.countEvents()).toBe(events + 1);
  again.breakOff();
});

test('a request in flight when the server closes is answered, and its connection then holds nothing up', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => {
    jest.spyOn(gateway.services.db, 'ready').mockImplementation(() => {
      resolve();
      return held;
    });
  });
  const idle = await RawConnection.open(gateway.url);
  await idle.write(byHash(CHECK, { f: 'sso' }));
  await idle.answer();
  const general = await RawConnection.open(gateway.url);
  await general.write('GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n');
  await reached;
  const compiled = await RawConnection.open(gateway.url);
  const request = byHash(CHECK, { f: 'sso' });
  await compiled.write(request.slice(0, -5));
  await gateway.send('{ tenant { name } }');
  const closed = gateway.close();
  await idle.end();
  release();
  await compiled.write(request.slice(-5));
  for (const connection of [general, compiled]) {
    const { status, headers } = await connection.answer();
    expect([status, headers.get('connection')]).toEqual([200, 'close']);
    await connection.end();
  }
  await closed;
});
