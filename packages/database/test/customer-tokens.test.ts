import { createHmac, createPublicKey, randomUUID, sign } from 'node:crypto';
import {
  createTestCustomer,
  createTestDatabase,
  createTestTenant,
  PRESENT,
  tenantRows,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import {
  createCustomerToken,
  type CreatedCustomerToken,
  CustomerTokenStore,
  type Database,
  type PrivateKey,
  type Result,
  rotateSigningKey,
  signToken,
  tokenSigner,
} from '@licet/database';
import { type Instant, instant, parseCustomerId, parseDuration, parseMemberId } from '@licet/domain';
import { Client, Pool } from 'pg';
import { newKeyPair } from '../src/signing/key-pair.js';

let database: TestDatabase;
let tenant: TestTenant;
/** By which the stores of these tests go, after the database's. */
let later = 0;
let store: CustomerTokenStore;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  tenant = await createTestTenant(database.url);
  await createTestCustomer(tenant, 'ada');
  later = 0;
  store = new CustomerTokenStore(tenant.db, now);
});
afterEach(async () => {
  await tenant.close();
});
afterAll(async () => {
  await database.drop();
});

const DAY = 86_400_000;
const ADA = parseCustomerId('ada')!;

function now(): Instant {
  return instant(Date.now() + later);
}

interface Asked {
  readonly customerId?: string;
  readonly memberId?: string;
  readonly ttl?: string;
  readonly endsWith?: Instant;
}

function create({ customerId = 'ada', memberId, ttl, endsWith }: Asked = {}): Promise<
  Result<CreatedCustomerToken>
> {
  return createCustomerToken(tenant.db, tenant.caller.tenantId, {
    customerId: parseCustomerId(customerId)!,
    memberId: memberId === undefined ? null : parseMemberId(memberId),
    ttl: ttl === undefined ? null : parseDuration(ttl),
    endsWith: endsWith ?? null,
  });
}

async function created(asked?: Asked): Promise<CreatedCustomerToken> {
  const result = await create(asked);
  if (!result.ok) throw new Error(result.message);
  return result;
}

/** How many transactions `work` has begun in a database. */
async function transactionsOf(db: Database, work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const counted = (): void => {
    count++;
  };
  db.pool.on('acquire', counted);
  await work();
  db.pool.off('acquire', counted);
  return count;
}

async function rotate(overlap: string): Promise<void> {
  const parsed = parseDuration(overlap)!;
  const result = await rotateSigningKey(tenant.db, tenant.caller, {
    overlap: parsed,
    idempotencyKey: randomUUID(),
  });
  if (!result.ok) throw new Error(result.message);
}

test('says whom it is for and until when, and writes nothing but the first key', async () => {
  const { token, expiresAt } = await created({ memberId: 'grace' });
  const { tenantId } = tenant.caller;
  expect(await store.authenticate(token)).toEqual({
    tenantId,
    customerId: ADA,
    memberId: 'grace',
    expiresAt,
  });
  expect(await store.authenticate((await created()).token)).toMatchObject({ memberId: null });
  const [count] = await tenantRows<{ count: unknown }>(tenant, 'select count(*) as count from event');
  await created();
  expect(await tenantRows(tenant, 'select count(*) as count from event')).toEqual([count]);
});

test.each([
  [undefined, 900_000],
  ['PT1S', 1_000],
  ['PT90.5S', 90_500],
  ['PT24H', DAY],
  ['P1D', DAY],
])('with the ttl %s it lives %d ms, to the second', async (ttl, life) => {
  const before = Date.now();
  const { expiresAt } = await created(ttl === undefined ? {} : { ttl });
  expect(expiresAt % 1000).toBe(0);
  expect(expiresAt).toBeGreaterThan(before + life - 2_000);
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + life);
});

test('it ends with the right of who asked for it, to the second', async () => {
  const soon = instant(Date.now() + 60_000);
  expect((await created({ endsWith: soon })).expiresAt).toBe(soon - (soon % 1000));
  const now = instant(Date.now() + 5);
  expect((await created({ endsWith: now })).expiresAt).toBeLessThanOrEqual(now + 1000);
});

