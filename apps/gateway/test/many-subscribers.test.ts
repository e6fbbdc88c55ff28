import type { Client as SocketClient } from 'graphql-ws';
import { Client } from 'pg';
import { changePlan, newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';

const SUBSCRIBERS = 1000;
const OTHER_CUSTOMERS = 50;
const SOCKETS = 10;
const STATE_READ = 'account-customers';

let gateway: TestGateway;
let sockets: SocketClient[];
beforeAll(async () => {
  gateway = await startTestGateway();
  sockets = Array.from({ length: SOCKETS }, () => gateway.socket());
});
afterAll(async () => {
  for (const socket of sockets) await socket.dispose();
  await gateway.close();
});

const ENTITLEMENTS = `subscription ($customerId: ID!) { entitlementsChanged(customerId: $customerId) { customerId changed cause { type } } }`;

type Stream = AsyncIterableIterator<unknown>;

function follow(index: number, customerId: string): Stream {
  const socket = sockets[index % SOCKETS];
  if (socket === undefined) throw new Error('there is a socket');
  return socket.iterate({ query: ENTITLEMENTS, variables: { customerId } });
}

async function next(stream: Stream): Promise<unknown> {
  const { value }: { value?: unknown } = await stream.next();
  return value;
}

test('a change costs one read of the state, with 1,000 subscribers to its customer and 1,000 to others', async () => {
  const id = await newCustomer(gateway, 'the-one', 'free');
  for (let index = 0; index < OTHER_CUSTOMERS; index += 1)
    await newCustomer(gateway, `other-${String(index)}`, 'free');
  const streams = Array.from({ length: SUBSCRIBERS }, (_, index) => follow(index, 'the-one'));
  const others = Array.from({ length: SUBSCRIBERS }, (_, index) =>
    follow(index, `other-${String(index % OTHER_CUSTOMERS)}`),
  );
  await Promise.all([...streams, ...others].map(next));
  let told = 0;
  for (const other of others)
    void next(other).then((answer) => (told += at(answer, 'data') === undefined ? 0 : 1));
  const sent = jest.spyOn(Client.prototype, 'query');
  const arriving = streams.map(next);
  await changePlan(gateway, { subscriptionId: id, plan: 'pro' });
  const answers = await Promise.all(arriving);
  const reads = sent.mock.calls.filter(([statement]) =>
    JSON.stringify(statement).includes(STATE_READ),
  ).length;
  sent.mockRestore();
  expect(answers.map((answer) => at(answer, 'data.entitlementsChanged.cause.type'))).toEqual(
    streams.map(() => 'subscription.plan_changed'),
  );
  // The command itself reads what it changes, and its answer.
  expect(reads).toBeLessThanOrEqual(3);
  expect(told).toBe(0);
}, 180_000);
