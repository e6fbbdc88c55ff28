import { startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.close();
});

test('health and readiness answer without a key', async () => {
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
});

test('answers are not stored, and carry the request id that came in, or a new one', async () => {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${gateway.adminKey}`,
    'x-request-id': 'from-the-caller',
  };
  const body = JSON.stringify({ query: '{ customers(first: 0) { pageInfo { hasNextPage } } }' });
  const answer = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('x-request-id')).toBe('from-the-caller');
  expect(await answer.text()).toContain('"requestId":"from-the-caller"');
  const other = await gateway.send('{ plans { key } }');
  expect(other.headers.get('x-request-id')).toMatch(/^req_/);
  expect(other.headers.get('cache-control')).toBe('no-store');
});

test('a query travels by GET with the preflight header, and not without', async () => {
  const url = `${gateway.url}/graphql?query=${encodeURIComponent('{ tenant { name } }')}`;
  const authorization = `Bearer ${gateway.adminKey}`;
  const asked = await fetch(url, { headers: { authorization, 'apollo-require-preflight': 'true' } });
  expect(await asked.json()).toEqual({ data: { tenant: { name: 'Meridian' } } });
  expect((await fetch(url, { headers: { authorization } })).status).toBe(400);
});

test('what is no JSON, no GraphQL request or no address of ours is told so in the form of a GraphQL error', async () => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` };
  const broken = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: '{' });
  expect([broken.status, await broken.text()]).toEqual([400, expect.stringContaining('BAD_USER_INPUT')]);
  const empty = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: '{}' });
  expect(empty.status).toBe(400);
  const elsewhere = await fetch(`${gateway.url}/nowhere`);
  expect([elsewhere.status, await elsewhere.text()]).toEqual([404, expect.stringContaining('NOT_FOUND')]);
});