test.each([
  [{ ttl: 'PT24H0.001S' }, 'BAD_USER_INPUT', 'ttl'],
  [{ ttl: 'P1M' }, 'BAD_USER_INPUT', 'ttl'],
  [{ ttl: 'P1Y' }, 'BAD_USER_INPUT', 'ttl'],
  [{ ttl: 'PT0.999S' }, 'BAD_USER_INPUT', 'ttl'],
  [{ customerId: 'nobody' }, 'NOT_FOUND', 'customerId'],
])('%j is refused', async (asked, code, field) => {
  expect(await create(asked)).toMatchObject({ ok: false, code, field });
});

test('of a verified token nothing is read again, and it is worth nothing once it has expired', async () => {
  const { token, expiresAt } = await created();
  expect(store.peek(token)).toBeNull();
  await store.authenticate(token);
  expect(await transactionsOf(tenant.db, () => store.authenticate(token))).toBe(0);
  expect(store.peek(token)).toMatchObject({ customerId: ADA });
  later = expiresAt - Date.now();
  expect(store.peek(token)).toBeNull();
  expect(await store.authenticate(token)).toBeNull();
});

interface Forged {
  readonly header?: object;
  readonly claims?: object;
  readonly signer?: (input: Buffer) => Buffer;
}

/** A token as `created` makes them, but for what is given. */
async function forged({ header = {}, claims = {}, signer }: Forged): Promise<string> {
  const { privateKey } = await tokenSigner(tenant.db, tenant.caller.tenantId);
  const iat = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'EdDSA', typ: 'licet-customer+jwt', kid: privateKey.kid, ...header },
    { sub: 'ada', iss: tenant.caller.tenantId, aud: 'licet', iat, exp: iat + 60, ...claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = signer?.(Buffer.from(input)) ?? sign(null, Buffer.from(input), privateKey.key);
  return `${input}.${signature.toString('base64url')}`;
}

const attacker: PrivateKey = newKeyPair().privateKey;
function byAttacker(input: Buffer): Buffer {
  return sign(null, input, attacker.key);
}

test('a token of the form of these is taken: what refuses the following is what is wrong with each', async () => {
  expect(await store.authenticate(await forged({}))).toMatchObject({ customerId: ADA });
});

test.each<[string, Forged]>([
  ['signed by another key', { signer: byAttacker }],
  ['that names a key of its own', { header: { kid: attacker.kid }, signer: byAttacker }],
  ['that brings its key', { header: { kid: attacker.kid, jwk: jwkOf(attacker) }, signer: byAttacker }],
  ['without a signature', { header: { alg: 'none' }, signer: () => Buffer.alloc(0) }],
  [
    'signed by HMAC',
    { header: { alg: 'HS256' }, signer: (input) => createHmac('sha256', 'x').update(input).digest() },
  ],
  ['of another type', { header: { typ: 'licet-validation+jwt' } }],
  ['of another tenant', { claims: { iss: randomUUID() } }],
  ['of no tenant', { claims: { iss: 'demo' } }],
  ['for another audience', { claims: { aud: 'elsewhere' } }],
  ['that has expired', { claims: { iat: 1_700_000_000, exp: 1_700_000_060 } }],
  ['that lives for ever', { claims: { exp: 4_000_000_000 } }],
  ['without an end', { claims: { exp: undefined } }],
  ['with an end beyond all times', { claims: { exp: 1e300 } }],
  ['of no customer', { claims: { sub: undefined } }],
  ['of several customers', { claims: { sub: ['ada', 'bob'] } }],
  ['of a customer that is no text', { claims: { sub: '' } }],
  ['of a member that is no text', { claims: { member: 7 } }],
  ['of a member without a name', { claims: { member: '' } }],
])('a token %s is refused', async (_name, wrong) => {
  const token = await forged(wrong);
  expect(await store.authenticate(token)).toBeNull();
  expect(store.peek(token)).toBeNull();
});

