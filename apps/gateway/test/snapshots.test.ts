import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { type Decision, decide, instant, readSnapshot, type Snapshot } from '@licet/domain';
import { newCustomer } from './customers.js';
import { startTestGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let licenseKey: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  await newCustomer(gateway, 'ada', 'pro');
  await newCustomer(gateway, 'bob', 'pro');
  const issued = await gateway.send(
    'mutation { issueLicense(input: { customerId: "ada", plan: "boxed", idempotencyKey: "l" }) { key } }',
  );
  licenseKey = issued.text('issueLicense.key');
  await gateway.send(
    'mutation { grantEntitlement(input: { customerId: "ada", feature: "projects", value: 1, reason: "secret reason", idempotencyKey: "g" }) { revision } }',
  );
});
afterAll(async () => {
  await gateway.close();
});

const SNAPSHOT = `query ($id: ID!) { snapshot(customerId: $id) { customerId revision token refreshAfter graceFrom expiresAt } }`;

/** By what any JOSE library has, and the key set alone. */
async function verified(token: string): Promise<Snapshot> {
  const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
  const keys: JSONWebKeySet = JSON.parse(await response.text());
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
    algorithms: ['EdDSA'],
    typ: 'licet-snapshot+jwt',
    audience: 'licet-sdk',
  });
  const reading = readSnapshot(payload);
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return reading.snapshot;
}

/** What was true when it was signed: a token's times are whole seconds, rounded down. */
function decided({ state, issuedAt }: Snapshot, feature: string): Decision {
  return decide(state, { feature, quantity: 1 }, instant(issuedAt + 999));
}

