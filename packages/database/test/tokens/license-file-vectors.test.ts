import { createPrivateKey, createPublicKey, hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstant, parseTenantId } from '@licet/domain';
import { SignJWT } from 'jose';
import { publicJwk, type PublicJwk } from '../../src/signing/key-pair.js';
import { verifyLicenseFile, verifyRevocationList } from '../../src/signing/license-file-token.js';

interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly token: string;
}
interface Vectors {
  readonly about: string;
  readonly keys: readonly PublicJwk[];
  readonly wanted: { readonly issuer: string; readonly audience: string; readonly now: string };
  readonly files: readonly Vector[];
  readonly lists: readonly Vector[];
}

type Json = Readonly<Record<string, unknown>>;

const FILE = join(__dirname, 'license-file-vectors.json');
const STATE: Json = JSON.parse(readFileSync(join(__dirname, 'license-file-state.json'), 'utf8'));
const TENANT = '0a000000-0000-4000-8000-00000000000a';
const AUDIENCE = 'licet-machine';
const NOW = '2026-12-01T12:00:00.000Z';
const SECONDS = Date.parse(NOW) / 1000;

/** A key that anyone can make again, from the words that name it. */
function keyNamed(name: string) {
  const seed = hash('sha256', `licet licence file vectors: ${name}`, 'buffer');
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { key, jwk: publicJwk(x) };
}

const ours = keyNamed('ours');
const attacker = keyNamed('attacker');
const COMMON: Json = { iss: TENANT, aud: AUDIENCE, iat: SECONDS - 60, exp: SECONDS + 30 * 86_400, form: 1 };
const CARRIED: Json = {
  ...COMMON,
  sub: 'lic_1',
  jti: 'file_1',
  customer: 'ada',
  fingerprint: 'cellar',
  nonce: 'n-1',
  budgets: [],
  seat: null,
  state: STATE,
};
const LISTED: Json = {
  ...COMMON,
  licenses: [{ id: 'lic_1', standing: 'REVOKED', since: SECONDS - 3_600 }],
  files: [{ id: 'file_2', since: SECONDS - 7_200 }],
};

function maker(type: string, payload: Json) {
  return async (name: string, expect: string, change: Json = {}, header: Json = {}, key = ours.key) => {
    const token = await new SignJWT({ ...payload, ...change })
      .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: ours.jwk.kid, ...header })
      .sign(key);
    return { name, expect, token };
  };
}

type Make = ReturnType<typeof maker>;

/** What either has to withstand. `changed`: a claim that somebody would like to be another. */
async function attacks(vector: Make, payload: Json, changed: Json): Promise<Vector[]> {
  const genuine = await vector('genuine', 'OK');
  const [head = '', , signature = ''] = genuine.token.split('.');
  const other = Buffer.from(JSON.stringify({ ...payload, ...changed })).toString('base64url');
  return [
    genuine,
    { name: 'no token', expect: 'MALFORMED', token: 'file' },
    { name: 'a claim was changed', expect: 'SIGNATURE', token: `${head}.${other}.${signature}` },
    await vector('signed by another', 'SIGNATURE', {}, {}, attacker.key),
    await vector(
      'by a key of its own',
      'KEY',
      {},
      { kid: attacker.jwk.kid, jwk: attacker.jwk },
      attacker.key,
    ),
    await vector('a snapshot', 'TYPE', {}, { typ: 'licet-snapshot+jwt' }),
    await vector("another tenant's id", 'CLAIMS', { iss: TENANT.replaceAll('a', 'b') }),
    await vector('for another audience', 'CLAIMS', { aud: 'licet-sdk' }),
    await vector('without an end', 'CLAIMS', { exp: undefined }),
    await vector('issued in the future', 'CLAIMS', { iat: SECONDS + 60 }),
    await vector('expired', 'EXPIRED', { iat: SECONDS - 90, exp: SECONDS }),
    await vector('another form', 'FORM', { form: 2 }),
  ];
}

async function forged(): Promise<Vectors> {
  const file = maker('licet-license-file+jwt', CARRIED);
  const list = maker('licet-revocations+jwt', LISTED);
  return {
    about:
      'Licence files and revocation lists, and what a verifier says of them that wants one of `issuer` for `audience` at `now` and knows `keys`: OK, or the first problem that applies. The genuine list forbids `lic_1` and `file_2`. The keys are for tests alone.',
    keys: [ours.jwk],
    wanted: { issuer: TENANT, audience: AUDIENCE, now: NOW },
    files: [
      ...(await attacks(file, CARRIED, { fingerprint: 'attic' })),
      await file('with a seat', 'OK', { seat: { feature: 'editors', memberId: 'ann' } }),
      await file('with a budget', 'OK', { budgets: [['api-calls', 1000]] }),
      await file('answers no request', 'OK', { nonce: null }),
      await file('a revocation list', 'TYPE', {}, { typ: 'licet-revocations+jwt' }),
      await file('of no machine', 'FORM', { fingerprint: undefined }),
      await file('a budget below nothing', 'FORM', { budgets: [['api-calls', -1]] }),
      await file("another licence's state", 'FORM', { sub: 'lic_2' }),
      await file("another customer's state", 'FORM', { customer: 'bob' }),
      await file('no state', 'FORM', { state: undefined }),
    ],
    lists: [
      ...(await attacks(list, LISTED, { licenses: [] })),
      await list('nothing is revoked', 'OK', { licenses: [], files: [] }),
      await list('a licence file', 'TYPE', {}, { typ: 'licet-license-file+jwt' }),
      await list('without files', 'FORM', { files: undefined }),
      await list('of no known standing', 'FORM', {
        licenses: [{ id: 'lic_1', standing: 'GOOD', since: SECONDS }],
      }),
    ],
  };
}

const FILED: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));

test('the vectors in the file are those that are made here (LICET_WRITE_VECTORS=1 writes them)', async () => {
  const made = await forged();
  if (process.env['LICET_WRITE_VECTORS']) writeFileSync(FILE, `${JSON.stringify(made, null, 2)}\n`);
  else expect(FILED).toEqual(made);
});

function wanted() {
  const tenantId = parseTenantId(FILED.wanted.issuer);
  const now = parseInstant(FILED.wanted.now);
  if (tenantId === null || now === null) throw new Error('the file names a tenant and a time');
  return { tenantId, now };
}

function cases(vectors: readonly Vector[]): [string, string, string][] {
  return vectors.map(({ name, expect, token }) => [name, expect, token]);
}

test.each(cases(FILED.files))('licence file: %s: %s', async (_name, expected, token) => {
  const answer = await verifyLicenseFile(FILED.keys, token, wanted());
  expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
});

test.each(cases(FILED.lists))('revocation list: %s: %s', async (_name, expected, token) => {
  const answer = await verifyRevocationList(FILED.keys, token, wanted());
  expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
});
