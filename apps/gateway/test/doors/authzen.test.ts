import { CATALOG } from '../catalog.js';
import { consume, newCustomer } from '../customers.js';
import { at, startTestGateway, type TestGateway } from '../gateway.js';
import { type DoorAnswer, post, postBothWays, type Sent } from './door.js';
import { publish } from '../publish.js';

/**
 * Each normative sentence of "Authorization API 1.0" (final text) that binds a policy decision point, with its section. Those
 * that bind enforcement points, registries or the searches, which are not offered, are listed in docs/doors.md.
 */

const PUBLIC_URL = 'https://licet.example.com';
let gateway: TestGateway;
let token: string;
let licenseKey: string;
beforeAll(async () => {
  gateway = await startTestGateway({ publicUrl: PUBLIC_URL });
  const { features, plans } = CATALOG;
  await publish(gateway, {
    ...CATALOG,
    features: { ...(features as object), beta: { type: 'boolean' } },
    plans: {
      ...(plans as object),
      tested: {
        model: 'subscription',
        rules: [{ name: 'testers', feature: 'beta', when: 'context.tester', then: 'allow' }],
      },
    },
  });
  await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'free');
  await newCustomer(gateway, 'tess', 'tested');
  await gateway.send(
    'mutation { assignSeat(input: { customerId: "ada", feature: "editors", memberId: "eve" }) { revision } }',
  );
  const made = await gateway.send('mutation { createCustomerToken(input: { customerId: "ada" }) { token } }');
  token = made.text('createCustomerToken.token');
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

const ADA = { type: 'customer', id: 'ada' };
const BOB = { type: 'customer', id: 'bob' };
const SSO = { type: 'feature', id: 'sso' };
const USE = { name: 'use' };
const ALLOWED = { subject: ADA, action: USE, resource: SSO };
const DENIED = {
  subject: BOB,
  action: { ...USE, properties: { quantity: 4 } },
  resource: { type: 'feature', id: 'projects' },
};
/** An evaluation whose decision nothing changes but what is given. */
const asking = (more: object): object => ({ ...ALLOWED, ...more });

const one = (body: unknown, how?: Sent): Promise<DoorAnswer> =>
  postBothWays(gateway, '/access/v1/evaluation', body, how);
const many = (body: unknown, how?: Sent): Promise<DoorAnswer> =>
  post(gateway, '/access/v1/evaluations', body, how);
const configuration = (method = 'GET'): Promise<Response> =>
  fetch(`${gateway.url}/.well-known/authzen-configuration`, { method });

async function decisionOf(body: unknown, how?: Sent): Promise<unknown> {
  const answer = await one(body, how);
  expect(answer.status).toBe(200);
  return at(answer.body, 'decision');
}
/** Decisions of a list, in order. */
async function decisionsOf(body: unknown, how?: Sent): Promise<unknown[]> {
  const answer = await many(body, how);
  expect(answer.status).toBe(200);
  const evaluations = at(answer.body, 'evaluations');
  return Array.isArray(evaluations) ? evaluations.map((one: unknown) => at(one, 'decision')) : [];
}
async function expectBadRequest(answer: Promise<DoorAnswer>, field = ''): Promise<void> {
  const { status, body } = await answer;
  expect({ status, body }).toEqual({
    status: 400,
    body: { code: 'BAD_USER_INPUT', error: expect.stringContaining(field) },
  });
}

describe('4 API Version', () => {
  test('Endpoints for version 1.0 SHOULD include `v1` in the endpoint identifier', async () => {
    const body: unknown = await (await configuration()).json();
    for (const name of ['access_evaluation_endpoint', 'access_evaluations_endpoint'])
      expect(at(body, name)).toMatch(/\/v1\//);
  });
});

describe('5.1 Subject, 5.2 Resource, 5.3 Action', () => {
  const { type: _type, ...withoutType } = ADA;
  const { id: _id, ...withoutId } = ADA;
  test.each<[string, object, string]>([
    ['A Subject contains two REQUIRED keys: type', { subject: withoutType }, 'subject.type'],
    ['A Subject contains two REQUIRED keys: id', { subject: withoutId }, 'subject.id'],
    ['type: REQUIRED. A string value (Subject)', { subject: { ...ADA, type: 1 } }, 'subject.type'],
    ['id: REQUIRED. A string value (Subject)', { subject: { ...ADA, id: null } }, 'subject.id'],
    [
      'properties: OPTIONAL. An object (Subject)',
      { subject: { ...ADA, properties: 'p' } },
      'subject.properties',
    ],
    ['type: REQUIRED (Resource)', { resource: { id: 'sso' } }, 'resource.type'],
    ['id: REQUIRED (Resource)', { resource: { type: 'feature' } }, 'resource.id'],
    ['type: REQUIRED. A string value (Resource)', { resource: { ...SSO, type: [] } }, 'resource.type'],
    ['id: REQUIRED. A string value (Resource)', { resource: { ...SSO, id: 7 } }, 'resource.id'],
    [
      'properties: OPTIONAL. An object (Resource)',
      { resource: { ...SSO, properties: [] } },
      'resource.properties',
    ],
    ['name: REQUIRED (Action)', { action: {} }, 'action.name'],
    ['name: REQUIRED. A string value (Action)', { action: { name: 123 } }, 'action.name'],
    ['properties: OPTIONAL. An object (Action)', { action: { ...USE, properties: 1 } }, 'action.properties'],
    ['Context is an object', { context: 'now' }, 'context'],
  ])('%s', async (_sentence, wrong, field) => {
    await expectBadRequest(one(asking(wrong)), field);
  });

  test('OPTIONAL keys may be there: they are taken where they mean something', async () => {
    const properties = { department: 'sales', nested: { list: [1, null, true] } };
    const subject = { ...ADA, properties };
    const all = {
      subject,
      resource: { ...SSO, properties },
      action: { ...USE, properties },
      context: properties,
    };
    expect(await decisionOf(all)).toBe(true);
  });
});

describe('5.5 Decision', () => {
  test('decision: REQUIRED. A boolean value that specifies whether the Decision is to allow or deny the operation', async () => {
    expect(await decisionOf(ALLOWED)).toBe(true);
    expect(await decisionOf(DENIED)).toBe(false);
  });

  test('context: OPTIONAL. An object; it says why', async () => {
    const { body } = await one(DENIED);
    expect(at(body, 'context')).toEqual({
      id: expect.stringMatching(/^dec_/),
      code: 'LIMIT_EXCEEDED',
      reason: expect.stringMatching(/./),
      unlimited: false,
      limit: 3,
      used: 0,
      reserved: 0,
      remaining: 3,
      release: 2,
      revision: expect.any(String),
      asOf: expect.stringMatching(/Z$/),
      stale: false,
    });
  });
});

describe('6.1 The Access Evaluation API Request', () => {
  test.each(['subject', 'action', 'resource'])('%s: REQUIRED', async (name) => {
    await expectBadRequest(one(asking({ [name]: undefined })), name);
    await expectBadRequest(one(asking({ [name]: 'text' })), name);
    await expectBadRequest(one(asking({ [name]: [] })), name);
  });

  test('context: OPTIONAL', async () => {
    expect(await decisionOf(asking({ context: undefined }))).toBe(true);
    expect(await decisionOf(asking({ context: { time: '2025-06-27T18:03-07:00' } }))).toBe(true);
  });
});

describe('7.1 The Access Evaluations API Request', () => {
  test('If an evaluations array is NOT present or is empty, it behaves as a single Access Evaluation Request', async () => {
    for (const more of [{}, { evaluations: [] }, { evaluations: [], options: {} }]) {
      expect(await many(asking(more))).toMatchObject({ status: 200, body: { decision: true } });
      expect(await many({ ...DENIED, ...more })).toMatchObject({ status: 200, body: { decision: false } });
    }
    await expectBadRequest(many({ subject: ADA, action: USE, evaluations: [] }), 'resource');
  });

  test('Any of these keys specified within an individual evaluation object overrides the corresponding top-level default', async () => {
    const evaluations = [
      {},
      { subject: BOB },
      { resource: { type: 'feature', id: 'projects' } },
      { action: { name: 'sell' } },
    ];
    expect(await decisionsOf({ ...ALLOWED, evaluations })).toEqual([true, false, true, false]);
    const beta = {
      subject: { type: 'customer', id: 'tess' },
      action: USE,
      resource: { type: 'feature', id: 'beta' },
    };
    const inContext = [{}, { context: { tester: false } }];
    expect(await decisionsOf({ ...beta, context: { tester: true }, evaluations: inContext })).toEqual([
      true,
      false,
    ]);
  });

  test('an entity is overridden whole, no part of the default is left', async () => {
    const subject = { ...ADA, properties: { memberId: 'eve' } };
    const resource = { type: 'feature', id: 'editors' };
    const evaluations = [
      {},
      { subject: { ...ADA, properties: { memberId: 'mallory' } } },
      { subject: { type: 'customer' } },
    ];
    expect(await decisionsOf({ subject, resource, action: USE, evaluations })).toEqual([true, false, false]);
  });

  test('any of these keys omitted from an evaluation object MUST be provided as a top-level key: the evaluation is denied', async () => {
    const { status, body } = await many({ subject: ADA, action: USE, evaluations: [{ resource: SSO }, {}] });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        evaluations: [
          { decision: true },
          {
            decision: false,
            context: { error: { status: 400, message: expect.stringContaining('resource') } },
          },
        ],
      },
    });
  });

  test.each<[string, object]>([
    ['evaluations: an array', { evaluations: { 0: {} } }],
    ['options: an object', { evaluations: [{}], options: 'execute_all' }],
    [
      'evaluations_semantic: exactly one of the values',
      { evaluations: [{}], options: { evaluations_semantic: 'any' } },
    ],
  ])('%s', async (_sentence, wrong) => {
    await expectBadRequest(many(asking(wrong)));
  });
});

