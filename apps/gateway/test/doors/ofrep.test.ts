import { consume, newCustomer } from '../customers.js';
import { at, startTestGateway, type TestGateway } from '../gateway.js';
import { type DoorAnswer, post, postBothWays, type Sent } from './door.js';
import { publish } from '../publish.js';

const THEME = '{"logo": "own", "colours": 12}';
const CATALOG = {
  catalog: 1,
  name: 'Flags',
  features: {
    sso: { type: 'boolean' },
    projects: { type: 'limit' },
    'api-calls': { type: 'metered', window: 'P1M' },
    support: { type: 'config', values: ['community', 'business', '{not json'] },
    theme: { type: 'config', values: ['{"logo": "ours"}', THEME] },
    editors: { type: 'seats', kind: 'named' },
    beta: { type: 'boolean' },
    app: { type: 'boolean', versions: { '1.0': '2020-01-01', '9.0': '2090-01-01' } },
    open: { type: 'limit', whenUnknown: 'open' },
  },
  plans: {
    free: { model: 'subscription', entitlements: { projects: 3, support: '{not json' } },
    pro: {
      model: 'subscription',
      entitlements: {
        sso: true,
        projects: 'unlimited',
        'api-calls': 100,
        support: 'business',
        theme: THEME,
        editors: 2,
      },
      rules: [{ name: 'testers', feature: 'beta', when: 'context.tester', then: 'allow' }],
    },
    boxed: {
      model: 'perpetual',
      maintenance: 'P1Y',
      machines: { limit: 1 },
      entitlements: { app: true },
    },
  },
};

let gateway: TestGateway;
let licenseKey: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  await publish(gateway, CATALOG);
  await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'free');
  await consume(gateway, { customerId: 'ada', feature: 'api-calls', quantity: 40 });
  await gateway.send(
    'mutation { assignSeat(input: { customerId: "ada", feature: "editors", memberId: "eve" }) { revision } }',
  );
  const issued = await gateway.send(
    'mutation { issueLicense(input: { customerId: "bob", plan: "boxed", idempotencyKey: "l" }) { key license { id } } }',
  );
  licenseKey = issued.text('issueLicense.key');
  await gateway.send(
    'mutation ($id: ID!) { activateMachine(input: { licenseId: $id, fingerprint: "studio" }) { decision { code } } }',
    { id: issued.text('issueLicense.license.id') },
  );
});
afterAll(() => gateway.close());

const one = (key: string, context: unknown, how?: Sent): Promise<DoorAnswer> =>
  postBothWays(gateway, `/ofrep/v1/evaluate/flags/${encodeURIComponent(key)}`, { context }, how);
const all = (context: unknown, how?: Sent, query = ''): Promise<DoorAnswer> =>
  post(gateway, `/ofrep/v1/evaluate/flags${query}`, { context }, how);
const ADA = { targetingKey: 'ada' };

async function customerToken(memberId?: string): Promise<string> {
  const made = await gateway.send(
    'mutation ($input: CreateCustomerTokenInput!) { createCustomerToken(input: $input) { token } }',
    { input: { customerId: 'ada', ...(memberId === undefined ? {} : { memberId }) } },
  );
  return made.text('createCustomerToken.token');
}

