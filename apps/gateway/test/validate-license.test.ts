import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { LicenseKeyStore, makeLicenseKey } from '@licet/database';
import { newCustomer } from './customers.js';
import { at, startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    guesses: { ofAddress: 5, ofNetwork: 12, ofTenant: 20 },
    trustedProxies: ['loopback'],
  });
});
afterAll(() => gateway.close());

let keys = 0;
async function issue(customerId: string, plan = 'desktop', more = ''): Promise<{ id: string; key: string }> {
  const issued = await gateway.send(
    `mutation { issueLicense(input: { customerId: "${customerId}", plan: "${plan}", idempotencyKey: "${String((keys += 1))}" ${more} })
      { key license { id } } }`,
  );
  return { id: issued.text('issueLicense.license.id'), key: issued.text('issueLicense.key') };
}

const VALIDATE = `mutation ($input: ValidateLicenseInput!) { validateLicense(input: $input) {
  valid code message stale asOf token license { id status keyHint plan { key } } decisions { feature allowed code } } }`;

async function validate(input: Record<string, unknown>, bearer: string | null = null) {
  return gateway.send(VALIDATE, { input }, bearer);
}

async function keySet(tenant: string) {
  const answer = await fetch(`${gateway.url}/.well-known/jwks.json?tenant=${tenant}`);
  const set: Parameters<typeof createLocalJWKSet>[0] = JSON.parse(await answer.text());
  return createLocalJWKSet(set);
}

/** As from another address, so that one test's wrong keys are not the next one's. */
async function validateFrom(address: string, key: string) {
  return (await sendFrom(address, key)).body;
}

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function sendFrom(address: string, key: string, bearer: string | null = null): Promise<Sent> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': address,
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify({ query: VALIDATE, variables: { input: { key } } }),
  });
  const { status, headers } = response;
  return { status, headers, body: JSON.parse(await response.text()) };
}

/** What validation says, or why it does not. */
async function codeFrom(address: string, key: string, bearer: string | null = null): Promise<unknown> {
  const { body } = await sendFrom(address, key, bearer);
  return at(body, 'errors.0.extensions.code') ?? at(body, 'data.validateLicense.code');
}

async function guessFrom(addresses: readonly string[]): Promise<unknown[]> {
  return Promise.all(addresses.map((address) => codeFrom(address, makeLicenseKey())));
}

function counted(codes: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[String(code)] = (counts[String(code)] ?? 0) + 1;
  return counts;
}

test('a shipped application asks with nothing but the key, and gets a signed answer', async () => {
  await newCustomer(gateway, 'ada', 'pro');
  const { id, key } = await issue('ada');
  const answer = await validate({
    key: key.toLowerCase().replaceAll('-', ' '),
    features: ['sso', 'nope'],
    nonce: 'n-1',
  });
  expect(answer.errors).toEqual([]);
  expect(answer.get('validateLicense')).toMatchObject({
    ...{ valid: true, code: 'ENTITLED', stale: false },
    license: { id, status: 'ACTIVE', plan: { key: 'desktop' } },
    decisions: [
      { feature: 'sso', allowed: true, code: 'ENTITLED' },
      { feature: 'nope', allowed: false, code: 'UNKNOWN_FEATURE' },
    ],
  });
  const { payload, protectedHeader } = await jwtVerify(
    answer.text('validateLicense.token'),
    await keySet(gateway.tenantId),
    {
      algorithms: ['EdDSA'],
      typ: 'licet-validation+jwt',
      issuer: gateway.tenantId,
      audience: 'licet-application',
    },
  );
  expect(protectedHeader.kid).toBeDefined();
  expect(payload).toMatchObject({
    ...{ valid: true, code: 'ENTITLED', nonce: 'n-1', stale: false },
    license: { id, plan: 'desktop', status: 'ACTIVE', expiresAt: null },
    decisions: [
      { feature: 'sso', allowed: true },
      { feature: 'nope', allowed: false },
    ],
  });
});

