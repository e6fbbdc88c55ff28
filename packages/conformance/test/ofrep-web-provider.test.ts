import { EventSource } from 'eventsource';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { type Client, type EventDetails, OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { API_KEY, grant, newCustomer, type RunningGateway, startGateway } from '../src/running-gateway.js';

let gateway: RunningGateway;
let client: Client;
let token: string;
beforeAll(async () => {
  // As browsers have it.
  Object.assign(globalThis, { EventSource });
  gateway = await startGateway();
  for (const id of ['ada', 'bob']) await newCustomer(gateway, id, 'pro');
  token = await customerToken('ada');
  await OpenFeature.setContext({ targetingKey: 'ada', tester: true });
  await OpenFeature.setProviderAndWait(
    new OFREPWebProvider({
      baseUrl: gateway.url,
      pollInterval: 0,
      headersFactory: () => Promise.resolve([['Authorization', `Bearer ${token}`]]),
    }),
  );
  client = OpenFeature.getClient();
});
afterAll(async () => {
  await OpenFeature.close();
  await gateway.stop();
});

async function customerToken(customerId: string): Promise<string> {
  const data = await gateway.graphql(
    'mutation ($id: ID!) { createCustomerToken(input: { customerId: $id }) { token } }',
    { id: customerId },
  );
  const found = /"token":"([^"]+)"/.exec(JSON.stringify(data))?.[1];
  if (found === undefined) throw new Error('no token');
  return found;
}

/** Names of the flags of the next change that the provider tells. */
function nextChange(): Promise<unknown> {
  return new Promise((resolve) => {
    const changed = (details?: EventDetails): void => {
      client.removeHandler(ProviderEvents.ConfigurationChanged, changed);
      resolve(details?.['flagsChanged']);
    };
    client.addHandler(ProviderEvents.ConfigurationChanged, changed);
  });
}

test('features of every kind, with the token of a customer', () => {
  expect(client.getBooleanDetails('sso', false)).toMatchObject({
    value: true,
    reason: 'TARGETING_MATCH',
    flagMetadata: { code: 'ENTITLED' },
  });
  expect(client.getBooleanValue('beta', false)).toBe(true);
  expect(client.getNumberValue('api-calls', 0)).toBe(100);
  expect(client.getStringValue('support', 'community')).toBe('business');
  expect(client.getObjectValue('theme', {})).toEqual({ logo: 'own', colours: 12 });
  expect(client.getBooleanDetails('nothing', false)).toMatchObject({ errorCode: 'FLAG_NOT_FOUND' });
});

test('a change arrives by the event stream, without polling', async () => {
  const change = nextChange();
  await grant(gateway, { customerId: 'ada', feature: 'api-calls', value: 50 });
  expect(await change).toContain('api-calls');
  expect(client.getNumberValue('api-calls', 0)).toBe(150);
});

test('another context is evaluated anew, and followed in place of the one before', async () => {
  token = await customerToken('bob');
  await OpenFeature.setContext({ targetingKey: 'bob' });
  expect(client.getNumberValue('api-calls', 0)).toBe(100);
  expect(client.getBooleanValue('beta', true)).toBe(false);
  const change = nextChange();
  await grant(gateway, { customerId: 'bob', feature: 'api-calls', value: 7 });
  expect(await change).toContain('api-calls');
  expect(client.getNumberValue('api-calls', 0)).toBe(107);
});

test('a key of the vendor serves, too', async () => {
  const provider = new OFREPWebProvider({
    baseUrl: gateway.url,
    pollInterval: 0,
    headers: [['Authorization', `Bearer ${API_KEY}`]],
  });
  await OpenFeature.setProviderAndWait('vendor', provider);
  expect(OpenFeature.getClient('vendor').getBooleanValue('sso', false)).toBe(true);
});