describe('the value of a flag is what the customer has of the feature', () => {
  test.each<[string, string, unknown, unknown, string]>([
    ['BOOLEAN, had', 'sso', ADA, true, 'ENTITLED'],
    ['BOOLEAN, not had', 'sso', { targetingKey: 'bob' }, false, 'NOT_IN_PLAN'],
    ['BOOLEAN of an unknown customer', 'sso', { targetingKey: 'nobody' }, false, 'UNKNOWN_CUSTOMER'],
    ['LIMIT, bounded', 'projects', { targetingKey: 'bob' }, 3, 'ENTITLED'],
    ['LIMIT, unlimited', 'projects', ADA, Number.MAX_SAFE_INTEGER, 'ENTITLED'],
    ['LIMIT, not had', 'projects', { targetingKey: 'nobody' }, 0, 'UNKNOWN_CUSTOMER'],
    ['METERED', 'api-calls', ADA, 100, 'ENTITLED'],
    ['METERED, for more units than are left', 'api-calls', { ...ADA, quantity: 61 }, 100, 'LIMIT_EXCEEDED'],
    ['METERED, not had', 'api-calls', { targetingKey: 'bob' }, 0, 'NOT_IN_PLAN'],
    ['SEATS', 'editors', ADA, 2, 'ENTITLED'],
    ['SEATS for a member that holds one', 'editors', { ...ADA, memberId: 'eve' }, 2, 'ENTITLED'],
    ['SEATS for a member that holds none', 'editors', { ...ADA, memberId: 'mallory' }, 2, 'NO_SEAT'],
    ['CONFIG, a text', 'support', ADA, 'business', 'ENTITLED'],
    ['CONFIG, a text that looks like JSON', 'support', { targetingKey: 'bob' }, '{not json', 'ENTITLED'],
    ['CONFIG, an object', 'theme', ADA, { logo: 'own', colours: 12 }, 'ENTITLED'],
    ['CONFIG, not had: the code default', 'theme', { targetingKey: 'bob' }, undefined, 'NOT_IN_PLAN'],
    ['by a fact of the context', 'beta', { ...ADA, tester: true }, true, 'ENTITLED'],
    ['by another fact of the context', 'beta', { ...ADA, tester: false }, false, 'CONDITION_NOT_MET'],
    ['by the machine', 'app', { targetingKey: 'bob', fingerprint: 'studio' }, true, 'ENTITLED'],
    ['by another machine', 'app', { targetingKey: 'bob', fingerprint: 'other' }, false, 'NOT_ACTIVATED'],
    [
      'by the version',
      'app',
      { targetingKey: 'bob', fingerprint: 'studio', productVersion: '9.0' },
      false,
      'VERSION_NOT_COVERED',
    ],
  ])('%s', async (_what, key, context, value, code) => {
    const { status, body } = await one(key, context);
    expect(status).toBe(200);
    expect(body).toMatchObject({ key, reason: 'TARGETING_MATCH', metadata: { code } });
    expect(at(body, 'value')).toEqual(value);
  });

  test('metadata tells the whole decision, and what is not there is left out', async () => {
    const { body } = await one('api-calls', ADA);
    expect(at(body, 'metadata')).toEqual({
      allowed: true,
      code: 'ENTITLED',
      message: expect.any(String),
      unlimited: false,
      limit: 100,
      used: 40,
      reserved: 0,
      remaining: 60,
      resetsAt: expect.stringMatching(/Z$/),
      validUntil: expect.stringMatching(/Z$/),
      decisionId: expect.stringMatching(/^dec_/),
      release: 2,
      revision: expect.stringMatching(/^[0-9a-f]{16}-/),
      stale: false,
    });
    expect(Object.keys(at((await one('sso', ADA)).body, 'metadata') ?? {})).not.toContain('limit');
  });
});

