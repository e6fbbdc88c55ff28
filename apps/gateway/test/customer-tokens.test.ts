import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTenant, tokenSigner } from '@licet/database';
import { parseTimeZone, type TenantId } from '@licet/domain';
import type { Client as SocketClient } from 'graphql-ws';
import { CATALOG } from './catalog.js';
import { changePlan, newCustomer } from './customers.js';
import { at, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let subscriptionId: string;
let signer: Signer;
beforeAll(async () => {
  gateway = await startTestGateway();
  subscriptionId = await newCustomer(gateway, 'ada', 'free');
  await newCustomer(gateway, 'bob', 'pro');
  signer = await signerOf(gateway.tenantId);
  // From here on the compiled lane knows the document.
  const lanes = [];
  for (let visit = 0; visit < 3; visit++) lanes.push((await gateway.send(KNOWN)).headers.get('x-licet-lane'));
  expect(lanes.at(-1)).toBe('compiled');
});
afterAll(async () => {
  await gateway.close();
});

const KNOWN = '{ check(input: { customerId: "ada", feature: "sso" }) { code } }';
const CREATE =
  'mutation ($input: CreateCustomerTokenInput!) { createCustomerToken(input: $input) { token expiresAt } }';

function create(input: object = {}, key?: string): Promise<Answer> {
  return gateway.send(CREATE, { input: { customerId: 'ada', ...input } }, key);
}

async function token(input?: object): Promise<string> {
  return (await create(input)).text('createCustomerToken.token');
}

async function codeOf(query: string, key: string, variables: Record<string, unknown> = {}): Promise<unknown> {
  return (await gateway.send(query, variables, key)).errors[0]?.extensions.code;
}

test('is made for a customer, lives 15 minutes, and is answered in both lanes', async () => {
  const before = Date.now();
  const made = await create();
  const end = Date.parse(made.text('createCustomerToken.expiresAt'));
  expect(end).toBeGreaterThan(before + 898_000);
  expect(end).toBeLessThanOrEqual(Date.now() + 900_000);
  const secret = made.text('createCustomerToken.token');
  const asked = [
    await gateway.send(KNOWN, {}, secret),
    await gateway.send(KNOWN, {}, secret),
    await gateway.send(`${KNOWN} # ${randomUUID()}`, {}, secret),
  ];
  expect(asked.map(({ status, headers }) => [status, headers.get('x-licet-lane')])).toEqual([
    [200, 'compiled'],
    [200, 'compiled'],
    [200, 'general'],
  ]);
});

test.each<[string, object, string, string]>([
  ['a customer that is not there', { customerId: 'nobody' }, 'NOT_FOUND', 'input.customerId'],
  ['a customer id that can be none', { customerId: '' }, 'BAD_USER_INPUT', 'input.customerId'],
  ['a member id that can be none', { memberId: '\u0007' }, 'BAD_USER_INPUT', 'input.memberId'],
  ['an empty member id', { memberId: '' }, 'BAD_USER_INPUT', 'input.memberId'],
  ['a month', { ttl: 'P1M' }, 'BAD_USER_INPUT', 'input.ttl'],
  ['a year', { ttl: 'P1Y' }, 'BAD_USER_INPUT', 'input.ttl'],
  ['more than a day', { ttl: 'PT24H1S' }, 'BAD_USER_INPUT', 'input.ttl'],
  ['less than a second', { ttl: 'PT0.5S' }, 'BAD_USER_INPUT', 'input.ttl'],
  ['longer than any calendar', { ttl: 'P1000000Y' }, 'BAD_USER_INPUT', 'input.ttl'],
  ['no time', { ttl: 'PT0S' }, 'BAD_USER_INPUT', 'input.ttl'],
])('is not made for %s, and nothing is written', async (_name, input, code, field) => {
  const before = await gateway.countEvents();
  const { errors } = await create(input);
  expect(errors[0]?.extensions).toMatchObject({ code, field });
  expect(await gateway.countEvents()).toBe(before);
});

test('is made by keys that are for the customer, and ends with them', async () => {
  const narrowed = await gateway.newKey({ role: 'SERVICE', customerIds: ['bob'] });
  expect((await create({}, narrowed.secret)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await create({ customerId: 'bob' }, narrowed.secret)).errors).toEqual([]);
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const ending = await gateway.newKey({ role: 'SERVICE', expiresAt });
  const end = (await create({ ttl: 'PT1H' }, ending.secret)).text('createCustomerToken.expiresAt');
  expect(end).toBe(expiresAt.replace(/\.\d+Z/, '.000Z'));
});

test('goes on under a new signing key, and the next one is good at once', async () => {
  const old = await token();
  expect(await codeOf(KNOWN, old)).toBeUndefined();
  const rotated = await gateway.send(
    'mutation { rotateSigningKey(overlap: "PT0.001S", idempotencyKey: "soon") { key { kid } } }',
  );
  const next = await token();
  expect(kidOf(next)).toBe(rotated.text('rotateSigningKey.key.kid'));
  expect(kidOf(old)).not.toBe(kidOf(next));
  for (const secret of [old, next]) expect(await codeOf(KNOWN, secret)).toBeUndefined();
});

function kidOf(text: string): unknown {
  return at(JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()), 'kid');
}

