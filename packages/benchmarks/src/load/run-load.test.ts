import { createServer, type Server } from 'node:http';
import { CONSTANT_BODY } from '../peers/constant.js';
import type { LoadRequest } from './load.js';
import { Load } from './run-load.js';

const RIGHT = `${CONSTANT_BODY}\n`;
let server: Server;
let url: string;
/** What the server answers to the n-th request. */
let answer: (n: number) => { status: number; body: string };
let asked = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status, body } = answer((asked += 1));
      response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
});
beforeEach(() => (asked = 0));
afterAll(() => {
  server.close();
});

function order(connections: number): LoadRequest {
  const workload = { kind: 'check', customers: 10, draw: 'even', seed: 1, apiKey: 'key' } as const;
  return { urls: [url], connections, seconds: 0.05, workload: { ...workload, constant: CONSTANT_BODY } };
}

test('every answer is counted, those after the time was over too', async () => {
  answer = () => ({ status: 200, body: RIGHT });
  const result = await new Load(order(4)).run();
  expect(result.answers).toBe(asked);
  expect(result.perSecond).toBeGreaterThan(0);
  expect(result.p50).toBeGreaterThan(0);
  expect(result.p50).toBeLessThanOrEqual(result.p99);
});

test.each([
  ['another body', { status: 200, body: RIGHT.replace('ENTITLED', 'ENTITLET') }],
  ['a body that is cut short', { status: 200, body: CONSTANT_BODY.slice(0, -1) }],
  ['an error beside the data', { status: 200, body: CONSTANT_BODY.replace(/}$/, ',"errors":[]}') }],
  ['another status', { status: 500, body: RIGHT }],
])('%s ends the run', async (_, wrong) => {
  answer = (n) => (n === 3 ? wrong : { status: 200, body: RIGHT });
  // Long enough for three answers, however busy the machine is.
  await expect(new Load({ ...order(1), seconds: 20 }).run()).rejects.toThrow(
    `a wrong answer, ${String(wrong.status)}`,
  );
});

test('an answer is put together from as many pieces as it comes in', async () => {
  const pieces = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-length': Buffer.byteLength(RIGHT) });
      response.write(RIGHT.slice(0, 10));
      setImmediate(() => response.end(RIGHT.slice(10)));
    });
  });
  await new Promise<void>((resolve) => pieces.listen(0, '127.0.0.1', resolve));
  const address = pieces.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const result = await new Load({ ...order(2), urls: [`http://127.0.0.1:${String(port)}`] }).run();
  expect(result.answers).toBeGreaterThan(0);
  pieces.close();
});

test('a server that is not there ends the run', async () => {
  await expect(new Load({ ...order(1), urls: ['http://127.0.0.1:1'] }).run()).rejects.toThrow('ECONNREFUSED');
});
