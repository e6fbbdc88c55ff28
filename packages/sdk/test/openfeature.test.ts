import { LicetServerProvider } from '@licet/sdk/openfeature-server';
import { LicetWebProvider } from '@licet/sdk/openfeature-web';
import {
  ErrorCode,
  type EvaluationContext,
  OpenFeature as ServerFeature,
  ProviderEvents,
  ProviderStatus,
} from '@openfeature/server-sdk';
import {
  OpenFeature as WebFeature,
  ProviderEvents as WebEvents,
  ProviderStatus as WebStatus,
} from '@openfeature/web-sdk';
import { CUSTOMER, statePayload } from '../testing/signer.js';
import { BEGIN, Site } from '../testing/site.js';
import { SPANS } from '../testing/small-gateway.js';
import { until } from '../testing/until.js';

let site: Site;
beforeEach(async () => {
  site = await Site.make();
});
afterEach(async () => {
  await ServerFeature.clearProviders();
  await WebFeature.clearProviders();
  await WebFeature.clearContexts();
  await site.end();
});

const ADA = { targetingKey: CUSTOMER };

async function serverSide() {
  const client = await site.start();
  await ServerFeature.setProviderAndWait(new LicetServerProvider(client));
  return { client, flags: ServerFeature.getClient() };
}

test('a server asks for a flag, and nobody is asked over the network', async () => {
  const { flags } = await serverSide();
  const asked = site.gateway.requests.length;
  expect(await flags.getBooleanDetails('sso', false, ADA)).toMatchObject({
    value: true,
    reason: 'TARGETING_MATCH',
    flagMetadata: { allowed: true, code: 'ENTITLED', source: 'cache', age: 0, stale: false, release: 1 },
  });
  expect(await flags.getNumberDetails('calls', 7, { ...ADA, quantity: 101 })).toMatchObject({
    value: 100,
    flagMetadata: { allowed: false, code: 'LIMIT_EXCEEDED', limit: 100 },
  });
  expect(site.gateway.requests).toHaveLength(asked);
});

test.each([
  ['a feature that is not there', 'nothing', ADA, ErrorCode.FLAG_NOT_FOUND],
  ['no targeting key', 'sso', {}, ErrorCode.TARGETING_KEY_MISSING],
  ['an empty one', 'sso', { targetingKey: '' }, ErrorCode.TARGETING_KEY_MISSING],
  ['another customer', 'sso', { targetingKey: 'bob' }, ErrorCode.GENERAL],
  ['a member that is no text', 'sso', { ...ADA, memberId: 7 }, ErrorCode.INVALID_CONTEXT],
  ['half a unit', 'calls', { ...ADA, quantity: 0.5 }, ErrorCode.INVALID_CONTEXT],
  ['another type', 'calls', ADA, ErrorCode.TYPE_MISMATCH],
])('%s: the default, and the code', async (_what, key, context, errorCode) => {
  const { flags } = await serverSide();
  expect(await flags.getBooleanDetails(key, true, context)).toMatchObject({
    value: true,
    reason: 'ERROR',
    errorCode,
  });
});

test('a page has its context once, and hears of changes', async () => {
  const client = await site.start({ live: true });
  await WebFeature.setContext(ADA);
  await WebFeature.setProviderAndWait(new LicetWebProvider(client));
  const flags = WebFeature.getClient();
  expect(flags.getBooleanValue('editor', false)).toBe(true);
  await until(() => client.status.source === 'live');
  const seen: boolean[] = [];
  flags.addHandler(WebEvents.ConfigurationChanged, () => {
    seen.push(flags.getBooleanValue('editor', true));
  });
  site.gateway.state = statePayload({ editor: false });
  site.gateway.tell('1');
  await until(() => seen.at(-1) === false);
});

test('without the gateway it says how much its answers are worth, and when that is over', async () => {
  const { client, flags } = await serverSide();
  const told: string[] = [];
  for (const event of [ProviderEvents.Ready, ProviderEvents.Stale, ProviderEvents.Error])
    flags.addHandler(event, () => told.push(event));
  told.length = 0;
  await site.gateway.down();
  const after = async (seconds: number, status: ProviderStatus) => {
    site.time = BEGIN + seconds * 1000;
    expect(client.status).toBeDefined();
    await until(() => flags.providerStatus === status);
    return flags.getBooleanDetails('editor', false, ADA);
  };
  const { fresh, stale, grace } = SPANS;
  expect(await after(fresh, ProviderStatus.STALE)).toMatchObject({
    value: true,
    flagMetadata: { stale: true },
  });
  expect(await after(fresh + stale + 1, ProviderStatus.STALE)).toMatchObject({
    reason: 'TARGETING_MATCH',
    flagMetadata: { code: 'ENTITLED_GRACE' },
  });
  expect(await after(fresh + stale + grace, ProviderStatus.ERROR)).toMatchObject({
    value: true,
    reason: 'UNKNOWN',
    flagMetadata: { code: 'ENTITLED_FALLBACK', source: 'fallback' },
  });
  expect(await flags.getNumberDetails('calls', 7, ADA)).toMatchObject({ value: 0, reason: 'UNKNOWN' });
  await site.gateway.up();
  await client.refresh();
  await until(() => flags.providerStatus === ProviderStatus.READY);
  expect(told).toEqual([ProviderEvents.Stale, ProviderEvents.Error, ProviderEvents.Ready]);
});

