import { createPrivateKey, createPublicKey, hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstant, parseTenantId } from '@licet/domain';
import { SignJWT } from 'jose';
import { publicJwk, type PublicJwk } from '../../src/signing/key-pair.js';
import { verifySnapshot } from '../../src/signing/snapshot-token.js';

interface SnapshotVectors {
  readonly about: string;
  readonly keys: readonly PublicJwk[];
  readonly wanted: { readonly issuer: string; readonly now: string };
  readonly vectors: readonly { readonly name: string; readonly expect: string; readonly token: string }[];
}

type Json = Readonly<Record<string, unknown>>;

const FILE = join(__dirname, 'snapshot-vectors.json');
const STATE: Json = JSON.parse(readFileSync(join(__dirname, 'snapshot-state.json'), 'utf8'));
const TENANT = '0a000000-0000-4000-8000-00000000000a';
const NOW = '2026-12-01T12:00:00.000Z';
const SECONDS = Date.parse(NOW) / 1000;
const TYPE = 'licet-snapshot+jwt';

/** A key that anyone can make again, from the words that name it. */
function keyNamed(name: string) {
  const seed = hash('sha256', `licet snapshot vectors: ${name}`, 'buffer');
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { key, jwk: publicJwk(x) };
}

const ours = keyNamed('ours');
const HEADER = { alg: 'EdDSA', typ: TYPE, kid: ours.jwk.kid };
const PAYLOAD: Json = {
  iss: TENANT,
  aud: 'licet-sdk',
  sub: 'ada',
  iat: SECONDS - 60,
  refreshAfter: SECONDS + 3_540,
  graceFrom: SECONDS + 86_400,
  exp: SECONDS + 30 * 86_400,
  form: 1,
  counter: 3,
  revision: '0000000000000010-0a0b0c0d',
  for: { kind: 'CUSTOMER' },
  state: STATE,
};

async function forged(): Promise<SnapshotVectors> {
  const vector = async (
    name: string,
    expect: string,
    change: Json = {},
    header: Json = {},
    key = ours.key,
  ) => {
    const token = await new SignJWT({ ...PAYLOAD, ...change })
      .setProtectedHeader({ ...HEADER, ...header })
      .sign(key);
    return { name, expect, token };
  };
  const genuine = await vector('genuine', 'OK');
  const [head = '', , signature = ''] = genuine.token.split('.');
  const more = Buffer.from(JSON.stringify({ ...PAYLOAD, counter: 4 })).toString('base64url');
  const attacker = keyNamed('attacker');
  return {
    about:
      'Snapshots and what a verifier says of them that wants one of `issuer` at `now` and knows `keys`: OK, or the first problem that applies. The keys are for tests alone.',
    keys: [ours.jwk],
    wanted: { issuer: TENANT, now: NOW },
    vectors: [
      genuine,
      await vector('of a member', 'OK', { for: { kind: 'MEMBER', memberId: 'ann' } }),
      await vector('in grace', 'OK', {
        iat: SECONDS - 900,
        refreshAfter: SECONDS - 600,
        graceFrom: SECONDS - 300,
      }),
      { name: 'no token', expect: 'MALFORMED', token: 'snapshot' },
      { name: 'another counter', expect: 'SIGNATURE', token: `${head}.${more}.${signature}` },
      await vector('signed by another', 'SIGNATURE', {}, {}, attacker.key),
      await vector(
        'by a key of its own',
        'KEY',
        {},
        { kid: attacker.jwk.kid, jwk: attacker.jwk },
        attacker.key,
      ),
      await vector('a customer token', 'TYPE', {}, { typ: 'licet-customer+jwt' }),
      await vector("another tenant's id", 'CLAIMS', { iss: TENANT.replaceAll('a', 'b') }),
      await vector('for another audience', 'CLAIMS', { aud: 'licet' }),
      await vector('without an end', 'CLAIMS', { exp: undefined }),
      await vector('issued in the future', 'CLAIMS', { iat: SECONDS + 60 }),
      await vector('expired', 'EXPIRED', { iat: SECONDS - 90, exp: SECONDS }),
      await vector('another form', 'FORM', { form: 2 }),
      await vector('no counter', 'FORM', { counter: undefined }),
      await vector("another customer's state", 'FORM', { sub: 'bob' }),
      await vector('grace before it is stale', 'FORM', { graceFrom: SECONDS }),
      await vector('no state', 'FORM', { state: undefined }),
    ],
  };
}

const FILED: SnapshotVectors = JSON.parse(readFileSync(FILE, 'utf8'));

test('the vectors in the file are those that are made here (LICET_WRITE_VECTORS=1 writes them)', async () => {
  const made = await forged();
  if (process.env['LICET_WRITE_VECTORS']) writeFileSync(FILE, `${JSON.stringify(made, null, 2)}\n`);
  else expect(FILED).toEqual(made);
});

test.each(FILED.vectors.map(({ name, expect, token }) => [name, expect, token]))(
  'vector: %s: %s',
  async (_name, expected, token) => {
    const tenantId = parseTenantId(FILED.wanted.issuer);
    const now = parseInstant(FILED.wanted.now);
    if (tenantId === null || now === null) throw new Error('the file names a tenant and a time');
    const answer = await verifySnapshot(FILED.keys, token, { tenantId, now });
    expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
  },
);