test('a key that opens nothing is told so, signed by the installation; one that cannot be a key costs no look-up', async () => {
  const unknown = await validate({ key: makeLicenseKey(), features: ['sso'], nonce: 'n-2' });
  expect(unknown.get('validateLicense')).toMatchObject({
    ...{ valid: false, code: 'UNKNOWN_LICENSE', license: null },
    decisions: [{ feature: 'sso', allowed: false, code: 'UNKNOWN_LICENSE' }],
  });
  const token = unknown.text('validateLicense.token');
  await expect(jwtVerify(token, await keySet('licet'), { issuer: 'licet' })).resolves.toMatchObject({
    payload: { valid: false, code: 'UNKNOWN_LICENSE', nonce: 'n-2' },
  });
  expect((await validate({ key: 'no key' })).get('validateLicense.code')).toBe('UNKNOWN_LICENSE');
});

test('what was done to the licence is the first code that applies; a key that was taken away tells nothing of the customer', async () => {
  await newCustomer(gateway, 'bob', 'pro');
  const { id, key } = await issue('bob', 'desktop', ', maintenanceUntil: "2099-01-01T00:00:00Z"');
  const code = async (input: object = {}) =>
    (await validate({ key, features: ['sso'], ...input })).get('validateLicense.code');
  expect(await code({ productVersion: '9.9' })).toBe('ENTITLED');
  await gateway.send(`mutation { suspendLicense(licenseId: "${id}", reason: "unpaid") { revision } }`);
  expect(await code()).toBe('LICENSE_SUSPENDED');
  await gateway.send(`mutation { reinstateLicense(licenseId: "${id}") { revision } }`);
  expect(await code()).toBe('ENTITLED');
  await gateway.send(`mutation { revokeLicense(licenseId: "${id}", reason: "leaked") { revision } }`);
  const revoked = await validate({ key, features: ['sso'] });
  expect(revoked.get('validateLicense')).toMatchObject({
    ...{ valid: false, code: 'LICENSE_REVOKED' },
    decisions: [{ feature: 'sso', allowed: false, code: 'LICENSE_REVOKED' }],
  });
});

test('a version that maintenance does not cover', async () => {
  await newCustomer(gateway, 'cyn', 'pro');
  const { key } = await issue(
    'cyn',
    'desktop',
    ', startsAt: "2024-01-01T00:00:00Z", maintenanceUntil: "2025-01-01T00:00:00Z"',
  );
  expect((await validate({ key, productVersion: 'brand new' })).get('validateLicense.code')).toBe(
    'VERSION_NOT_COVERED',
  );
});

test('the key before a rotation opens nothing', async () => {
  await newCustomer(gateway, 'dee', 'pro');
  const { id, key: old } = await issue('dee');
  expect((await validate({ key: old })).get('validateLicense.valid')).toBe(true);
  const rotated = await gateway.send(
    `mutation { rotateLicenseKey(licenseId: "${id}", idempotencyKey: "r") { key } }`,
  );
  expect((await validate({ key: old })).get('validateLicense.code')).toBe('UNKNOWN_LICENSE');
  expect((await validate({ key: rotated.text('rotateLicenseKey.key') })).get('validateLicense.valid')).toBe(
    true,
  );
});