describe('a single flag that cannot be evaluated', () => {
  test.each<[string, unknown, number, string]>([
    ['no targeting key', { context: {} }, 400, 'TARGETING_KEY_MISSING'],
    ['an empty targeting key', { context: { targetingKey: '' } }, 400, 'TARGETING_KEY_MISSING'],
    ['a targeting key that is no text', { context: { targetingKey: 7 } }, 400, 'INVALID_CONTEXT'],
    ['a targeting key that can be no id', { context: { targetingKey: 'a\u0001' } }, 400, 'INVALID_CONTEXT'],
    ['no context', {}, 400, 'INVALID_CONTEXT'],
    ['a context that is none', { context: 'ada' }, 400, 'INVALID_CONTEXT'],
    ['a member that is no text', { context: { ...ADA, memberId: 7 } }, 400, 'INVALID_CONTEXT'],
    ['a fingerprint that is empty', { context: { ...ADA, fingerprint: '' } }, 400, 'INVALID_CONTEXT'],
    ['a quantity that is none', { context: { ...ADA, quantity: 1.5 } }, 400, 'INVALID_CONTEXT'],
    ['NUL characters', { context: { ...ADA, country: '\0' } }, 400, 'INVALID_CONTEXT'],
    ['a list', [], 400, 'INVALID_CONTEXT'],
    ['no JSON', '{', 400, 'PARSE_ERROR'],
    ['nothing', '', 400, 'PARSE_ERROR'],
  ])('%s', async (_what, body, status, errorCode) => {
    const answer = await postBothWays(gateway, '/ofrep/v1/evaluate/flags/sso', body);
    expect(answer).toMatchObject({
      status,
      body: { key: 'sso', errorCode, errorDetails: expect.any(String) },
    });
  });

  test('of which the error says in which field it lies, and the remedy', async () => {
    const { body } = await one('sso', { ...ADA, quantity: -1 });
    expect(at(body, 'errorDetails')).toMatch(/^`context.quantity`: .*whole number/);
  });

  test.each(['nothing-of-the-kind', 'no key at all', 'x'.repeat(300)])(
    'a feature that the catalog does not have: %s',
    async (key) => {
      expect(await one(key, ADA)).toMatchObject({
        status: 404,
        body: { key, errorCode: 'FLAG_NOT_FOUND' },
      });
    },
  );

  test('a body that is no JSON by its type is refused', async () => {
    const answer = await postBothWays(gateway, '/ofrep/v1/evaluate/flags/sso', '{}', {
      headers: { 'content-type': 'text/plain' },
    });
    expect(answer).toMatchObject({ status: 415, body: { key: 'sso', errorCode: 'GENERAL' } });
  });
});

describe('all flags', () => {
  test('are those of the catalog, each as it would be alone', async () => {
    const { status, body } = await all({ ...ADA, tester: true, memberId: 'eve' });
    expect(status).toBe(200);
    const flags = at(body, 'flags');
    const keys = Array.isArray(flags) ? flags.map((flag: unknown) => at(flag, 'key')) : [];
    expect([...keys].sort()).toEqual(Object.keys(CATALOG.features).sort());
    for (const [index, key] of keys.entries()) {
      const { body: alone } = await one(String(key), { ...ADA, tester: true, memberId: 'eve' });
      expect(alone).toMatchObject({ ...(at(flags, String(index)) as object) });
    }
    expect(at(body, 'metadata')).toEqual({
      release: 2,
      revision: expect.any(String),
      stale: false,
    });
  });

  test('fail as a whole without a key', async () => {
    const { status, body } = await all({});
    expect(status).toBe(400);
    expect(body).toEqual({ errorCode: 'TARGETING_KEY_MISSING', errorDetails: expect.any(String) });
  });

  test('are not sent again while nothing has changed', async () => {
    const first = await all(ADA);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await all(ADA, { headers: { 'if-none-match': known } });
      expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, null, etag]);
    }
  });

  test('another context, customer, tenant state or release has another ETag', async () => {
    const etags = new Set<string | null>();
    const note = async (context: unknown, seen = ''): Promise<void> => {
      const known = { 'if-none-match': [...etags].join(', ') };
      const { status, headers } = await all(
        context,
        { headers: known },
        seen === '' ? '' : `?flagConfigEtag=${seen}`,
      );
      expect(status).toBe(200);
      etags.add(headers.get('etag'));
    };
    await note(ADA);
    await note({ ...ADA, tester: false });
    await note({ targetingKey: 'bob' });
    const spent = await consume(gateway, { customerId: 'ada', feature: 'api-calls', quantity: 1 });
    await note(ADA, spent.text('consume.revision'));
    await note(ADA, await publish(gateway, { ...CATALOG, name: 'Flags, once more' }));
    expect(etags.size).toBe(5);
  });

  test('are from a state that has seen what an event has told of', async () => {
    const made = await gateway.send(
      'mutation { grantEntitlement(input: { customerId: "bob", feature: "api-calls", value: 7, reason: "r", idempotencyKey: "g" }) { revision } }',
    );
    const revision = made.text('grantEntitlement.revision');
    const { body } = await all(
      { targetingKey: 'bob' },
      {},
      `?flagConfigEtag=${revision}&flagConfigLastModified=1`,
    );
    expect(at(body, 'flags')).toContainEqual(expect.objectContaining({ key: 'api-calls', value: 7 }));
    const other = await all(ADA, {}, '?flagConfigEtag=0000000000000001-00000000');
    expect(other).toMatchObject({ status: 400, body: { errorCode: 'GENERAL' } });
    const later = await all(ADA, {}, '?flagConfigEtag=00000000ffffffff-00000000');
    expect(later).toMatchObject({ status: 503, body: { errorCode: 'GENERAL' } });
    expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0);
    const none = await all(ADA, {}, '?flagConfigEtag=none');
    expect(none).toMatchObject({
      status: 400,
      body: { errorDetails: expect.stringMatching(/flagConfigEtag/) },
    });
  });
});