test('makes no token, and no key', async () => {
  expect(await codeOf(CREATE, await token(), { input: { customerId: 'ada' } })).toBe('FORBIDDEN');
});

describe('with a member', () => {
  const CHECK = 'query ($input: CheckInput!) { check(input: $input) { code } }';
  const MANY = 'query ($input: CheckInput!) { checkMany(inputs: [$input]) { code } }';
  const EXPLAIN = 'query ($input: CheckInput!) { explain(input: $input) { decision { code } } }';
  const NESTED =
    'query ($memberId: ID) { customer(id: "ada") { check(feature: "sso", memberId: $memberId) { code } } }';

  test.each([
    [CHECK, 'input.memberId'],
    [MANY, 'inputs.0.memberId'],
    [EXPLAIN, 'input.memberId'],
    [NESTED, 'memberId'],
  ])('%s asks for that one alone', async (query, field) => {
    const asks = async (memberId: string | null | undefined, secret: string): Promise<unknown> => {
      const input = { customerId: 'ada', feature: 'sso', memberId };
      return (await gateway.send(query, { input, memberId }, secret)).errors[0]?.extensions;
    };
    const secret = await token({ memberId: 'grace' });
    for (const memberId of ['grace', null, undefined]) expect(await asks(memberId, secret)).toBeUndefined();
    for (const memberId of ['hopper', 'Grace'])
      expect(await asks(memberId, secret)).toMatchObject({ code: 'FORBIDDEN', field });
    for (const memberId of ['grace', 'hopper']) expect(await asks(memberId, await token())).toBeUndefined();
  });
});

test('finds its own customer by reference, and neither another one nor what is of the catalog', async () => {
  const secret = await token();
  const find = (representation: object): Promise<unknown> =>
    codeOf('query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }', secret, {
      of: [representation],
    });
  expect(await find({ __typename: 'Customer', id: 'ada' })).toBeUndefined();
  expect(await find({ __typename: 'PlanSubscription', id: subscriptionId })).toBeUndefined();
  expect(await find({ __typename: 'Customer', id: 'bob' })).toBe('FORBIDDEN');
  expect(await find({ __typename: 'Customer', id: 'nobody' })).toBe('FORBIDDEN');
  expect(await find({ __typename: 'Plan', key: 'pro' })).toBe('FORBIDDEN');
  expect(await find({ __typename: 'Feature', key: 'sso' })).toBe('FORBIDDEN');
});

