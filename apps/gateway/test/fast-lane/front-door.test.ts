import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { FastLane } from '../../src/fast-lane/fast-lane.js';
import { FrontDoor } from '../../src/fast-lane/front-door.js';
import { GraphqlEntrance } from '../../src/fast-lane/graphql-entrance.js';
import { EvaluationEntrance } from '../../src/doors/authzen/evaluation-entrance.js';
import { FlagEntrance } from '../../src/doors/ofrep/flag-entrance.js';
import { RegisteredDocuments } from '../../src/fast-lane/registered-documents.js';
import { buildApiSchema } from '../../src/schema/api-schema.js';
import { toSubgraphSchema } from '../../src/schema/subgraph-schema.js';
import { newCustomer } from '../customers.js';
import { startTestGateway, type TestGateway } from '../gateway.js';
import { rawPost, RawConnection } from '../raw-connection.js';
import { hashOf } from './two-ways.js';

const KNOWN = 'query Name($id: ID!) { tenant { name } customer(id: $id) { id } }';
const HASH = { persistedQuery: { version: 1, sha256Hash: hashOf(KNOWN) } };
const ASKED = { extensions: HASH, variables: { id: 'ada' } };
const ANSWER = '{"data":{"tenant":{"name":"Meridian"},"customer":{"id":"ada"}}}\n';
/** What stands behind the door here says so, and repeats the body. */
const WENT_ON = 299;

let gateway: TestGateway;
let door: FrontDoor;
let server: Server;
let url: string;

beforeAll(async () => {
  gateway = await startTestGateway({ trustedDocuments: new Map([[hashOf(KNOWN), KNOWN]]) });
  await newCustomer(gateway, 'ada', 'pro');
  // A key is in memory once it has been used twice: the first use begins to listen for its end.
  for (let used = 0; used < 2; used++) await gateway.send('{ tenant { name } }');
});
afterAll(async () => {
  await gateway.close();
});

beforeEach(async () => {
  const { services } = gateway;
  const documents = new RegisteredDocuments(new Map([[hashOf(KNOWN), KNOWN]]));
  const lane = new FastLane(toSubgraphSchema(buildApiSchema()), documents, services);
  door = new FrontDoor(services, [
    new GraphqlEntrance(lane, services, '/graphql'),
    new FlagEntrance(services),
    new EvaluationEntrance(services),
  ]);
  server = createServer(door.listener((request, response) => void repeat(request, response)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function repeat(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  response.writeHead(WENT_ON, { 'content-length': Buffer.byteLength(body) }).end(body);
}

function ask(body: string, headers: Record<string, string> = {}, search = ''): Promise<Response> {
  return fetch(`${url}/graphql${search}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}`, ...headers },
    body,
  });
}

const PLAIN = 'application/json';

test.each([
  ['by the hash of a registered document', ASKED, PLAIN],
  ['with its character set', ASKED, 'application/json; charset=utf-8'],
  ['by the text of a document that is compiled', { ...ASKED, extensions: null, query: KNOWN }, PLAIN],
  ['with letters of all scripts', { ...ASKED, more: 'Grüße, 日本語, 🙂' }, PLAIN],
])('an operation is answered at the door %s', async (_name, body, type) => {
  await ask(JSON.stringify(ASKED));
  const answer = await ask(JSON.stringify(body), { 'content-type': type });
  expect([answer.status, await answer.text()]).toEqual([200, ANSWER]);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-licet-lane': 'compiled',
    'x-request-id': expect.stringMatching(/^req_/),
  });
});

const LARGE = JSON.stringify({ ...ASKED, more: 'x'.repeat(1024 * 1024) });
const DEEP = JSON.stringify(ASKED).replace('{', `{"more":${'['.repeat(201)}${']'.repeat(201)},`);

