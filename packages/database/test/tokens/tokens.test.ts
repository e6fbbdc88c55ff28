import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instant, parseInstant, parseTenantId, type TenantId } from '@licet/domain';
import { deriveKey, parseMasterKey } from '../../src/crypto/master-key.js';
import { newKeyPair, openPrivateKey, SealedKeyError, sealPrivateKey } from '../../src/signing/key-pair.js';
import { signToken, type TokenContent } from '../../src/signing/sign-token.js';
import { verifyToken, type WantedToken } from '../../src/signing/verify-token.js';
import { forgeVectors, type TokenVectors } from './forge.js';

const FILE = join(__dirname, 'token-vectors.json');
if (process.env['LICET_WRITE_VECTORS']) writeFileSync(FILE, `${JSON.stringify(forgeVectors(), null, 2)}\n`);
const FILED: TokenVectors = JSON.parse(readFileSync(FILE, 'utf8'));

const TENANT = tenantId('0a000000-0000-4000-8000-00000000000a');
const OTHER = tenantId('0b000000-0000-4000-8000-00000000000b');
const NOW = parseInstant('2026-12-01T12:00:00.000Z')!;

function tenantId(text: string): TenantId {
  const id = parseTenantId(text);
  if (id === null) throw new Error('a test names a tenant that is none');
  return id;
}

const WANTED: WantedToken = { type: 'licet-customer+jwt', issuer: TENANT, audience: 'licet', now: NOW };
const CONTENT: TokenContent = {
  type: 'licet-customer+jwt',
  issuer: TENANT,
  audience: 'licet',
  issuedAt: NOW,
  expiresAt: instant(NOW + 900_000),
  claims: { sub: 'ada', plan: { key: 'pro' } },
};

test('the vectors in the file are those that forge.ts makes (LICET_WRITE_VECTORS=1 writes them)', () => {
  expect(FILED).toEqual(forgeVectors());
  expect(FILED.wanted).toEqual({ ...WANTED, now: '2026-12-01T12:00:00.000Z' });
  expect(new Set(FILED.vectors.map(({ name }) => name)).size).toBe(FILED.vectors.length);
});

test.each(FILED.vectors.map(({ name, expect, token }) => [name, expect, token]))(
  'vector: %s: %s',
  async (_name, expected, token) => {
    const answer = await verifyToken(FILED.keys, token, WANTED);
    expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
  },
);

test('every character of a genuine token matters', async () => {
  const genuine = FILED.vectors[0]!.token;
  for (let place = 0; place < genuine.length; place++) {
    const altered = `${genuine.slice(0, place)}${genuine[place] === 'A' ? 'B' : 'A'}${genuine.slice(place + 1)}`;
    expect([place, (await verifyToken(FILED.keys, altered, WANTED)).ok]).toEqual([place, false]);
  }
});

test('what is signed is verified, and says what it said', async () => {
  const { publicKey, privateKey } = newKeyPair();
  const token = await signToken(privateKey, CONTENT);
  const header: unknown = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString());
  expect(header).toEqual({ alg: 'EdDSA', typ: 'licet-customer+jwt', kid: publicKey.kid });
  const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  expect(payload).toEqual({
    ...CONTENT.claims,
    iss: TENANT,
    aud: 'licet',
    iat: NOW / 1000,
    exp: NOW / 1000 + 900,
  });
  expect(await verifyToken([publicKey], token, WANTED)).toEqual({
    ok: true,
    kid: publicKey.kid,
    issuedAt: CONTENT.issuedAt,
    expiresAt: CONTENT.expiresAt,
    claims: CONTENT.claims,
  });
  const atEnd = await verifyToken([publicKey], token, { ...WANTED, now: CONTENT.expiresAt });
  expect(atEnd).toEqual({ ok: false, problem: 'EXPIRED' });
});

test('claims do not replace what every token carries', async () => {
  const { publicKey, privateKey } = newKeyPair();
  const claims = { iss: OTHER, aud: 'elsewhere', iat: 1, exp: NOW, sub: 'ada' };
  const token = await signToken(privateKey, { ...CONTENT, claims });
  expect(await verifyToken([publicKey], token, WANTED)).toMatchObject({ ok: true, claims: { sub: 'ada' } });
});

test('a token lives a second at least and a day at most', async () => {
  const { privateKey } = newKeyPair();
  for (const life of [0, 999, -1000, 86_401_000])
    await expect(signToken(privateKey, { ...CONTENT, expiresAt: instant(NOW + life) })).rejects.toThrow(
      RangeError,
    );
  for (const life of [1000, 86_400_000])
    expect(await signToken(privateKey, { ...CONTENT, expiresAt: instant(NOW + life) })).toBeTruthy();
});

test('what is wrong with the keys, not with the token, is thrown', async () => {
  const { publicKey, privateKey } = newKeyPair();
  const token = await signToken(privateKey, CONTENT);
  await expect(verifyToken([{ ...publicKey, x: 'AA' }], token, WANTED)).rejects.toThrow();
});

describe('a private key is kept', () => {
  const key = deriveKey(parseMasterKey(undefined).key, 'signing-key');
  const { publicKey, privateKey } = newKeyPair();
  const { kid } = publicKey;
  const sealed = sealPrivateKey(key, TENANT, privateKey);

  test('encrypted, and opened it is the same', () => {
    const seed = Buffer.from(String(privateKey.key.export({ format: 'jwk' }).d), 'base64url');
    expect(seed).toHaveLength(32);
    expect(sealed.includes(seed)).toBe(false);
    expect(openPrivateKey(key, TENANT, { kid, sealed }).key.equals(privateKey.key)).toBe(true);
  });

  test('under a nonce of its own each time', () => {
    const again = sealPrivateKey(key, TENANT, privateKey);
    expect(again.subarray(1, 13).equals(sealed.subarray(1, 13))).toBe(false);
    expect(again.subarray(29).equals(sealed.subarray(29))).toBe(false);
  });

  test('for its tenant and its id alone, and under its master key', () => {
    const otherKey = deriveKey(parseMasterKey(Buffer.alloc(32, 7).toString('base64')).key, 'signing-key');
    const otherPurpose = deriveKey(parseMasterKey(undefined).key, 'api-key');
    const otherKid = newKeyPair().publicKey.kid;
    const attempts = [
      () => openPrivateKey(key, OTHER, { kid, sealed }),
      () => openPrivateKey(key, TENANT, { kid: otherKid, sealed }),
      () => openPrivateKey(otherKey, TENANT, { kid, sealed }),
      () => openPrivateKey(otherPurpose, TENANT, { kid, sealed }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(SealedKeyError);
    expect(attempts[0]).toThrow(/LICET_MASTER_KEY/);
  });

  test('so that any altered, missing or added byte is noticed', () => {
    for (let place = 0; place < sealed.length; place++) {
      const altered = Buffer.from(sealed);
      altered[place] = (altered[place] ?? 0) ^ 1;
      expect(() => openPrivateKey(key, TENANT, { kid, sealed: altered })).toThrow(SealedKeyError);
    }
    for (const cut of [Buffer.alloc(0), sealed.subarray(0, 29), sealed.subarray(0, -1)])
      expect(() => openPrivateKey(key, TENANT, { kid, sealed: cut })).toThrow(SealedKeyError);
    expect(() => openPrivateKey(key, TENANT, { kid, sealed: Buffer.concat([sealed, Buffer.of(0)]) })).toThrow(
      SealedKeyError,
    );
  });
});

test('a key of another kind does not sign', async () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { kid } = newKeyPair().publicKey;
  await expect(signToken({ kid, key: rsa }, CONTENT)).rejects.toThrow();
});