test('its usage as CloudEvents is FORBIDDEN', async () => {
  const { status } = await fetch(`${gateway.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json', authorization: `Bearer ${await token()}` },
    body: JSON.stringify({ specversion: '1.0', id: '1', source: 'x', type: 'api-calls', subject: 'ada' }),
  });
  expect(status).toBe(403);
});

interface Signer {
  readonly kid: string;
  readonly key: KeyObject;
}

async function signerOf(tenantId: TenantId): Promise<Signer> {
  return (await tokenSigner(gateway.services.db, tenantId)).privateKey;
}

interface Forged {
  readonly header?: object;
  readonly claims?: object;
  readonly signature?: (input: Buffer) => Buffer;
}

const attacker = generateKeyPairSync('ed25519');
const ATTACKER_KID = 'A'.repeat(43);
function byAttacker(input: Buffer): Buffer {
  return sign(null, input, attacker.privateKey);
}

/** As a genuine token, but for what is given. */
function forged({ header = {}, claims = {}, signature }: Forged): string {
  const iat = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'EdDSA', typ: 'licet-customer+jwt', kid: signer.kid, ...header },
    { sub: 'ada', iss: gateway.tenantId, aud: 'licet', iat, exp: iat + 60, ...claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signed = signature?.(Buffer.from(input)) ?? sign(null, Buffer.from(input), signer.key);
  return `${input}.${signed.toString('base64url')}`;
}

function hmacByPublicKey(input: Buffer): Buffer {
  const pem = createPublicKey(signer.key).export({ format: 'pem', type: 'spki' });
  return createHmac('sha256', pem).update(input).digest();
}

const FORGERIES: [string, () => string | Promise<string>][] = [
  ['signed by an attacker', () => forged({ signature: byAttacker })],
  ['that names an unknown key', () => forged({ header: { kid: ATTACKER_KID }, signature: byAttacker })],
  [
    'that brings its own key',
    () =>
      forged({
        header: { kid: ATTACKER_KID, jwk: attacker.publicKey.export({ format: 'jwk' }) },
        signature: byAttacker,
      }),
  ],
  [
    'that says where its key is',
    () =>
      forged({
        header: { kid: ATTACKER_KID, jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' },
        signature: byAttacker,
      }),
  ],
  ['with an injected key id', () => forged({ header: { kid: '../../dev/null' }, signature: byAttacker })],
  ['without a signature', () => forged({ header: { alg: 'none' }, signature: () => Buffer.alloc(0) })],
  [
    'signed by HMAC with the public key',
    () => forged({ header: { alg: 'HS256' }, signature: hmacByPublicKey }),
  ],
  ['of another type', () => forged({ header: { typ: 'licet-validation+jwt' } })],
  ['of no type', () => forged({ header: { typ: undefined } })],
  ['that has expired', () => forged({ claims: { iat: 1_700_000_000, exp: 1_700_000_060 } })],
  ['for another audience', () => forged({ claims: { aud: 'elsewhere' } })],
  ['of a tenant that is not there', () => forged({ claims: { iss: randomUUID() } })],
  ["signed with another tenant's key", () => anotherTenants(gateway.tenantId)],
  ['whose claims were altered', async () => altered(await token())],
];

async function anotherTenants(iss: TenantId): Promise<string> {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  const tenantId = await createTenant(gateway.services.db, {
    name: 'Other',
    timeZone: zone,
    document: CATALOG,
  });
  const { kid, key } = await signerOf(tenantId);
  return forged({ header: { kid }, claims: { iss }, signature: (input) => sign(null, input, key) });
}

function altered(genuine: string): string {
  const [header = '', payload = '', signature = ''] = genuine.split('.');
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forBob = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
  return [header, forBob, signature].join('.');
}

async function refusedOnSocket(secret: string): Promise<void> {
  const socket = gateway.socket(secret);
  const closed = new Promise<unknown>((resolve) => socket.on('closed', resolve));
  await expect(socket.iterate({ query: KNOWN }).next()).rejects.toBeDefined();
  expect(await closed).toMatchObject({ code: 4403, reason: 'Forbidden' });
}

async function refusedOverHttp(secret: string): Promise<void> {
  const known = await gateway.send(KNOWN, {}, secret);
  expect([known.status, known.errors[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  const general = await fetch(`${gateway.url}/graphql?query=${encodeURIComponent(KNOWN)}`, {
    headers: { authorization: `Bearer ${secret}`, 'apollo-require-preflight': 'true' },
  });
  expect([general.status, await general.text()]).toEqual([401, expect.stringContaining('UNAUTHENTICATED')]);
}

test('a token of the form of the forged ones is let in: what refuses these is what is wrong with each', async () => {
  expect(await codeOf(KNOWN, forged({}))).toBeUndefined();
});

test.each(FORGERIES)('a token %s is UNAUTHENTICATED in both lanes and on sockets', async (_name, make) => {
  const secret = await make();
  await refusedOverHttp(secret);
  await refusedOnSocket(secret);
});

const VECTORS: { vectors: { name: string; token: string }[] } = JSON.parse(
  readFileSync(join(__dirname, '../../../packages/database/test/tokens/token-vectors.json'), 'utf8'),
);

test('none of the token vectors lets anybody in: they are of another installation', async () => {
  for (const { name, token: text } of VECTORS.vectors) {
    if (/\s|^$/.test(text)) continue;
    const { status } = await gateway.send(KNOWN, {}, text);
    // What no header has room for is refused before anybody looks at it.
    expect([name, status]).toEqual([name, text.length > 16_000 ? 431 : 401]);
  }
});

describe('on a socket', () => {
  type Stream = AsyncIterableIterator<unknown>;
  async function next(stream: Stream): Promise<unknown> {
    const { value }: { value?: unknown } = await stream.next();
    return value;
  }
  function follow(socket: SocketClient, query: string): Stream {
    return socket.iterate({ query });
  }

  test('follows its customer alone, and is not told who has changed something', async () => {
    const socket = gateway.socket(await token());
    const entitlements = follow(
      socket,
      `subscription { entitlementsChanged(customerId: "ada") { customerId changed
         cause { type customerId reason requestId data actor { kind id name } } } }`,
    );
    expect(at(await next(entitlements), 'data.entitlementsChanged.customerId')).toBe('ada');
    const plans = follow(socket, 'subscription { planChanged { customerId to } }');
    const change = next(plans);
    // An answer on the same socket: what was subscribed before is in place.
    expect(at(await next(follow(socket, KNOWN)), 'data.check.code')).toBeDefined();
    await newCustomer(gateway, 'cy', 'pro');
    await changePlan(gateway, { subscriptionId, plan: 'pro' });
    expect(at(await change, 'data.planChanged')).toMatchObject({ customerId: 'ada', to: 'pro' });
    expect(at(await next(entitlements), 'data.entitlementsChanged.cause')).toEqual({
      type: 'subscription.plan_changed',
      customerId: 'ada',
      reason: null,
      requestId: null,
      data: {},
      actor: { kind: 'API_KEY', id: 'API_KEY', name: null },
    });
    for (const query of [
      'subscription { entitlementsChanged(customerId: "bob") { customerId } }',
      'subscription { planChanged(customerId: "bob") { customerId } }',
      'subscription { events { id } }',
      'subscription { events(customerId: "ada") { id } }',
    ])
      expect(at(await next(follow(socket, query)), 'errors.0.extensions.code')).toBe('FORBIDDEN');
    await socket.dispose();
  });

  /** Lets a socket in by a token that ends soon, and not before: where it came too late, by one that lives longer. */
  async function follower(): Promise<{ secret: string; closed: Promise<unknown>; stream: Stream }> {
    for (let seconds = 1; ; seconds *= 2) {
      const secret = await token({ ttl: `PT${String(seconds)}S` });
      const socket = gateway.socket(secret);
      const closed = new Promise<unknown>((resolve) => socket.on('closed', resolve));
      const stream = follow(socket, 'subscription { entitlementsChanged(customerId: "ada") { customerId } }');
      const isIn = await next(stream).then(
        (message) => at(message, 'data') !== undefined,
        () => false,
      );
      if (isIn) return { secret, closed, stream };
    }
  }

  test('it ends when the token expires, and the token is worth nothing afterwards in either lane', async () => {
    const { secret, closed, stream } = await follower();
    expect(await closed).toMatchObject({ code: 4403, reason: 'Forbidden' });
    await expect(stream.next()).rejects.toBeDefined();
    await refusedOverHttp(secret);
    await refusedOnSocket(secret);
  });
});
