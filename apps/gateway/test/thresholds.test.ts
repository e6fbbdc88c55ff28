import type { Client as SocketClient } from 'graphql-ws';
import { consume, newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';

const YAML = `
catalog: 1
name: Thresholds
features:
  calls: { type: metered, window: P1M, notifyAt: [80%, 100%] }
plans:
  free: { model: subscription, entitlements: { calls: 10 } }
`;

let gateway: TestGateway;
let socket: SocketClient;
beforeAll(async () => {
  gateway = await startTestGateway();
  socket = gateway.socket();
  const drafted = await gateway.send(
    'mutation ($yaml: String!) { draftRelease(yaml: $yaml) { release { number } } }',
    { yaml: YAML },
  );
  await gateway.send('mutation ($release: Int!) { publishRelease(release: $release) { revision } }', {
    release: drafted.get('draftRelease.release.number'),
  });
});
afterAll(async () => {
  await socket.dispose();
  await gateway.close();
});

async function next(stream: AsyncIterator<unknown>): Promise<unknown> {
  const { value }: { value?: unknown } = await stream.next();
  return value;
}

test('a threshold arrives as an event, and what the spend has turned still names the spend as its cause', async () => {
  await newCustomer(gateway, 'ada', 'free');
  const events = socket.iterate({
    query: `subscription { events(types: ["usage.threshold_reached"]) { customerId data } }`,
  });
  const changes = socket.iterate({
    query: `subscription { entitlementsChanged(customerId: "ada") { changed cause { type }
      entitlements { entitlements { feature code } } } }`,
  });
  const first = next(events);
  await next(changes);
  await consume(gateway, { customerId: 'ada', feature: 'calls', quantity: 8 });
  expect(at(await first, 'data.events')).toMatchObject({
    customerId: 'ada',
    data: { feature: 'calls', threshold: '80%', used: 8, limit: 10 },
  });
  const second = next(events);
  await consume(gateway, { customerId: 'ada', feature: 'calls', quantity: 2 });
  expect(at(await second, 'data.events.data')).toMatchObject({ threshold: '100%', used: 10 });
  expect(at(await next(changes), 'data.entitlementsChanged')).toEqual({
    changed: ['calls'],
    cause: { type: 'usage.recorded' },
    entitlements: { entitlements: [{ feature: 'calls', code: 'LIMIT_EXCEEDED' }] },
  });
  await events.return?.();
  await changes.return?.();
});

test('behind a threshold `explain` still finds since when', async () => {
  await newCustomer(gateway, 'bo', 'free');
  const spent = await consume(gateway, { customerId: 'bo', feature: 'calls', quantity: 9 });
  const atLeast = spent.get('consume.revision');
  const why = await gateway.send(
    `query ($input: CheckInput!) { explain(input: $input) { decision { code } since { type } } }`,
    { input: { customerId: 'bo', feature: 'calls', atLeast } },
  );
  expect(why.get('explain')).toEqual({
    decision: { code: 'ENTITLED' },
    since: { type: 'subscription.started' },
  });
});
