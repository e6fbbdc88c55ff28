import { setTimeout as delay } from 'node:timers/promises';
import {
  createTestDatabase,
  createTestTenant,
  durationOf,
  listedEvents,
  openTestDatabase,
  tenantRows,
  type TestDatabase,
  type TestTenant,
} from '@licet/database/testing';
import {
  openDatabase,
  parseMasterKey,
  publicKeys,
  type Result,
  type Revision,
  rotateSigningKey,
  SealedKeyError,
  type SigningKey,
  signingKeys,
  signToken,
  soleTenant,
  TokenSigners,
  tokenSigner,
  type VerifiedToken,
  verifyToken,
} from '@licet/database';
import { formatInstant, instant, parseTenantId, type TenantId } from '@licet/domain';
import { Client } from 'pg';

let database: TestDatabase;
let tenant: TestTenant;
let owner: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
});
beforeEach(async () => {
  tenant = await createTestTenant(database.url);
});
afterEach(async () => {
  await tenant.close();
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const DAY = 86_400_000;

function rotate(
  overlap = 'PT1H',
  idempotencyKey = String(Math.random()),
): Promise<Result<{ key: SigningKey; revision: Revision }>> {
  return rotateSigningKey(tenant.db, tenant.caller, { overlap: durationOf(overlap), idempotencyKey });
}

async function rotated(overlap?: string): Promise<SigningKey> {
  const result = await rotate(overlap);
  if (!result.ok) throw new Error(result.message);
  return result.key;
}

function keys(): Promise<SigningKey[]> {
  return signingKeys(tenant.db, tenant.caller.tenantId);
}

async function firstKey(): Promise<SigningKey> {
  const [key] = await keys();
  if (!key) throw new Error('a tenant has a key when it is asked for');
  return key;
}

/** As if this much more time had passed since the keys were made. */
async function wait(milliseconds: number): Promise<void> {
  await owner.query(
    `update signing_key set created_at = created_at - $2::interval, signs_from = signs_from - $2::interval,
       retires_at = retires_at - $2::interval where tenant_id = $1`,
    [tenant.caller.tenantId, `${String(milliseconds)} milliseconds`],
  );
}

async function token({ db, caller }: TestTenant = tenant): Promise<string> {
  const { privateKey, clock } = await tokenSigner(db, caller.tenantId);
  return signToken(privateKey, {
    type: 'licet-customer+jwt',
    issuer: caller.tenantId,
    audience: 'licet',
    issuedAt: clock,
    expiresAt: instant(clock + DAY),
    claims: { sub: 'ada' },
  });
}

async function verify(text: string, { db, caller }: TestTenant = tenant): Promise<VerifiedToken> {
  const known = await publicKeys(db, caller.tenantId);
  return verifyToken(known ?? [], text, {
    type: 'licet-customer+jwt',
    issuer: caller.tenantId,
    audience: 'licet',
    now: instant(Date.now()),
  });
}

function kidOf(text: string): unknown {
  const header: { kid?: unknown } = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString());
  return header.kid;
}

async function eventTypes(): Promise<string[]> {
  return (await listedEvents(tenant))
    .map(({ type }) => type)
    .filter((type) => type.startsWith('signing_key'));
}

test('a tenant without a key gets one when it is asked for, and keeps it', async () => {
  expect(await tenantRows(tenant, 'select 1 from signing_key')).toEqual([]);
  const key = await firstKey();
  expect(key).toMatchObject({ status: 'ACTIVE', retiresAt: null, publicKey: { kty: 'OKP', crv: 'Ed25519' } });
  expect(await keys()).toEqual([key]);
  expect(await publicKeys(tenant.db, tenant.caller.tenantId)).toEqual([key.publicKey]);
  const [event] = (await listedEvents(tenant)).filter(({ type }) => type === 'signing_key.created');
  expect(event).toMatchObject({
    subjectId: key.kid,
    actor: { kind: 'SYSTEM' },
    data: { before: null, after: { kid: key.kid, retiresAt: null } },
  });
});

test('gateways that need the first key at once make one', async () => {
  const views = await Promise.all(Array.from({ length: 4 }, () => openTestDatabase(database.url)));
  try {
    const answers = await Promise.all(
      [...views, ...views, ...views].map((db) => signingKeys(db, tenant.caller.tenantId)),
    );
    expect(new Set(answers.map((found) => found.map(({ kid }) => kid).join())).size).toBe(1);
    expect(await eventTypes()).toEqual(['signing_key.created']);
  } finally {
    await Promise.all(views.map((db) => db.close()));
  }
});

test('a tenant that is none has no keys and gets none', async () => {
  const nobody = tenantId('00000000-0000-4000-8000-000000000000');
  expect(await publicKeys(tenant.db, nobody)).toBeNull();
  expect(await signingKeys(tenant.db, nobody)).toEqual([]);
  await expect(tokenSigner(tenant.db, nobody)).rejects.toThrow(/no key to sign with/);
  const { rows } = await owner.query('select 1 from signing_key where tenant_id = $1', [nobody]);
  expect(rows).toEqual([]);
});

function tenantId(text: string): TenantId {
  const id = parseTenantId(text);
  if (id === null) throw new Error(`a test names a tenant that is none: ${text}`);
  return id;
}

test('the new key is listed at once, the old one signs until the overlap is over', async () => {
  const old = await firstKey();
  const next = await rotated('PT1H');
  expect(next).toMatchObject({ status: 'ACTIVE', retiresAt: null });
  const [first, second] = await keys();
  expect(first).toEqual(next);
  expect(second).toMatchObject({
    kid: old.kid,
    status: 'RETIRING',
    retiresAt: next.createdAt + 3_600_000 + DAY,
  });
  expect(await publicKeys(tenant.db, tenant.caller.tenantId)).toEqual([next.publicKey, old.publicKey]);
  const before = await token();
  expect([kidOf(before), (await verify(before)).ok]).toEqual([old.kid, true]);
  await wait(3_600_000);
  const after = await token();
  expect([kidOf(after), (await verify(after)).ok]).toEqual([next.kid, true]);
  expect((await verify(before)).ok).toBe(true);
});

test('a key that is kept in memory signs no longer than until the next one has its turn', async () => {
  const signers = new TokenSigners(tenant.db);
  const { tenantId } = tenant.caller;
  const old = await signers.of(tenantId);
  const next = await rotated('PT3S');
  // As the gateway does that was asked to rotate.
  signers.forget(tenantId);
  expect((await signers.of(tenantId)).kid).toBe(old.kid);
  await delay(3100);
  expect((await signers.of(tenantId)).kid).toBe(next.kid);
});

test('the old key verifies for as long again as a token can live, and is then RETIRED', async () => {
  const old = await firstKey();
  await rotated('PT1H');
  const last = await token();
  await wait(3_600_000 + DAY - 10_000);
  expect((await keys()).map(({ status }) => status)).toEqual(['ACTIVE', 'RETIRING']);
  expect((await verify(last)).ok).toBe(true);
  await wait(10_000);
  expect((await keys()).map(({ kid, status }) => [kid === old.kid, status])).toEqual([
    [false, 'ACTIVE'],
    [true, 'RETIRED'],
  ]);
  expect(await verify(last)).toEqual({ ok: false, problem: 'KEY' });
});

test('rotated again with a shorter overlap, the older keys sign and verify no longer than the newest says', async () => {
  const old = await firstKey();
  const skipped = await rotated('P30D');
  const next = await rotated('PT1M');
  const until = next.createdAt + 60_000 + DAY;
  expect((await keys()).map(({ kid, retiresAt }) => [kid, retiresAt])).toEqual([
    [next.kid, null],
    [skipped.kid, until],
    [old.kid, until],
  ]);
  expect(kidOf(await token())).toBe(old.kid);
  await wait(60_000);
  expect(kidOf(await token())).toBe(next.kid);
  await wait(30 * DAY);
  expect(kidOf(await token())).toBe(next.kid);
});

test('rotated again with a longer overlap, the key whose turn it was has it', async () => {
  const old = await firstKey();
  const second = await rotated('PT1H');
  const third = await rotated('PT2H');
  const retires = second.createdAt + 3_600_000 + DAY;
  expect((await keys()).find(({ kid }) => kid === old.kid)?.retiresAt).toBe(retires);
  await wait(3_600_000);
  expect(kidOf(await token())).toBe(second.kid);
  await wait(3_600_000);
  expect(kidOf(await token())).toBe(third.kid);
});

test('rotation is on record, for each key that it retires, and no event holds a key', async () => {
  const old = await firstKey();
  const next = await rotated();
  const events = (await listedEvents(tenant)).filter(({ type }) => type.startsWith('signing_key'));
  const retiresAt = formatInstant(instant(next.createdAt + 3_600_000 + DAY));
  expect(events).toEqual([
    expect.objectContaining({ type: 'signing_key.created', subjectId: old.kid }),
    expect.objectContaining({
      type: 'signing_key.rotated',
      subjectId: old.kid,
      actor: tenant.caller.actor,
      requestId: tenant.caller.requestId,
      data: {
        before: { kid: old.kid, signsFrom: formatInstant(old.createdAt), retiresAt: null },
        after: { kid: old.kid, signsFrom: formatInstant(old.createdAt), retiresAt },
      },
    }),
    expect.objectContaining({
      type: 'signing_key.created',
      subjectId: next.kid,
      actor: tenant.caller.actor,
      data: {
        before: null,
        after: {
          kid: next.kid,
          signsFrom: formatInstant(instant(next.createdAt + 3_600_000)),
          retiresAt: null,
        },
      },
    }),
  ]);
  const rows = await tenantRows<{ private_key: Buffer }>(tenant, 'select private_key from signing_key');
  const written = JSON.stringify(await tenantRows(tenant, 'select * from event'));
  for (const { private_key } of rows)
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      expect(written).not.toContain(private_key.subarray(1).toString(encoding).slice(0, 40));
});

test('the same idempotency key returns the first answer, with another overlap it is CONFLICT', async () => {
  const first = await rotate('PT1H', 'same');
  await rotated();
  expect(await rotate('PT1H', 'same')).toEqual(first);
  expect(await rotate('PT2H', 'same')).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    field: 'idempotencyKey',
  });
  expect(await keys()).toHaveLength(3);
});

