import { startTestGateway, type TestGateway } from './gateway.js';

const PAGE = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ allowedOrigins: [PAGE, 'http://localhost:3000'] });
});
afterAll(() => gateway.close());

function preflight(url: string, origin: string): Promise<Response> {
  return fetch(`${url}/graphql`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  });
}

function ask(url: string, origin: string, key: string, query = '{ plans { key } }'): Promise<Response> {
  return fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query }),
  });
}

test('a page of an allowed origin may ask, without a credential for the preflight', async () => {
  for (const origin of [PAGE, 'http://localhost:3000']) {
    const { status, headers } = await preflight(gateway.url, origin);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    expect(headers.get('access-control-allow-headers')).toMatch(/authorization, content-type/);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toBe('Origin');
  }
});

test('it reads snapshots, with their ETags', async () => {
  const asked = { origin: PAGE, authorization: `Bearer ${gateway.adminKey}` };
  const preflighted = await fetch(`${gateway.url}/v1/snapshot`, { method: 'OPTIONS', headers: asked });
  expect(preflighted.headers.get('access-control-allow-headers')).toContain('if-none-match');
  const { headers } = await fetch(`${gateway.url}/v1/snapshot?customerId=nobody`, { headers: asked });
  expect(headers.get('access-control-allow-origin')).toBe(PAGE);
  expect(headers.get('access-control-expose-headers')).toContain('etag');
  const foreign = await fetch(`${gateway.url}/v1/snapshot?customerId=nobody`, {
    headers: { ...asked, origin: 'https://evil.example' },
  });
  expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
});

test('it reads answers of both lanes, and refusals', async () => {
  const lanes = new Set<string | null>();
  for (let visit = 1; visit <= 5; visit += 1) {
    const { status, headers } = await ask(gateway.url, PAGE, gateway.adminKey);
    lanes.add(headers.get('x-licet-lane'));
    expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([
      200,
      PAGE,
      'Origin',
    ]);
    expect(headers.get('access-control-expose-headers')).toContain('retry-after');
  }
  expect(lanes).toEqual(new Set(['general', 'compiled']));
  const refused = await ask(gateway.url, PAGE, 'wrong');
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, PAGE]);
});

test.each([
  'https://app.example.com.evil.example',
  'http://app.example.com',
  'https://APP.example.com',
  'null',
])('a page of %s may not', async (origin) => {
  expect((await preflight(gateway.url, origin)).headers.get('access-control-allow-origin')).toBeNull();
  for (let visit = 1; visit <= 4; visit += 1) {
    const { headers } = await ask(gateway.url, origin, gateway.adminKey, '{ features { key } }');
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([null, 'Origin']);
  }
});

test('where no origin is named nothing is said, and there are no preflights', async () => {
  const closed = await startTestGateway();
  try {
    expect((await preflight(closed.url, PAGE)).status).toBe(404);
    const { headers } = await ask(closed.url, PAGE, closed.adminKey);
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([null, null]);
  } finally {
    await closed.close();
  }
});
