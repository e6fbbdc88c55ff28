import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instant } from '@licet/domain';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Failure } from '../src/failure.js';
import { readKeys, verifyAny } from '../src/tokens.js';

const VECTORS: {
  readonly keys: readonly object[];
  readonly wanted: { readonly now: string };
  readonly vectors: readonly { readonly name: string; readonly expect: string; readonly token: string }[];
} = JSON.parse(readFileSync(join(__dirname, '../../database/test/tokens/snapshot-vectors.json'), 'utf8'));

/** GENUINE, or what the failure is called. */
async function outcome(token: string, keys: readonly object[], now: number): Promise<string> {
  try {
    await verifyAny(token, readKeys(JSON.stringify({ keys })), { tenantId: undefined, now: instant(now) });
    return 'GENUINE';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.code ?? error.message;
  }
}

test.each(['genuine', 'of a member', 'in grace', 'for another audience', 'no counter', 'no state'])(
  'a snapshot is verified as one: %s',
  async (name) => {
    const vector = VECTORS.vectors.find((one) => one.name === name);
    if (vector === undefined) throw new Error('there is such a vector');
    const found = await outcome(vector.token, VECTORS.keys, Date.parse(VECTORS.wanted.now));
    expect(found).toBe(vector.expect === 'OK' ? 'GENUINE' : vector.expect);
  },
);

const NOW = Date.parse('2026-12-01T12:00:00Z');
const CUSTOMER = { aud: 'licet', sub: 'ada' };
const VALIDATION = { aud: 'licet-application', valid: true, code: 'ENTITLED' };

test.each<[string, JWTPayload, string]>([
  ['licet-customer+jwt', CUSTOMER, 'GENUINE'],
  ['licet-customer+jwt', { aud: 'licet' }, 'FORM'],
  ['licet-customer+jwt', { ...CUSTOMER, aud: 'licet-sdk' }, 'CLAIMS'],
  ['licet-validation+jwt', VALIDATION, 'GENUINE'],
  ['licet-validation+jwt', { ...VALIDATION, valid: 'true' }, 'FORM'],
  ['licet-validation+jwt', { ...VALIDATION, code: undefined }, 'FORM'],
  ['licet-license-file+jwt', { aud: 'licet-machine' }, 'FORM'],
  ['licet-revocations+jwt', { aud: 'licet-machine' }, 'FORM'],
  ['licet-revocations+jwt', { aud: 'licet' }, 'CLAIMS'],
  ['JWT', CUSTOMER, 'TYPE'],
])('what `%s` demands: %j is %s', async (typ, claims, expected) => {
  const { publicKey, privateKey } = await generateKeyPair('Ed25519', { extractable: true });
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ, kid: 'one' })
    .setIssuer('0a000000-0000-4000-8000-00000000000a')
    .setIssuedAt(NOW / 1000)
    .setExpirationTime(NOW / 1000 + 60)
    .sign(privateKey);
  expect(await outcome(token, [{ ...(await exportJWK(publicKey)), kid: 'one' }], NOW)).toBe(expected);
});