describe('7.1.2.1 Evaluations semantics', () => {
  const evaluations = [{}, { subject: BOB }, {}, { subject: BOB }];
  const asked = (semantic?: string, list: unknown = evaluations): object =>
    asking({
      evaluations: list,
      ...(semantic === undefined
        ? {}
        : { options: { evaluations_semantic: semantic, another_option: 'value' } }),
    });

  test('execute_all is the default semantic: every request is executed, answered in the same order', async () => {
    const decisions = [true, false, true, false];
    expect(await decisionsOf(asked())).toEqual(decisions);
    expect(await decisionsOf(asked('execute_all'))).toEqual(decisions);
  });

  test('deny_on_first_deny: returning on the first denial (or failure)', async () => {
    expect(await decisionsOf(asked('deny_on_first_deny'))).toEqual([true, false]);
    expect(await decisionsOf(asked('deny_on_first_deny', [{}, {}]))).toEqual([true, true]);
    expect(await decisionsOf(asked('deny_on_first_deny', [{}, { subject: 7 }, {}]))).toEqual([true, false]);
  });

  test('permit_on_first_permit: the converse', async () => {
    const list = [{ subject: BOB }, { subject: 7 }, 'none', {}, {}];
    expect(await decisionsOf(asked('permit_on_first_permit', list))).toEqual([false, false, false, true]);
  });
});

