import { type Client as SdkClient, createClient } from '@licet/sdk';
import { LicetServerProvider } from '@licet/sdk/openfeature-server';
import { LicetWebProvider } from '@licet/sdk/openfeature-web';
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { type Client, type EvaluationContext, type JsonValue, OpenFeature } from '@openfeature/server-sdk';
import { type Client as WebClient, OpenFeature as WebFeature } from '@openfeature/web-sdk';
import { API_KEY, newCustomer, type RunningGateway, startGateway } from '../src/running-gateway.js';

/** What the SDK decides in its process is what the gateway answers by OFREP, through the same API. */
const CUSTOMERS = ['ada', 'bob'] as const;

let gateway: RunningGateway;
const sdkClients: SdkClient[] = [];
beforeAll(async () => {
  gateway = await startGateway();
  await newCustomer(gateway, 'ada', 'pro');
  // Who has no plan.
  await gateway.graphql('mutation { upsertCustomer(input: { id: "bob" }) { revision } }');
  await gateway.graphql(
    'mutation { assignSeat(input: { customerId: "ada", feature: "editors", memberId: "eve" }) { revision } }',
  );
  await gateway.graphql(
    'mutation { consume(input: { customerId: "ada", feature: "api-calls", quantity: 30, idempotencyKey: "1" }) { decision { code } } }',
  );
  const headers: [string, string][] = [['Authorization', `Bearer ${API_KEY}`]];
  await OpenFeature.setProviderAndWait('ofrep', new OFREPProvider({ baseUrl: gateway.url, headers }));
  for (const customerId of CUSTOMERS) {
    const client = createClient({ url: gateway.url, apiKey: API_KEY, customerId, live: false });
    sdkClients.push(client);
    await OpenFeature.setProviderAndWait(customerId, new LicetServerProvider(client));
    await WebFeature.setProviderAndWait(customerId, new LicetWebProvider(client));
  }
});
afterAll(async () => {
  await OpenFeature.close();
  await WebFeature.close();
  for (const client of sdkClients) await client.close();
  await gateway.stop();
});

const DEFAULTS: Readonly<Record<string, JsonValue>> = {
  sso: false,
  beta: false,
  'api-calls': 7,
  editors: 7,
  support: 'community',
  theme: {},
};
const CONTEXTS: readonly EvaluationContext[] = [
  {},
  { tester: true },
  { tester: false, at: new Date(0), tags: ['one', { two: 2 }] },
  { memberId: 'eve' },
  { memberId: 'mallory' },
  { quantity: 70 },
  { quantity: 71 },
  { quantity: 0, fingerprint: 'sha256:0000', productVersion: '1.2.3' },
];
/** What each answer has of its own. */
const OWN = new Set(['decisionId', 'revision', 'source', 'age']);

function shown({ value, reason, variant, errorCode, flagMetadata }: Awaited<ReturnType<typeof ask>>) {
  const told = Object.entries(flagMetadata).filter(([name]) => !OWN.has(name));
  return { value, reason, variant, errorCode, ...Object.fromEntries(told) };
}

function ask(client: Client, key: string, otherwise: JsonValue, context: EvaluationContext) {
  switch (typeof otherwise) {
    case 'boolean':
      return client.getBooleanDetails(key, otherwise, context);
    case 'number':
      return client.getNumberDetails(key, otherwise, context);
    case 'string':
      return client.getStringDetails(key, otherwise, context);
    default:
      return client.getObjectDetails(key, otherwise, context);
  }
}

function askPage(client: WebClient, key: string, otherwise: JsonValue) {
  switch (typeof otherwise) {
    case 'boolean':
      return client.getBooleanDetails(key, otherwise);
    case 'number':
      return client.getNumberDetails(key, otherwise);
    case 'string':
      return client.getStringDetails(key, otherwise);
    default:
      return client.getObjectDetails(key, otherwise);
  }
}

/** The door leaves the value out; OpenFeature's OFREP provider of this version calls that another type. */
const WITHOUT_VALUE = ['support', 'theme'];

describe.each(Object.entries(DEFAULTS))('%s', (key, otherwise) => {
  test.each(CONTEXTS)('ada: %j', async (facts) => {
    const context = { ...facts, targetingKey: 'ada' };
    const door = shown(await ask(OpenFeature.getClient('ofrep'), key, otherwise, context));
    expect(door.reason).toBe('TARGETING_MATCH');
    expect(shown(await ask(OpenFeature.getClient('ada'), key, otherwise, context))).toEqual(door);
    await WebFeature.setContext('ada', context);
    expect(shown(askPage(WebFeature.getClient('ada'), key, otherwise))).toEqual(door);
  });

  test('who has no plan', async () => {
    const context = { targetingKey: 'bob' };
    const own = shown(await ask(OpenFeature.getClient('bob'), key, otherwise, context));
    if (WITHOUT_VALUE.includes(key)) {
      expect(own).toMatchObject({ value: otherwise, reason: 'TARGETING_MATCH', allowed: false });
    } else {
      expect(own).toEqual(shown(await ask(OpenFeature.getClient('ofrep'), key, otherwise, context)));
    }
  });

  test.each([
    ['no targeting key', {}],
    ['a member that is no text', { targetingKey: 'ada', memberId: 7 }],
    ['half a unit', { targetingKey: 'ada', quantity: 0.5 }],
    ['units as a text', { targetingKey: 'ada', quantity: '1' }],
  ])('%s', async (_what, context) => {
    const door = shown(await ask(OpenFeature.getClient('ofrep'), key, otherwise, context));
    expect(door).toMatchObject({ reason: 'ERROR', value: otherwise });
    expect(shown(await ask(OpenFeature.getClient('ada'), key, otherwise, context))).toEqual(door);
  });
});

test.each([
  ['nothing', true],
  ['NO KEY AT ALL', true],
  ['support', true],
  ['api-calls', 'text'],
  ['theme', 'text'],
  ['sso', {}],
])('%s, asked as %j', async (key, otherwise) => {
  const context = { targetingKey: 'ada' };
  const door = shown(await ask(OpenFeature.getClient('ofrep'), key, otherwise, context));
  expect(door).toMatchObject({ reason: 'ERROR', value: otherwise });
  expect(shown(await ask(OpenFeature.getClient('ada'), key, otherwise, context))).toEqual(door);
});