function jwkOf({ key }: PrivateKey): object {
  return createPublicKey(key).export({ format: 'jwk' });
}

test("another tenant's token is good there alone, whoever it says that it is of", async () => {
  const other = await createTestTenant(database.url);
  try {
    await createTestCustomer(other, 'ada');
    const { privateKey, clock } = await tokenSigner(other.db, other.caller.tenantId);
    await created();
    const lying = await signToken(privateKey, {
      type: 'licet-customer+jwt',
      issuer: tenant.caller.tenantId,
      audience: 'licet',
      issuedAt: clock,
      expiresAt: instant(clock + 60_000),
      claims: { sub: 'ada' },
    });
    expect(await store.authenticate(lying)).toBeNull();
  } finally {
    await other.close();
  }
});

test('text that is no token, and one that has expired, is refused without a look-up', async () => {
  const expired = await forged({ claims: { iat: 1_700_000_000, exp: 1_700_000_060 } });
  const texts = ['', 'x', 'a.b.c', 'eyJ.eyJ.x', expired, await forged({ header: { kid: 'x' } })];
  for (const text of texts)
    expect([text, await transactionsOf(tenant.db, () => store.authenticate(text))]).toEqual([text, 0]);
});

test('tokens of tenants that do not exist make no key, and what they name is not kept', async () => {
  const { token } = await created();
  await store.authenticate(token);
  const madeUp = await Promise.all(
    Array.from({ length: 20 }, () => forged({ claims: { iss: randomUUID() }, signer: byAttacker })),
  );
  for (const text of madeUp)
    expect(await transactionsOf(tenant.db, () => store.authenticate(text))).toBeLessThanOrEqual(1);
  const unread = await created();
  expect(await transactionsOf(tenant.db, () => store.authenticate(unread.token))).toBe(0);
});

test('however many tokens name keys that are not there, a tenant is looked up once a second', async () => {
  const { token } = await created();
  const texts = await Promise.all(
    Array.from({ length: 50 }, () =>
      forged({ header: { kid: newKeyPair().privateKey.kid }, signer: byAttacker }),
    ),
  );
  // No time passes but what is said to.
  const began = Date.now();
  const still = new CustomerTokenStore(tenant.db, () => instant(began + later));
  await still.authenticate(token);
  const all = (): Promise<unknown> => Promise.all(texts.map((text) => still.authenticate(text)));
  expect(await transactionsOf(tenant.db, all)).toBe(0);
  later = 1_000;
  expect(await transactionsOf(tenant.db, all)).toBe(1);
});

test('a new key verifies as soon as it signs, and the old one goes on', async () => {
  const { token: old } = await created();
  await store.authenticate(old);
  await rotate('PT0.001S');
  later = 1_000;
  const { token } = await created();
  expect(await store.authenticate(token)).toMatchObject({ customerId: ADA });
  expect(await new CustomerTokenStore(tenant.db, now).authenticate(old)).toMatchObject({ customerId: ADA });
});

test('no token is good for a key that has retired', async () => {
  const { token } = await created({ ttl: 'PT24H' });
  await rotate('PT0.001S');
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  await owner.query(`update signing_key set retires_at = ${PRESENT} where retires_at is not null`);
  await owner.end();
  expect(await store.authenticate(token)).toBeNull();
});

test('while the database is out of reach known keys go on verifying; unknown ones are UNAVAILABLE', async () => {
  let isAway = false;
  const nowhere = new Pool({ host: '127.0.0.1', port: 1 });
  const db = {
    ...tenant.db,
    get pool() {
      return isAway ? nowhere : tenant.db.pool;
    },
  };
  const kept = new CustomerTokenStore(db, now);
  await kept.authenticate((await created()).token);
  const { token } = await created({ ttl: 'PT24H' });
  isAway = true;
  later = 3_600_000;
  try {
    expect(await kept.authenticate(token)).toMatchObject({ customerId: ADA });
    await expect(new CustomerTokenStore(db, now).authenticate(token)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  } finally {
    await nowhere.end();
  }
});