describe('7.2 The Access Evaluations API Response', () => {
  test('In case the evaluations array is present, it is RECOMMENDED that the decision key of the response be omitted', async () => {
    const { body } = await many(asking({ evaluations: [{}, {}] }));
    expect(body).toEqual({ evaluations: expect.any(Array) });
  });

  test('Errors in individual evaluations: decisions default to closed, the context can include errors', async () => {
    const evaluations = [{}, { subject: BOB }, { subject: { type: 'user', id: 'ada' } }];
    const { body } = await many(asking({ evaluations }), { key: token });
    expect(body).toMatchObject({
      evaluations: [
        { decision: true },
        { decision: false, context: { error: { status: 403, message: expect.any(String) } } },
        {
          decision: false,
          context: { error: { status: 404, message: expect.stringContaining('subject.type') } },
        },
      ],
    });
  });

  test('all evaluations of a request are decided by one release', async () => {
    const { body } = await many(
      asking({
        evaluations: [
          {},
          { subject: BOB },
          { subject: { type: 'member', id: 'eve', properties: { customerId: 'ada' } } },
        ],
      }),
    );
    const releases = [0, 1, 2].map((index) => at(body, `evaluations.${String(index)}.context.release`));
    expect(new Set(releases).size).toBe(1);
  });
});

