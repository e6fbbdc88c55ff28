import { createPublicKey, type JsonWebKey, randomUUID, verify } from 'node:crypto';
import { createTenant, type Database, signToken, tokenSigner } from '@licet/database';
import { instant, parseTimeZone } from '@licet/domain';
import { Pool } from 'pg';
import { KeySets } from '../src/key-sets.js';
import { Metrics } from '../src/metrics.js';
import { startServer } from '../src/server.js';
import { CATALOG } from './catalog.js';
import { at, startTestGateway, type Answer, type TestGateway } from './gateway.js';

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(async () => {
  await gateway.close();
});

interface KeySet {
  readonly keys: readonly JsonWebKey[];
}

const KEYS = '{ signingKeys { kid status publicKey createdAt retiresAt } }';
const ROTATE = `mutation ($overlap: Duration, $key: String!) { rotateSigningKey(overlap: $overlap, idempotencyKey: $key) {
  revision key { kid status publicKey createdAt retiresAt } } }`;

function rotate(variables: object = {}, key?: string): Promise<Answer> {
  return gateway.send(ROTATE, { key: randomUUID(), ...variables }, key);
}

function keySet(query = '', headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${gateway.url}/.well-known/jwks.json${query}`, { headers, method });
}

async function kids(query = ''): Promise<unknown[]> {
  const { keys }: KeySet = JSON.parse(await (await keySet(query)).text());
  return keys.map(({ kid }) => kid);
}

async function errorOf(response: Response): Promise<unknown[]> {
  const body: unknown = JSON.parse(await response.text());
  return [
    response.status,
    at(body, 'errors.0.extensions.code'),
    at(body, 'errors.0.extensions.field'),
    response.headers.get('cache-control'),
  ];
}

async function anotherTenant(): Promise<string> {
  const timeZone = parseTimeZone('UTC');
  if (timeZone === null) throw new Error('UTC is a time zone');
  return createTenant(gateway.services.db, { name: 'Other', timeZone, document: CATALOG });
}

test('signing keys are listed newest first, with what verifies and nothing that signs', async () => {
  const first = await gateway.send(KEYS);
  expect(first.get('signingKeys')).toEqual([
    {
      kid: expect.stringMatching(/^[\w-]{43}$/) as string,
      status: 'ACTIVE',
      publicKey: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: expect.stringMatching(/^[\w-]{43}$/) as string,
        kid: first.get('signingKeys.0.kid'),
        use: 'sig',
        alg: 'EdDSA',
      },
      createdAt: expect.any(String) as string,
      retiresAt: null,
    },
  ]);
  const rotated = await rotate({ overlap: 'PT1H' });
  const { key } = rotated.get('rotateSigningKey') as { key: { createdAt: string } };
  expect(key).toMatchObject({ status: 'ACTIVE', retiresAt: null });
  const listed = await gateway.send(KEYS);
  expect(listed.get('signingKeys.0')).toEqual(key);
  expect(listed.get('signingKeys.1')).toMatchObject({
    kid: first.get('signingKeys.0.kid'),
    status: 'RETIRING',
    retiresAt: new Date(Date.parse(key.createdAt) + 25 * 3_600_000).toISOString(),
  });
});

test('rotation is for administrators of all customers, the list for everyone with a key', async () => {
  for (const role of ['READER', 'SERVICE', 'OPERATOR']) {
    const { secret } = await gateway.newKey({ role });
    expect((await gateway.send(KEYS, {}, secret)).errors).toEqual([]);
    expect((await rotate({}, secret)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  }
  const narrowed = await gateway.newKey({ role: 'ADMIN', customerIds: ['ada'] });
  expect((await rotate({}, narrowed.secret)).errors[0]).toMatchObject({
    message: expect.stringContaining('signing keys are for all of them') as string,
    extensions: { code: 'FORBIDDEN' },
  });
  expect(await kids()).toHaveLength(1);
});

test('without an overlap it is a day', async () => {
  const made = await rotate({ overlap: null });
  const createdAt = Date.parse(made.text('rotateSigningKey.key.createdAt'));
  const listed = await gateway.send(KEYS);
  expect(listed.text('signingKeys.1.retiresAt')).toBe(new Date(createdAt + 2 * 86_400_000).toISOString());
});

test('repeated with its idempotency key it answers as it did; a day, said or not, is the same input', async () => {
  const first = await rotate({ key: 'once' });
  expect((await rotate({ key: 'once' })).get('rotateSigningKey')).toEqual(first.get('rotateSigningKey'));
  const said = await rotate({ key: 'once', overlap: 'P1D' });
  expect(said.get('rotateSigningKey')).toEqual(first.get('rotateSigningKey'));
  expect((await rotate({ key: 'once', overlap: 'PT1H' })).errors[0]?.extensions).toMatchObject({
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await kids()).toHaveLength(2);
});

test.each([
  ['an overlap of more than 90 days', { overlap: 'P91D' }, 'overlap'],
  ['an idempotency key without a character', { key: '' }, 'idempotencyKey'],
  ['an idempotency key of 256 characters', { key: 'x'.repeat(256) }, 'idempotencyKey'],
])('%s is refused, and nothing is written', async (_name, variables, field) => {
  const before = await gateway.countEvents();
  const { errors } = await rotate(variables);
  expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  expect(await gateway.countEvents()).toBe(before);
});

test('an overlap of nothing is no duration', async () => {
  const { errors } = await rotate({ overlap: 'PT0S' });
  expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

test('the events of rotation are listed, with who did it', async () => {
  const made = await rotate();
  const events = await gateway.send(
    '{ events(first: 100, types: ["signing_key.created", "signing_key.rotated"]) { edges { node { type subjectId actor { kind } } } } }',
  );
  expect(events.get('events.edges')).toMatchObject([
    { node: { type: 'signing_key.created', actor: { kind: 'SYSTEM' } } },
    { node: { type: 'signing_key.rotated', actor: { kind: 'API_KEY' } } },
    { node: { subjectId: made.get('rotateSigningKey.key.kid'), actor: { kind: 'API_KEY' } } },
  ]);
});

test('the key set needs no key, may be kept, and verifies what is signed', async () => {
  const answer = await keySet();
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/jwk-set+json');
  expect(answer.headers.get('cache-control')).toBe('public, max-age=300, stale-if-error=86400');
  const set: KeySet = JSON.parse(await answer.text());
  expect(set.keys).toEqual([(await gateway.send(KEYS)).get('signingKeys.0.publicKey')]);
  const { privateKey, clock } = await tokenSigner(gateway.services.db, gateway.tenantId);
  const token = await signToken(privateKey, {
    type: 'licet-customer+jwt',
    issuer: gateway.tenantId,
    audience: 'licet',
    issuedAt: clock,
    expiresAt: instant(clock + 60_000),
    claims: { sub: 'ada' },
  });
  const [header = '', payload = '', signature = ''] = token.split('.');
  const verified = set.keys.map((jwk) =>
    verify(
      null,
      Buffer.from(`${header}.${payload}`),
      createPublicKey({ key: jwk, format: 'jwk' }),
      Buffer.from(signature, 'base64url'),
    ),
  );
  expect(verified).toEqual([true]);
});

test('the key set has an ETag, 304 where it is known, and another one after a rotation', async () => {
  const etag = (await keySet()).headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[\w-]+"$/);
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    const again = await keySet('', { 'if-none-match': known });
    expect([known, again.status, await again.text()]).toEqual([known, 304, '']);
    expect(again.headers.get('etag')).toBe(etag);
    expect(again.headers.get('cache-control')).toMatch(/^public/);
  }
  expect((await keySet('', { 'if-none-match': '"x"' })).status).toBe(200);
  const head = await keySet('', {}, 'HEAD');
  expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
  await rotate();
  const changed = await keySet('', { 'if-none-match': etag });
  expect([changed.status, changed.headers.get('etag') === etag]).toEqual([200, false]);
  expect(await kids()).toHaveLength(2);
});

test('where there are several tenants, each key set is asked for by name, and none tells of another', async () => {
  const own = await kids();
  const other = await anotherTenant();
  expect(await kids(`?tenant=${gateway.tenantId}`)).toEqual(own);
  const others = await kids(`?tenant=${other}`);
  expect(others).toHaveLength(1);
  expect(others).not.toEqual(own);
  // Another gateway: this one may know for some seconds yet of one tenant alone.
  await withServer(gateway.services.db, async (url) => {
    const response = await fetch(`${url}/.well-known/jwks.json`);
    expect(await errorOf(response)).toEqual([400, 'BAD_USER_INPUT', 'tenant', 'no-store']);
  });
});

async function withServer(db: Database, work: (url: string) => Promise<void>): Promise<void> {
  const services = { ...gateway.services, db, keySets: new KeySets(db), metrics: new Metrics() };
  const server = await startServer(services, { host: '127.0.0.1', port: 0 });
  try {
    await work(server.url);
  } finally {
    await server.close();
  }
}

test('the key set may be read by pages of any origin, and is read from the database once in a while', async () => {
  expect((await keySet()).headers.get('access-control-allow-origin')).toBe('*');
  expect((await keySet('?tenant=x')).headers.get('access-control-allow-origin')).toBe('*');
  const { db } = gateway.services;
  let reads = 0;
  const pool = new Proxy(db.pool, {
    get(target, name) {
      if (name === 'connect' || name === 'query') reads++;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  await withServer({ ...db, pool }, async (url) => {
    const ask = (): Promise<Response> => fetch(`${url}/.well-known/jwks.json`);
    const first = await ask();
    const before = reads;
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect([before > 0, reads - before]).toEqual([true, 0]);
    const etags = answers.map(({ headers }) => headers.get('etag'));
    expect(new Set(etags)).toEqual(new Set([first.headers.get('etag')]));
  });
});

test.each([
  ['unknown', '?tenant=00000000-0000-4000-8000-000000000000', 404, 'NOT_FOUND'],
  ['no UUID', '?tenant=demo', 400, 'BAD_USER_INPUT'],
  ['empty', '?tenant=', 400, 'BAD_USER_INPUT'],
  ['named twice', `?tenant=a&tenant=b`, 400, 'BAD_USER_INPUT'],
])('a tenant that is %s has no key set, and the answer is not kept', async (_name, query, status, code) => {
  const before = await gateway.countEvents();
  expect(await errorOf(await keySet(query))).toEqual([status, code, 'tenant', 'no-store']);
  expect(await gateway.countEvents()).toBe(before);
});

test('while the database is out of reach the key set is UNAVAILABLE, and caches may go on with theirs', async () => {
  const pool = new Pool({ host: '127.0.0.1', port: 1 });
  try {
    await withServer({ ...gateway.services.db, pool }, async (url) => {
      for (const query of ['', `?tenant=${gateway.tenantId}`]) {
        const response = await fetch(`${url}/.well-known/jwks.json${query}`);
        expect(await errorOf(response)).toEqual([503, 'UNAVAILABLE', undefined, 'no-store']);
      }
    });
  } finally {
    await pool.end();
  }
});