test('two calls with one idempotency key at once rotate once; with two, one after the other', async () => {
  const [one, other] = await Promise.all([rotate('PT1H', 'twice'), rotate('PT1H', 'twice')]);
  expect(one).toEqual(other);
  expect(await keys()).toHaveLength(2);
  const both = await Promise.all([rotate(), rotate()]);
  expect(both.map(({ ok }) => ok)).toEqual([true, true]);
  expect((await keys()).map(({ status }) => status)).toEqual(['ACTIVE', 'RETIRING', 'RETIRING', 'RETIRING']);
});

test('an overlap has 90 days at most', async () => {
  expect(await rotate('P91D', 'long')).toMatchObject({ ok: false, code: 'BAD_USER_INPUT', field: 'overlap' });
  expect(await rotate('P1Y')).toMatchObject({
    ok: false,
    message: expect.stringContaining('P90D') as string,
  });
  // Three months are 92 days from July on, and two with 28 days 90 from July, and less at other times.
  for (const [overlap, ok] of [
    ['P3M', false],
    ['P2M29D', false],
    ['P2M28D', true],
  ] as const)
    expect(await rotate(overlap)).toMatchObject({ ok });
  expect(await rotate('P90D', 'long')).toMatchObject({ ok: true });
});

test('ten keys verify at most; when one retires the next may be made', async () => {
  await firstKey();
  for (let made = 1; made < 10; made++) await rotated();
  const refused = await rotate('PT1H', 'eleventh');
  expect(refused).toMatchObject({ ok: false, code: 'CONFLICT', field: null });
  expect(await publicKeys(tenant.db, tenant.caller.tenantId)).toHaveLength(10);
  await wait(3_600_000 + DAY);
  expect(await rotate('PT1H', 'eleventh')).toMatchObject({ ok: true });
});