describe('9 Policy Decision Point Metadata', () => {
  test('It is RECOMMENDED that PDPs provide metadata; it MUST be available at /.well-known/authzen-configuration', async () => {
    expect(await (await configuration()).json()).toEqual({
      policy_decision_point: PUBLIC_URL,
      access_evaluation_endpoint: `${PUBLIC_URL}/access/v1/evaluation`,
      access_evaluations_endpoint: `${PUBLIC_URL}/access/v1/evaluations`,
    });
  });

  test('policy_decision_point: REQUIRED, a URL that uses the "https" scheme and has no query or fragment components', async () => {
    const body: unknown = await (await configuration()).json();
    const url = new URL(String(at(body, 'policy_decision_point')));
    expect([url.protocol, url.search, url.hash]).toEqual(['https:', '', '']);
  });

  test('A metadata document MUST be queried using an HTTP GET request', async () => {
    expect((await configuration('POST')).status).toBe(404);
  });

  test('A successful response MUST use the status 200 and a Content-Type of application/json; its body MUST be a JSON object', async () => {
    const response = await configuration();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
    expect(await response.json()).toEqual(expect.any(Object));
  });

  test('Parameters that have no values MUST be omitted: no search, no capability, no signature is offered', async () => {
    expect(await (await configuration()).text()).not.toMatch(/search|capabilities|signed|null/);
  });

  test('The policy_decision_point value MUST be identical to the identifier into which the well-known URI was inserted', async () => {
    const unconfigured = await startTestGateway();
    const response = await fetch(`${unconfigured.url}/.well-known/authzen-configuration`);
    expect(await response.json()).toMatchObject({ policy_decision_point: unconfigured.url });
    expect(response.headers.get('cache-control')).toBe('no-store');
    await unconfigured.close();
  });
});

describe('10.1 HTTPS JSON Binding', () => {
  test('Requests MUST include a Content-Type header with the value application/json', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])
      await expectBadRequest(one(ALLOWED, { headers: { 'content-type': type } }));
    expect(
      await decisionOf(ALLOWED, { headers: { 'content-type': 'application/json; charset=utf-8' } }),
    ).toBe(true);
  });

  test('the request body for each endpoint MUST be a JSON object', async () => {
    for (const body of ['', '{', 'null', '[]', '"text"', '7'])
      for (const ask of [one, many]) await expectBadRequest(ask(body));
  });

  test('A successful response has the status 200 and a Content-Type of application/json', async () => {
    for (const answer of [await one(ALLOWED), await one(DENIED), await many(asking({ evaluations: [{}] }))]) {
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
    }
  });

  test('The request URL MUST be the value of the corresponding endpoint parameter; else the default path', async () => {
    const body: unknown = await (await configuration()).json();
    const paths = ['access_evaluation_endpoint', 'access_evaluations_endpoint'].map(
      (name) => new URL(String(at(body, name))).pathname,
    );
    expect(paths).toEqual(['/access/v1/evaluation', '/access/v1/evaluations']);
    for (const path of paths)
      expect((await post(gateway, path, ALLOWED)).body).toMatchObject({ decision: true });
  });
});

describe('10.1.1 JSON Serialization', () => {
  test('The top-level element of all request and response bodies MUST be a JSON object', async () => {
    for (const answer of [
      await one(ALLOWED),
      await one({}),
      await one(ALLOWED, { key: null }),
      await many('['),
    ])
      expect(answer.body).toEqual(expect.any(Object));
  });

  test('If a required attribute in the information model is omitted, the server MUST return a "Bad Request" error', async () => {
    for (const path of ['/access/v1/evaluation', '/access/v1/evaluations'])
      for (const name of ['subject', 'action', 'resource'])
        expect((await post(gateway, path, asking({ [name]: undefined }))).status).toBe(400);
  });

  test('receivers MUST ignore unknown fields present in request bodies', async () => {
    const unknown = { extra: { deep: [1] } };
    const body = {
      ...unknown,
      subject: { ...ADA, ...unknown, properties: unknown },
      action: { ...USE, ...unknown, properties: unknown },
      resource: { ...SSO, ...unknown, properties: unknown },
      context: unknown,
    };
    expect(await decisionOf(body)).toBe(true);
    expect(await decisionsOf({ ...body, evaluations: [unknown], options: unknown })).toEqual([true]);
  });

  test('Implementations MUST NOT assume a particular ordering of JSON object members', async () => {
    const reversed = Object.fromEntries(Object.entries(ALLOWED).reverse());
    expect(Object.keys(reversed)).not.toEqual(Object.keys(ALLOWED));
    expect(await decisionOf(reversed)).toBe(true);
    expect(await decisionsOf({ evaluations: [{}], ...reversed })).toEqual([true]);
  });
});