test('as a bearer a licence key validates its own licence, and nothing else', async () => {
  await newCustomer(gateway, 'eve', 'pro');
  const { id, key } = await issue('eve');
  const { key: others } = await issue('eve');
  expect((await validate({ key }, key)).get('validateLicense.license.id')).toBe(id);
  const other = await validate({ key: others }, key);
  expect(other.errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', field: 'input.key' });
  for (const query of [
    '{ customer(id: "eve") { id } }',
    `{ license(id: "${id}") { id } }`,
    '{ tenant { id } }',
  ])
    expect((await gateway.send(query, {}, key)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  const nested = await gateway.send(
    `mutation { validateLicense(input: { key: "${key}" }) { valid license { customer { id } } } }`,
    {},
    key,
  );
  expect(nested.errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await gateway.send('{ tenant { id } }', {}, makeLicenseKey())).status).toBe(401);
});

test('an API key that names customers validates their licence keys, and of nobody else', async () => {
  await newCustomer(gateway, 'one-of-some', 'pro');
  await newCustomer(gateway, 'not-one-of-some', 'pro');
  const { key: own } = await issue('one-of-some');
  const { key: others } = await issue('not-one-of-some');
  const { secret } = await gateway.newKey({ role: 'ADMIN', customerIds: ['one-of-some'] });
  expect((await validate({ key: own }, secret)).get('validateLicense.valid')).toBe(true);
  expect((await validate({ key: others }, secret)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await validate({ key: makeLicenseKey() }, secret)).get('validateLicense.code')).toBe(
    'UNKNOWN_LICENSE',
  );
  expect((await validate({ key: others })).get('validateLicense.valid')).toBe(true);
});

test.each<[string, (key: string) => string]>([
  ['in lower case', (key) => key.toLowerCase()],
  ['with spaces for dashes', (key) => key.replaceAll('-', ' ')],
  ['with a space and a tab around the dashes', (key) => key.replaceAll('-', ' -\t')],
  ['with O for 0 and l for 1', (key) => key.replaceAll('0', 'O').replaceAll('1', 'l')],
])('as a bearer it is understood as it was typed: %s', async (_name, typed) => {
  const { key } = await issue('eve');
  const answer = await validate({ key }, typed(key));
  expect([answer.status, answer.get('validateLicense.valid')]).toEqual([200, true]);
  expect((await gateway.send('{ tenant { id } }', {}, `${gateway.adminKey} x`)).status).toBe(401);
});

test.each(['no licence', '', 'lic_00000000-0000-4000-8000-000000000000'])(
  'as a bearer it learns of no other licence, nor of what can be none: `%s`',
  async (licenseId) => {
    const { key } = await issue('eve');
    const { errors } = await gateway.send(
      'mutation ($id: ID!) { heartbeatMachine(input: { licenseId: $id, fingerprint: "f" }, ttl: "PT1M") { decision { code } } }',
      { id: licenseId },
      key,
    );
    expect(errors[0]).toMatchObject({
      message: `this licence key is not for the licence \`${licenseId}\``,
      extensions: { code: 'FORBIDDEN', field: 'input.licenseId' },
    });
  },
);

test('a licence key takes floating seats that its plan lists, and no others', async () => {
  await newCustomer(gateway, 'fay', 'pro');
  const { key } = await issue('fay');
  const seat = async (verb: string, feature: string, bearer = key) => {
    const input = { customerId: 'fay', feature, memberId: 'ann' };
    const type = verb === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
    const answer = await gateway.send(
      `mutation ($input: ${type}!) { ${verb}(input: $input) { decision { code } } }`,
      { input },
      bearer,
    );
    return answer.errors[0]?.extensions ?? answer.get(`${verb}.decision.code`);
  };
  expect(await seat('leaseSeat', 'viewers')).toBe('ENTITLED');
  expect(await seat('releaseSeat', 'viewers')).toBe('DONE');
  expect(await seat('assignSeat', 'editors', gateway.adminKey)).toBe('ENTITLED');
  expect(await seat('releaseSeat', 'editors')).toMatchObject({ code: 'FORBIDDEN', field: 'input.feature' });
  expect(await seat('assignSeat', 'editors')).toMatchObject({ code: 'FORBIDDEN' });
});

test('the key of a licence that is not in force moves no seat, also where the customer has others', async () => {
  await newCustomer(gateway, 'gus', 'pro');
  const { id, key } = await issue('gus');
  const seat = (verb: string, bearer: string) => {
    const type = verb === 'leaseSeat' ? 'LeaseSeatInput' : 'SeatInput';
    return gateway.send(
      `mutation ($input: ${type}!) { ${verb}(input: $input) { decision { code } } }`,
      { input: { customerId: 'gus', feature: 'viewers', memberId: 'ann' } },
      bearer,
    );
  };
  expect((await seat('leaseSeat', gateway.adminKey)).get('leaseSeat.decision.code')).toBe('ENTITLED');
  await gateway.send(`mutation { suspendLicense(licenseId: "${id}", reason: "test") { revision } }`, {});
  for (const verb of ['leaseSeat', 'releaseSeat']) {
    const [error] = (await seat(verb, key)).errors;
    expect(error?.extensions.code).toBe('FORBIDDEN');
    expect(error?.message).toContain('LICENSE_SUSPENDED');
  }
  expect((await seat('releaseSeat', gateway.adminKey)).get('releaseSeat.decision.code')).toBe('DONE');
});

test('an API key for some customers validates no licence of another', async () => {
  await newCustomer(gateway, 'hob', 'pro');
  await newCustomer(gateway, 'ida', 'pro');
  const { key } = await issue('hob');
  const made = await gateway.send(
    `mutation { createApiKey(input: { name: "ida", role: READER, customerIds: ["ida"], idempotencyKey: "ida" }) { secret } }`,
  );
  const secret = String(made.get('createApiKey.secret'));
  const { errors } = await gateway.send(
    `mutation { validateLicense(input: { key: "${key}" }) { license { customer { id } } } }`,
    {},
    secret,
  );
  expect(errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test('a key is told of its own licence alone, in decisions too', async () => {
  await newCustomer(gateway, 'jon', 'pro');
  const { id, key } = await issue('jon');
  const query = `mutation { validateLicense(input: { key: "${key}", features: ["sso"] }) { decisions { code sources { id } } } }`;
  const own = (bearer: string | null) =>
    gateway.send(query, {}, bearer).then((answer) => answer.get('validateLicense.decisions'));
  for (const bearer of [null, key])
    expect(await own(bearer)).toEqual([{ code: 'ENTITLED', sources: [{ id }] }]);
  expect(await own(gateway.adminKey)).toMatchObject([{ code: 'ENTITLED', sources: [{}, {}] }]);
});

test('without a credential nothing else runs, however it is written', async () => {
  const { key } = await issue('ada');
  for (const query of [
    '{ __typename }',
    '{ tenant { id } }',
    '{ __schema { types { name } } }',
    `mutation { validateLicense(input: { key: "${key}" }) { valid } upsertCustomer(input: { id: "x" }) { revision } }`,
    `mutation { ...All } fragment All on Mutation { validateLicense(input: { key: "${key}" }) { valid } }`,
    'mutation validateLicense { upsertCustomer(input: { id: "x" }) { revision } }',
    'validateLicense',
  ]) {
    const answer = await gateway.send(query, {}, null);
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  }
  const nested = await gateway.send(
    `mutation { validateLicense(input: { key: "${key}" }) { license { customer { id } } } }`,
    {},
    null,
  );
  expect(nested.errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test('who is wrong too often from one address waits; others, and keys that are known, do not', async () => {
  const { key } = await issue('ada');
  await validateFrom('192.0.2.1', key);
  for (let guess = 0; guess < 5; guess += 1) await validateFrom('192.0.2.1', makeLicenseKey());
  const refused = await validateFrom('192.0.2.1', makeLicenseKey());
  expect(at(refused, 'errors.0.extensions')).toMatchObject({ code: 'RATE_LIMITED' });
  expect(at(refused, 'errors.0.extensions.retryAfter')).toBeGreaterThan(0);
  expect(at(await validateFrom('192.0.2.1', key), 'data.validateLicense.valid')).toBe(true);
  expect(at(await validateFrom('192.0.2.2', makeLicenseKey()), 'data.validateLicense.code')).toBe(
    'UNKNOWN_LICENSE',
  );
});

test('of many wrong keys at once no more are looked up than one address may have', async () => {
  const find = jest.spyOn(LicenseKeyStore.prototype, 'find');
  const codes = await guessFrom(Array.from({ length: 60 }, () => '192.0.2.10'));
  expect(counted(codes)).toEqual({ UNKNOWN_LICENSE: 5, RATE_LIMITED: 55 });
  expect(find).toHaveBeenCalledTimes(5);
  find.mockRestore();
});

test('an office starts all its machines at once, and all of its new keys are let in', async () => {
  const issued = [];
  for (let count = 0; count < 20; count += 1) issued.push((await issue('ada')).key);
  const codes = await Promise.all(issued.map((key) => codeFrom('192.0.2.11', key)));
  expect(counted(codes)).toEqual({ ENTITLED: 20 });
});

test('guesses from anywhere keep nobody else out', async () => {
  const { key } = await issue('ada');
  const { key: asked } = await issue('ada');
  const guesses = Array.from({ length: 60 }, (_, count) => `198.51.100.${String(count % 10)}`);
  expect(counted(await guessFrom(guesses))).toEqual({ UNKNOWN_LICENSE: 50, RATE_LIMITED: 10 });
  expect(await codeFrom('198.51.100.200', key)).toBe('ENTITLED');
  expect(await codeFrom('198.51.100.1', asked, gateway.adminKey)).toBe('ENTITLED');
});

test('what API keys of a tenant ask for counts for that tenant alone, wherever they are', async () => {
  const { key } = await issue('ada');
  const { secret } = await gateway.newKey({ role: 'READER' });
  const codes = [];
  for (let count = 0; count < 22; count += 1)
    codes.push(await codeFrom(`203.0.113.${String(count % 2)}`, makeLicenseKey(), secret));
  expect(counted(codes)).toMatchObject({
    RATE_LIMITED: expect.any(Number),
    UNKNOWN_LICENSE: expect.any(Number),
  });
  expect(codes.at(-1)).toBe('RATE_LIMITED');
  expect(await codeFrom('203.0.113.0', key)).toBe('ENTITLED');
  expect(await codeFrom('203.0.113.0', key, secret)).toBe('ENTITLED');
});

test('a customer with a licence key as bearer guesses by its address like others', async () => {
  const { key } = await issue('ada');
  expect(await codeFrom('192.0.2.30', key, key)).toBe('ENTITLED');
  const codes = [];
  for (let count = 0; count < 6; count += 1) codes.push(await codeFrom('192.0.2.30', makeLicenseKey(), key));
  expect(codes.at(-1)).toBe('RATE_LIMITED');
});

test('of IPv6 a network of 64 bits is one place, and of 48 bits has a limit of its own; IPv4 within it is IPv4', async () => {
  const { key } = await issue('ada');
  await guessFrom(Array.from({ length: 5 }, (_, count) => `2001:db8:1:1::${String(count)}`));
  expect(await codeFrom('2001:db8:1:1::ffff', key)).toBe('RATE_LIMITED');
  expect(
    counted(await guessFrom(Array.from({ length: 10 }, (_, count) => `2001:db8:1:a${String(count)}::1`))),
  ).toEqual({
    UNKNOWN_LICENSE: 7,
    RATE_LIMITED: 3,
  });
  expect(await codeFrom('2001:db8:2:1::1', key)).toBe('ENTITLED');
  await guessFrom(Array.from({ length: 5 }, () => '::ffff:192.0.2.40'));
  expect(await codeFrom('192.0.2.40', makeLicenseKey())).toBe('RATE_LIMITED');
  expect(await codeFrom('::ffff:192.0.2.41', makeLicenseKey())).toBe('UNKNOWN_LICENSE');
});

test('who has guessed too often is told when to come again by a header, too, in both lanes', async () => {
  const bearer = () => sendFrom('192.0.2.50', '', makeLicenseKey());
  for (let guess = 0; guess < 5; guess += 1) expect((await bearer()).status).toBe(401);
  const whole = await bearer();
  expect(whole.status).toBe(429);
  expect(whole.headers.get('retry-after')).toBe(String(at(whole.body, 'errors.0.extensions.retryAfter')));
  const { secret } = await gateway.newKey({ role: 'READER' });
  const lanes = new Set<string | null>();
  for (let guess = 0; guess < 30; guess += 1) {
    const { headers, body } = await sendFrom('192.0.2.51', makeLicenseKey(), secret);
    const seconds = at(body, 'errors.0.extensions.retryAfter');
    expect(headers.get('retry-after')).toBe(typeof seconds === 'number' ? String(seconds) : null);
    if (seconds !== undefined) lanes.add(headers.get('x-licet-lane'));
  }
  expect(lanes).toContain('compiled');
  const general = await gateway.send(
    `mutation Anew { validateLicense(input: { key: "${makeLicenseKey()}" }) { code } }`,
    {},
    secret,
  );
  expect([general.headers.get('x-licet-lane'), general.errors[0]?.extensions.code]).toEqual([
    'general',
    'RATE_LIMITED',
  ]);
  expect(general.headers.get('retry-after')).toBe(String(general.errors[0]?.extensions.retryAfter));
});

test('who says to come from elsewhere counts where it comes from', async () => {
  const spoofed = (count: number, real: string): string => `10.0.0.${String(count)}, ${real}`;
  for (let guess = 0; guess < 5; guess += 1) await codeFrom(spoofed(guess, '192.0.2.60'), makeLicenseKey());
  expect(await codeFrom(spoofed(9, '192.0.2.60'), makeLicenseKey())).toBe('RATE_LIMITED');
  expect(await codeFrom('192.0.2.60', makeLicenseKey())).toBe('RATE_LIMITED');
  expect(await codeFrom(spoofed(9, '192.0.2.61'), makeLicenseKey())).toBe('UNKNOWN_LICENSE');
});

test('where no proxy is trusted what they say is not read', async () => {
  const direct = await startTestGateway({ guesses: { ofAddress: 5, ofNetwork: 100, ofTenant: 100 } });
  try {
    const codes = [];
    for (let guess = 0; guess < 6; guess += 1) {
      const answer = await fetch(`${direct.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': `192.0.2.${String(guess)}` },
        body: JSON.stringify({ query: VALIDATE, variables: { input: { key: makeLicenseKey() } } }),
      });
      const body: unknown = JSON.parse(await answer.text());
      codes.push(at(body, 'errors.0.extensions.code'));
    }
    expect(codes).toEqual([undefined, undefined, undefined, undefined, undefined, 'RATE_LIMITED']);
  } finally {
    await direct.close();
  }
});

test('a key of another tenant is no key to an API key', async () => {
  const other = await startTestGateway();
  try {
    await newCustomer(other, 'far', 'pro');
    const { key } = await issue('ada');
    const asked = await other.send(VALIDATE, { input: { key } });
    expect(asked.get('validateLicense.code')).toBe('UNKNOWN_LICENSE');
  } finally {
    await other.close();
  }
});

test('asking for much in one request is refused before anything is looked at, however it is written', async () => {
  const { key } = await issue('ada');
  const features = Array.from({ length: 1000 }, (_, count) => `f${String(count)}`);
  const times = (count: number, input: string): string =>
    Array.from(
      { length: count },
      (_, at) => `a${String(at)}: validateLicense(input: ${input}) { valid }`,
    ).join(' ');
  const ofVariable = `mutation ($input: ValidateLicenseInput!) { ${times(10, '$input')} }`;
  for (let visit = 1; visit <= 4; visit += 1) {
    const { status, errors } = await gateway.send(ofVariable, { input: { key, features } }, null);
    expect([status, errors.length, errors[0]?.extensions.code]).toEqual([400, 1, 'BAD_USER_INPUT']);
    expect(errors[0]?.message).toMatch(/100020 fields/);
  }
  const ofFeatures = `mutation ($features: [String!]) { ${times(10, `{ key: "${key}", features: $features }`)} }`;
  expect((await gateway.send(ofFeatures, { features }, null)).errors[0]?.extensions.code).toBe(
    'BAD_USER_INPUT',
  );
  for (let visit = 1; visit <= 4; visit += 1) {
    const few = await gateway.send(ofVariable, { input: { key, features: ['sso'] } }, null);
    expect([few.status, few.get('a9.valid')]).toEqual([200, true]);
  }
  const socket = gateway.socket();
  const asked = socket.iterate({ query: ofVariable, variables: { input: { key, features } } });
  await expect(asked.next()).rejects.toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  await socket.dispose();
});

test('what cannot be right is named', async () => {
  const { key } = await issue('ada');
  const long = await validate({ key, nonce: 'x'.repeat(1001) });
  expect(long.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.nonce' });
  const many = await validate({ key, features: Array.from({ length: 1001 }, () => 'sso') });
  expect(many.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.features' });
  expect(decodeJwt((await validate({ key })).text('validateLicense.token'))).not.toHaveProperty('nonce');
});