function get(credential: string, query = '', headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/v1/snapshot${query}`, {
    headers: { authorization: `Bearer ${credential}`, ...headers },
  });
}

/** What the gateway keeps holds the revision from here on. */
async function reach(revision: string): Promise<void> {
  await gateway.send(
    'query ($r: Revision!) { check(input: { customerId: "ada", feature: "projects", atLeast: $r }) { code } }',
    { r: revision },
  );
}

async function tokenOf(member: string | null = null): Promise<string> {
  const made = await gateway.send(
    'mutation ($m: ID) { createCustomerToken(input: { customerId: "ada", memberId: $m }) { token } }',
    { m: member },
  );
  return made.text('createCustomerToken.token');
}

test('a snapshot decides as the gateway does, and says what its token says', async () => {
  const answer = await gateway.send(SNAPSHOT, { id: 'ada' });
  const snapshot = await verified(answer.text('snapshot.token'));
  expect(answer.get('snapshot')).toMatchObject({
    customerId: 'ada',
    revision: snapshot.revision,
    refreshAfter: new Date(snapshot.refreshAfter).toISOString(),
    graceFrom: new Date(snapshot.graceFrom).toISOString(),
    expiresAt: new Date(snapshot.expiresAt).toISOString(),
  });
  const features = [...snapshot.state.release.catalog.features.keys()];
  expect(features.length).toBeGreaterThan(3);
  for (const feature of features) {
    const checked = await gateway.send(
      `query ($f: String!) { check(input: { customerId: "ada", feature: $f }) { allowed code value limit unlimited used remaining } }`,
      { f: feature },
    );
    const { allowed, code, value, limit, unlimited, used, remaining } = decided(snapshot, feature);
    expect(checked.get('check')).toEqual({ allowed, code, value, limit, unlimited, used, remaining });
  }
});

test('each has a higher number than those before, whoever asks and however', async () => {
  const token = await tokenOf();
  const texts = await Promise.all([
    ...Array.from({ length: 6 }, async () =>
      (await gateway.send(SNAPSHOT, { id: 'ada' })).text('snapshot.token'),
    ),
    ...Array.from({ length: 6 }, async () => (await get(token)).text()),
  ]);
  const counters = (await Promise.all(texts.map(verified))).map(({ counter }) => counter);
  expect(new Set(counters).size).toBe(12);
  const after = await verified((await gateway.send(SNAPSHOT, { id: 'ada' })).text('snapshot.token'));
  expect(after.counter).toBe(Math.max(...counters) + 1);
});

test('what was written shows in the next one', async () => {
  const before = await verified(await (await get(await tokenOf())).text());
  const written = await gateway.send(
    'mutation { grantEntitlement(input: { customerId: "ada", feature: "projects", value: 2, reason: "r", idempotencyKey: "more" }) { revision } }',
  );
  await reach(written.text('grantEntitlement.revision'));
  const after = await verified(await (await get(await tokenOf())).text());
  expect(after.revision >= written.text('grantEntitlement.revision')).toBe(true);
  const limits = [before, after].map((snapshot) => decided(snapshot, 'projects').limit);
  expect((limits[1] ?? 0) - (limits[0] ?? 0)).toBe(2);
});

test('an ETag is answered by 304 as long as nothing has changed', async () => {
  const token = await tokenOf();
  const first = await get(token);
  expect(first.headers.get('content-type')).toBe('application/jose');
  expect(first.headers.get('cache-control')).toBe('private, no-cache');
  const etag = first.headers.get('etag') ?? '';
  const { counter } = await verified(await first.text());
  const again = await get(token, '', { 'if-none-match': `"x", W/${etag}` });
  expect([again.status, await again.text()]).toEqual([304, '']);
  for (const other of ['', '*', etag.replace(/\.[^.]*"$/, '.1"'), etag.replace(/^".{3}/, '"AAA')]) {
    const fresh = await get(token, '', { 'if-none-match': other });
    expect([other, fresh.status]).toEqual([other, 200]);
  }
  const spent = await gateway.send(
    'mutation { consume(input: { customerId: "ada", feature: "projects", quantity: 1, idempotencyKey: "c" }) { revision } }',
  );
  await reach(spent.text('consume.revision'));
  const changed = await get(token, '', { 'if-none-match': etag });
  expect(changed.status).toBe(200);
  expect((await verified(await changed.text())).counter).toBeGreaterThan(counter);
});

test('what is secret, and what others have, is in none', async () => {
  for (const credential of [gateway.adminKey, await tokenOf(), await tokenOf('ann'), licenseKey]) {
    const text = await (await get(credential, '?customerId=ada')).text();
    const payload = Buffer.from(text.split('.')[1] ?? '', 'base64url').toString();
    expect(payload).toContain('"sub":"ada"');
    expect(payload).not.toMatch(/secret reason|bob|keyDigest|keyHint/);
  }
});

test("a licence key's snapshot is of its licence alone, a member's token's of that member", async () => {
  const own = await verified(await (await get(licenseKey)).text());
  expect(own.audience.kind).toBe('LICENSE');
  expect(own.state.account.subscriptions).toEqual([]);
  expect(own.state.account.licenses).toHaveLength(1);
  const member = await verified(await (await get(await tokenOf('ann'))).text());
  expect(member.audience).toEqual({ kind: 'MEMBER', memberId: 'ann' });
});

test.each([
  ['no credential', 'nothing', '?customerId=ada', 401, 'UNAUTHENTICATED'],
  ['a customer that is not there', 'admin', '?customerId=nobody', 404, 'NOT_FOUND'],
  ['no customer named', 'admin', '', 400, 'customerId'],
  ['two customers named', 'admin', '?customerId=ada&customerId=bob', 400, 'customerId'],
  ['an id that is none', 'admin', '?customerId=%00', 400, 'customerId'],
  ["another customer's", 'token', '?customerId=bob', 403, 'FORBIDDEN'],
  ["another customer's, by licence", 'license', '?customerId=bob', 403, 'FORBIDDEN'],
])('GET is refused for %s', async (_, who, query, status, said) => {
  const credentials: Record<string, string> = {
    nothing: 'nothing',
    admin: gateway.adminKey,
    token: await tokenOf(),
    license: licenseKey,
  };
  const response = await get(credentials[who] ?? '', query);
  expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(said)]);
});

test('a key that is not for `snapshot` is FORBIDDEN', async () => {
  const { secret } = await gateway.newKey({ role: 'READER', operations: ['check'] });
  expect((await get(secret, '?customerId=ada')).status).toBe(403);
});

test.each(['ADMIN', 'OPERATOR', 'SERVICE', 'READER'] as const)(
  'GET answers a key with the role %s',
  async (role) => {
    const { secret } = await gateway.newKey({ role });
    const snapshot = await verified(await (await get(secret, '?customerId=bob')).text());
    expect(snapshot).toMatchObject({ customerId: 'bob', audience: { kind: 'CUSTOMER' } });
  },
);