describe('10.1.2 Error Responses', () => {
  test('A denial is 200 with decision false, whatever it is that is not known', async () => {
    for (const more of [
      { subject: { type: 'customer', id: 'nobody' } },
      { subject: { type: 'user', id: 'ada' } },
      { resource: { type: 'feature', id: 'nothing-of-the-kind' } },
      { resource: { type: 'document', id: 'sso' } },
      { action: { name: 'delete' } },
    ])
      expect(await decisionOf(asking(more))).toBe(false);
  });

  test('400, 401 and 403 carry an error message string', async () => {
    const messages = [
      await one({}),
      await one(ALLOWED, { key: null }),
      await one(asking({ subject: BOB }), { key: token }),
    ];
    expect(messages.map(({ status }) => status)).toEqual([400, 401, 403]);
    for (const { body } of messages) expect(at(body, 'error')).toEqual(expect.stringMatching(/./));
  });

  test('400 where an id can be none', async () => {
    await expectBadRequest(one(asking({ subject: { ...ADA, id: 'a\u0001' } })), 'customer id');
    const tooMany = { ...USE, properties: { quantity: 1.5 } };
    await expectBadRequest(one(asking({ action: tooMany })), 'action.properties.quantity');
    const member = { subject: { type: 'member', id: 'eve' } };
    await expectBadRequest(one(asking(member)), 'subject.properties.customerId');
    await expectBadRequest(many(asking({ evaluations: Array.from({ length: 1001 }, () => ({})) })), '1000');
  });
});

describe('10.1.3 Request Identification', () => {
  test('If the PEP specified a request identifier in the request, the PDP MUST include the same identifier in the response', async () => {
    const ids = [
      'bfe9eb29-ab87-4ca3-be83-a1d5d8305716',
      'any string, with "spaces" & ümlaut',
      'x'.repeat(500),
    ];
    for (const id of ids) {
      const headers = { 'x-request-id': Buffer.from(id).toString('latin1') };
      for (const answer of [
        await one(ALLOWED, { headers }),
        await many(ALLOWED, { headers }),
        await one({}, { headers }),
        await one(ALLOWED, { headers, key: null }),
        await one('{', { headers }),
      ])
        expect(answer.headers.get('x-request-id')).toBe(headers['x-request-id']);
    }
  });

  test('It is RECOMMENDED to specify it using the header X-Request-ID; without one the request does not fail', async () => {
    expect((await one(ALLOWED)).headers.get('x-request-id')).toMatch(/./);
  });
});

describe('11 Security Considerations', () => {
  test('the PDP SHOULD authenticate the calling PEP; it MUST respond with 401 and SHOULD include WWW-Authenticate', async () => {
    for (const key of [null, 'wrong', `${gateway.adminKey}x`])
      for (const ask of [one, many]) {
        const { status, headers } = await ask(ALLOWED, { key });
        expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      }
  });

  test('strings SHOULD NOT contain invalid Unicode sequences such as unpaired surrogates (RFC 7493, 2.1)', async () => {
    await expectBadRequest(one(JSON.stringify(asking({ context: { text: '\ud800' } }))));
    await expectBadRequest(one(JSON.stringify(asking({ subject: { ...ADA, id: '\udfff' } }))));
  });

  test('Numeric values SHOULD NOT exceed IEEE 754 double-precision (RFC 7493, 2.2)', async () => {
    await expectBadRequest(one(JSON.stringify(asking({ context: { number: 7 } })).replace(':7', ':1e400')));
  });

  test('Member names within a JSON object SHOULD be unique after processing escape characters (RFC 7493, 2.3)', async () => {
    const text = JSON.stringify(ALLOWED);
    await expectBadRequest(
      one(text.replace('{', '{"context":{},"conte\\u0078t":{"tester":true},')),
      'stands twice',
    );
  });

  test('properties with a value of null SHOULD be omitted: none is sent, and one that comes counts as absent', async () => {
    const { body } = await one(ALLOWED);
    expect(JSON.stringify(body)).not.toContain('null');
    const subject = { ...ADA, properties: null };
    expect(
      await decisionOf(
        asking({ subject, context: null, action: { ...USE, properties: { quantity: null } } }),
      ),
    ).toBe(true);
  });

  test('The PDP SHOULD apply protections: payload size, invalid JSON, nested JSON', async () => {
    expect((await one(asking({ context: { text: 'x'.repeat(1_100_000) } }))).status).toBe(413);
    await expectBadRequest(one(`{"context":${'['.repeat(100_000)}`));
    const nested = `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`;
    await expectBadRequest(one(JSON.stringify(ALLOWED).replace('{', `{"context":${nested},`)));
    await expectBadRequest(one(JSON.stringify(ALLOWED).replace('{', '{"__proto__":{},')));
  });
});