test('private keys are encrypted, and destroyed by the first rotation after they have signed last', async () => {
  await firstKey();
  await rotated('PT1H');
  const sealed =
    'select private_key is not null as kept, length(private_key) as length from signing_key order by number';
  // One byte of form, a nonce of 12, a tag of 16, 48 bytes of PKCS #8.
  expect(await tenantRows(tenant, sealed)).toEqual(Array(2).fill({ kept: true, length: 77 }));
  await wait(3_600_000);
  await rotated('PT1H');
  expect(await tenantRows(tenant, sealed)).toMatchObject([{ kept: false }, { kept: true }, { kept: true }]);
  expect((await verify(await token())).ok).toBe(true);
});

test("another tenant's keys sign nothing here, even in its own row's place", async () => {
  const other = await createTestTenant(database.url);
  try {
    const foreign = await token(other);
    expect((await verify(foreign, other)).ok).toBe(true);
    expect(await verify(foreign)).toEqual({ ok: false, problem: 'KEY' });
    const own = await firstKey();
    await owner.query(
      `update signing_key set private_key = (select private_key from signing_key where tenant_id = $2) where tenant_id = $1`,
      [tenant.caller.tenantId, other.caller.tenantId],
    );
    await expect(token()).rejects.toThrow(SealedKeyError);
    await expect(token()).rejects.toThrow(own.kid);
  } finally {
    await other.close();
  }
});

test('under another master key nothing is signed, and the error says what to do', async () => {
  await firstKey();
  const masterKey = parseMasterKey(Buffer.alloc(32, 7).toString('base64')).key;
  const { db } = tenant;
  const wrong = { ...db, keys: { ...db.keys, signing: Buffer.from(masterKey) } };
  await expect(tokenSigner(wrong, tenant.caller.tenantId)).rejects.toThrow(/LICET_MASTER_KEY/);
});

test('an installation with one tenant has a sole one, with more it has none', async () => {
  const own = await createTestDatabase();
  const masterKey = parseMasterKey(undefined).key;
  const db = await openDatabase({ url: own.url, masterKey, applicationName: 'licet-test' });
  try {
    expect(await soleTenant(db)).toBeNull();
    const first = await createTestTenant(own.url);
    await first.close();
    expect(await soleTenant(db)).toBe(first.caller.tenantId);
    const second = await createTestTenant(own.url);
    await second.close();
    expect(await soleTenant(db)).toBeNull();
  } finally {
    await db.close();
    await own.drop();
  }
});