test('with nothing to decide on it is in error, and ready as soon as there is something', async () => {
  await site.gateway.down();
  const client = await site.start();
  const provider = new LicetServerProvider(client);
  await expect(ServerFeature.setProviderAndWait(provider)).rejects.toThrow(/none/);
  const flags = ServerFeature.getClient();
  expect(await flags.getBooleanDetails('sso', true, ADA)).toMatchObject({
    value: true,
    errorCode: ErrorCode.PROVIDER_NOT_READY,
  });
  await site.gateway.up();
  await client.refresh();
  await until(() => flags.providerStatus === ProviderStatus.READY);
  expect(await flags.getBooleanValue('sso', false, ADA)).toBe(true);
});

test.each(['server', 'page'])('a %s that begins with what is stale says so', async (side) => {
  await (await site.start()).close();
  await site.gateway.down();
  site.time += (SPANS.fresh + 1) * 1000;
  const client = await site.start();
  if (side === 'server') {
    await ServerFeature.setProviderAndWait(new LicetServerProvider(client));
    await until(() => ServerFeature.getClient().providerStatus === ProviderStatus.STALE);
  } else {
    await WebFeature.setProviderAndWait(new LicetWebProvider(client));
    const status = () => WebFeature.getClient().providerStatus;
    await until(() => status() === WebStatus.STALE);
    await WebFeature.setContext(ADA);
    await until(() => status() === WebStatus.STALE);
    expect(WebFeature.getClient().getBooleanDetails('sso', false).flagMetadata).toMatchObject({
      source: 'kept',
    });
  }
});

test('a provider that is closed tells nothing more, and leaves the client as it is', async () => {
  const client = await site.start();
  const provider = new LicetServerProvider(client);
  let changes = 0;
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, () => (changes += 1));
  await provider.initialize();
  await provider.onClose();
  site.gateway.state = statePayload({ editor: false });
  let told = false;
  client.onChange(() => (told = true));
  await client.refresh();
  await until(() => told);
  expect(changes).toBe(0);
  expect(client.check('editor').code).toBe('NOT_IN_PLAN');
});

test('closed before it is ready, or begun again, it tells nothing and each change once', async () => {
  const client = await site.start();
  const provider = new LicetServerProvider(client);
  let [heard, told] = [0, 0];
  provider.events.addHandler(ProviderEvents.ConfigurationChanged, () => (told += 1));
  const change = async (editor: boolean): Promise<void> => {
    [heard, told] = [0, 0];
    const stop = client.onChange(() => (heard += 1));
    site.gateway.state = statePayload({ editor });
    await client.refresh();
    await until(() => heard > 0);
    stop();
  };
  const beginning = provider.initialize();
  await provider.onClose();
  await beginning;
  await change(false);
  expect(told).toBe(0);
  await Promise.all([provider.initialize(), provider.initialize()]);
  await provider.initialize();
  await change(true);
  expect(told).toBe(heard);
  await provider.onClose();
  await change(false);
  expect(told).toBe(0);
});

test('what no fact can be is an error in its context, and what is odd is a fact like others', async () => {
  const { flags } = await serverSide();
  const around: EvaluationContext = { ...ADA };
  around['self'] = around;
  const big: object = { big: 1n };
  for (const context of [around, { ...ADA, ...big }])
    expect(await flags.getBooleanDetails('sso', false, context)).toMatchObject({
      value: false,
      errorCode: ErrorCode.INVALID_CONTEXT,
    });
  const names: object = JSON.parse(
    '{ "__proto__": { "polluted": true }, "constructor": "c", "toString": "t" }',
  );
  const odd = { ...ADA, ...names, no: null, at: new Date(NaN), nan: NaN, deep: { list: [[1], null] } };
  expect(await flags.getBooleanDetails('sso', false, { ...odd, long: 'x'.repeat(1_000_000) })).toMatchObject({
    value: true,
    flagMetadata: { code: 'ENTITLED' },
  });
  expect({}).not.toHaveProperty('polluted');
});

test.each(['', '__proto__', 'constructor', 'toString'])('the flag `%s` is not there', async (key) => {
  const { flags } = await serverSide();
  const { value, errorCode } = await flags.getObjectDetails(key, [1], ADA);
  expect([value, errorCode]).toEqual([[1], ErrorCode.FLAG_NOT_FOUND]);
});