describe('what Licet makes of it', () => {
  const editors = { resource: { type: 'feature', id: 'editors' } };

  test.each<[string, object, boolean, string]>([
    [
      'a member with a seat',
      { ...editors, subject: { type: 'member', id: 'eve', properties: { customerId: 'ada' } } },
      true,
      'ENTITLED',
    ],
    [
      'a member without',
      { ...editors, subject: { type: 'member', id: 'mallory', properties: { customerId: 'ada' } } },
      false,
      'NO_SEAT',
    ],
    [
      'a customer for a member',
      { ...editors, subject: { ...ADA, properties: { memberId: 'eve' } } },
      true,
      'ENTITLED',
    ],
    [
      'more than there is',
      { resource: { type: 'feature', id: 'projects' }, action: { ...USE, properties: { quantity: 51 } } },
      false,
      'LIMIT_EXCEEDED',
    ],
    ['a machine', { subject: { ...BOB, properties: { fingerprint: 'studio' } } }, true, 'ENTITLED'],
    [
      'another machine',
      { subject: { ...BOB, properties: { fingerprint: 'other' } } },
      false,
      'NOT_ACTIVATED',
    ],
    [
      'a fact',
      {
        subject: { type: 'customer', id: 'tess' },
        resource: { type: 'feature', id: 'beta' },
        context: { tester: true },
      },
      true,
      'ENTITLED',
    ],
    [
      'a feature of which there is a value',
      { resource: { type: 'feature', id: 'support' } },
      true,
      'ENTITLED',
    ],
  ])('%s', async (_what, more, decision, code) => {
    expect(await one(asking(more))).toMatchObject({ status: 200, body: { decision, context: { code } } });
  });

  test('the value of a CONFIG feature, and what is left of a counted one, are in the context', async () => {
    await consume(gateway, { customerId: 'ada', feature: 'projects', quantity: 2 });
    expect((await one(asking({ resource: { type: 'feature', id: 'support' } }))).body).toMatchObject({
      context: { value: 'business' },
    });
    expect((await one(asking({ resource: { type: 'feature', id: 'projects' } }))).body).toMatchObject({
      context: { limit: 50 },
    });
  });

  test('a customer token asks about its own customer, whose members it need not say where they belong', async () => {
    const member = { ...editors, subject: { type: 'member', id: 'eve' } };
    expect(await decisionOf(asking(member), { key: token })).toBe(true);
    expect((await one(asking({ subject: BOB }), { key: token })).status).toBe(403);
  });

  test('operations of a key count as in GraphQL, and a licence key asks nothing', async () => {
    const { secret } = await gateway.newKey({ role: 'READER', operations: ['check'] });
    expect((await one(ALLOWED, { key: secret })).status).toBe(200);
    expect((await many(ALLOWED, { key: secret })).status).toBe(403);
    expect((await one(asking({ subject: BOB }), { key: licenseKey })).status).toBe(403);
  });

  test('evaluations show in the metrics, by door and by decision', async () => {
    const counts = async (): Promise<number[]> => {
      const lines = (await (await fetch(`${gateway.url}/metrics`)).text()).split('\n');
      return ['licet_operations_total{lane="authzen"}', 'licet_checks_total{code="ENTITLED"}'].map((name) =>
        Number(lines.find((line) => line.startsWith(name))?.split(' ')[1] ?? 0),
      );
    };
    const [operations = 0, checks = 0] = await counts();
    await many(asking({ evaluations: [{}, {}] }));
    expect(await counts()).toEqual([operations + 1, checks + 2]);
  });
});
