import { OFREPProvider } from '@openfeature/ofrep-provider';
import { ErrorCode, OpenFeature, type Client } from '@openfeature/server-sdk';
import { API_KEY, newCustomer, type RunningGateway, startGateway } from '../src/running-gateway.js';

let gateway: RunningGateway;
let client: Client;
beforeAll(async () => {
  gateway = await startGateway();
  await newCustomer(gateway, 'ada', 'pro');
  await gateway.graphql(
    'mutation { assignSeat(input: { customerId: "ada", feature: "editors", memberId: "eve" }) { revision } }',
  );
  await OpenFeature.setProviderAndWait(providerWith(API_KEY));
  client = OpenFeature.getClient();
});
afterAll(async () => {
  await OpenFeature.close();
  await gateway.stop();
});

function providerWith(key: string): OFREPProvider {
  return new OFREPProvider({ baseUrl: gateway.url, headers: [['Authorization', `Bearer ${key}`]] });
}

const ADA = { targetingKey: 'ada' };

test('a boolean feature', async () => {
  expect(await client.getBooleanDetails('sso', false, ADA)).toMatchObject({
    value: true,
    reason: 'TARGETING_MATCH',
    flagMetadata: { code: 'ENTITLED', allowed: true },
  });
  expect(await client.getBooleanValue('sso', true, { targetingKey: 'nobody' })).toBe(false);
});

test('a number feature', async () => {
  expect(await client.getNumberDetails('api-calls', 0, ADA)).toMatchObject({
    value: 100,
    flagMetadata: { limit: 100, used: 0, remaining: 100 },
  });
});

test('a string feature', async () => {
  expect(await client.getStringValue('support', 'community', ADA)).toBe('business');
});

test('an object feature', async () => {
  expect(await client.getObjectValue('theme', {}, ADA)).toEqual({ logo: 'own', colours: 12 });
});

test('what is denied without a value is the default of the code', async () => {
  expect(await client.getStringValue('support', 'community', { targetingKey: 'nobody' })).toBe('community');
});

test('member and facts are attributes of the context', async () => {
  expect(await client.getNumberDetails('editors', 0, { ...ADA, memberId: 'eve' })).toMatchObject({
    flagMetadata: { code: 'ENTITLED' },
  });
  expect(await client.getNumberDetails('editors', 0, { ...ADA, memberId: 'mallory' })).toMatchObject({
    flagMetadata: { code: 'NO_SEAT' },
  });
  expect(await client.getBooleanValue('beta', false, { ...ADA, tester: true })).toBe(true);
  expect(await client.getBooleanValue('beta', true, { ...ADA, tester: false })).toBe(false);
});

test.each([
  ['a feature that is not there', 'nothing', ADA, ErrorCode.FLAG_NOT_FOUND],
  ['no targeting key', 'sso', {}, ErrorCode.TARGETING_KEY_MISSING],
  ['a context that does not fit', 'sso', { ...ADA, memberId: 7 }, ErrorCode.INVALID_CONTEXT],
  ['another type', 'support', ADA, ErrorCode.TYPE_MISMATCH],
])('%s: the default, and the code', async (_what, key, context, errorCode) => {
  expect(await client.getBooleanDetails(key, true, context)).toMatchObject({
    value: true,
    reason: 'ERROR',
    errorCode,
  });
});

test('a wrong key: the default', async () => {
  await OpenFeature.setProviderAndWait('wrong', providerWith('wrong'));
  const details = await OpenFeature.getClient('wrong').getBooleanDetails('sso', false, ADA);
  expect(details).toMatchObject({ value: false, reason: 'ERROR' });
});