test.each([
  ['a document that nobody has compiled', JSON.stringify({ query: '{ tenant { name } } # new' })],
  ['an unknown hash', JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } })],
  ['variables that do not fit', JSON.stringify({ ...ASKED, variables: { id: null } })],
  ['no JSON', '{"extensions":'],
  ['an escape', JSON.stringify(ASKED).replace('ada', '\\u0061da')],
  ['a name that reaches for the prototype', JSON.stringify(ASKED).replace('{', '{"__proto__":{},')],
  ['a constructor', JSON.stringify(ASKED).replace('{', '{"constructor":{"prototype":{}},')],
  ['too many brackets', DEEP],
  ['more than a request may hold', LARGE],
])('%s goes on, with its whole body', async (_name, body) => {
  const answer = await ask(body);
  expect([answer.status, await answer.text()]).toEqual([WENT_ON, body]);
});

test.each([
  ['a wrong key', { authorization: 'Bearer lk_reader_0000' }, ''],
  ['an unusual media type', { 'content-type': 'text/plain' }, ''],
  ['an unusual wish', { accept: 'text/html' }, ''],
  ['a query string', {}, '?query=x'],
])('a request with %s goes on, with its whole body', async (_name, headers, search) => {
  const body = JSON.stringify(ASKED);
  const answer = await ask(body, headers, search);
  expect([answer.status, await answer.text()]).toEqual([WENT_ON, body]);
});

const FLAG = '/ofrep/v1/evaluate/flags/sso';
const CONTEXT = { context: { targetingKey: 'ada' } };

function askDoor(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

test('a single flag is answered at the door', async () => {
  const answer = await askDoor(FLAG, CONTEXT);
  expect([answer.status, await answer.json()]).toMatchObject([200, { key: 'sso', value: true }]);
  expect(answer.headers.get('x-licet-lane')).toBeNull();
});

test.each([
  ['of all flags', '/ofrep/v1/evaluate/flags', CONTEXT],
  ['of a key with an escape', '/ofrep/v1/evaluate/flags/ss%6f', CONTEXT],
  ['with a query', `${FLAG}?seen`, CONTEXT],
  ['without a context', FLAG, {}],
  ['with more than a context', FLAG, { ...CONTEXT, query: '{ tenant { name } }' }],
  ['with a context that is refused', FLAG, { context: { targetingKey: 7 } }],
])('an evaluation %s goes on, with its whole body', async (_name, path, body) => {
  const answer = await askDoor(path, body);
  expect([answer.status, await answer.json()]).toEqual([WENT_ON, body]);
});

const EVALUATION = '/access/v1/evaluation';
const MAY_USE = {
  subject: { type: 'customer', id: 'ada' },
  action: { name: 'use' },
  resource: { type: 'feature', id: 'sso' },
};

test('a single evaluation is answered at the door', async () => {
  const answer = await askDoor(EVALUATION, MAY_USE, { 'x-request-id': 'mine' });
  expect([answer.status, await answer.json()]).toMatchObject([200, { decision: true }]);
  expect(answer.headers.get('x-request-id')).toBe('mine');
});

test.each<[string, unknown, Record<string, string>]>([
  ['an id that is echoed and not known here', MAY_USE, { 'x-request-id': 'my id' }],
  ['a name that stands twice', `{"action":{},${JSON.stringify(MAY_USE).slice(1)}`, {}],
  ['a member that the parser looks at', { ...MAY_USE, query: '{' }, {}],
  ['another type', { ...MAY_USE, resource: { type: 'file', id: 'sso' } }, {}],
  ['nobody', { ...MAY_USE, subject: undefined }, {}],
])('an evaluation with %s goes on, with its whole body', async (_name, body, headers) => {
  const answer = await askDoor(EVALUATION, body, headers);
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  expect([answer.status, await answer.text()]).toEqual([WENT_ON, sent]);
});

test('what comes while the server closes goes on; what came before is answered, and its connection closed', async () => {
  const authorization = `Bearer ${gateway.adminKey}`;
  const before = await RawConnection.open(url);
  const request = rawPost(JSON.stringify(ASKED), { authorization });
  await before.write(request.slice(0, -10));
  await (await ask(JSON.stringify(ASKED))).text();
  door.close();
  expect((await ask(JSON.stringify(ASKED))).status).toBe(WENT_ON);
  await before.write(request.slice(-10));
  const answer = await before.answer();
  expect([answer.status, answer.body, answer.headers.get('connection')]).toEqual([200, ANSWER, 'close']);
  await before.end();
});