describe('who may ask', () => {
  test('nobody without a credential, and the answer names the scheme', async () => {
    for (const key of [null, 'wrong']) {
      const answer = await one('sso', ADA, { key });
      expect(answer).toMatchObject({ status: 401, body: { key: 'sso', errorCode: 'GENERAL' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect((await all(ADA, { key })).status).toBe(401);
    }
  });

  test('a customer token about its own customer, and its own member', async () => {
    const key = await customerToken('eve');
    expect(await one('editors', ADA, { key })).toMatchObject({
      status: 200,
      body: { metadata: { code: 'ENTITLED' } },
    });
    expect((await all(ADA, { key })).status).toBe(200);
    expect((await one('sso', { targetingKey: 'bob' }, { key })).status).toBe(403);
    expect((await all({ targetingKey: 'bob' }, { key })).status).toBe(403);
    expect((await one('sso', { ...ADA, memberId: 'mallory' }, { key })).status).toBe(403);
  });

  test('a key that is for other customers, or other operations, is refused', async () => {
    const { secret: ofBob } = await gateway.newKey({ role: 'READER', customerIds: ['bob'] });
    expect((await one('sso', { targetingKey: 'bob' }, { key: ofBob })).status).toBe(200);
    expect((await one('sso', ADA, { key: ofBob })).status).toBe(403);
    const { secret: single } = await gateway.newKey({ role: 'READER', operations: ['check'] });
    expect((await one('sso', ADA, { key: single })).status).toBe(200);
    expect(await all(ADA, { key: single })).toMatchObject({
      status: 403,
      body: { errorDetails: expect.stringMatching(/checkMany/) },
    });
  });

  test('a licence key does not ask for its customer', async () => {
    expect((await one('app', { targetingKey: 'bob' }, { key: licenseKey })).status).toBe(403);
  });
});

test('evaluations show in the metrics, by door and by decision, whichever way they came', async () => {
  const count = async (line: string): Promise<number> => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.split(' ')[1] ?? 0,
    );
  };
  const before = [
    await count('licet_operations_total{lane="ofrep"}'),
    await count('licet_checks_total{code="ENTITLED"}'),
  ];
  for (const way of ['', '?behind'])
    await post(gateway, `/ofrep/v1/evaluate/flags/sso${way}`, { context: ADA });
  const after = [
    await count('licet_operations_total{lane="ofrep"}'),
    await count('licet_checks_total{code="ENTITLED"}'),
  ];
  expect(after).toEqual(before.map((number) => number + 2));
});
