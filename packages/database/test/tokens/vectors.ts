import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { parseInstant, parseTenantId } from '@licet/domain';
import { SignJWT } from 'jose';
import { publicJwk, type PublicJwk } from '../../src/signing/key-pair.js';

/** One token, and what its verifier has to say of it. */
export interface TokenVector {
  readonly name: string;
  /** A problem of TOKEN_PROBLEMS, or OK. */
  readonly expect: string;
  readonly token: string;
}

export type Json = Readonly<Record<string, unknown>>;

export const TENANT = '0a000000-0000-4000-8000-00000000000a';
export const NOW = '2026-12-01T12:00:00.000Z';
export const SECONDS = Date.parse(NOW) / 1000;

/** PKCS #8 of an Ed25519 key up to its seed. */
const PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface NamedKey {
  readonly key: KeyObject;
  readonly jwk: PublicJwk;
}

/** A key that anyone can make again, from the words that name it. */
export function keyNamed(words: string): NamedKey {
  const seed = hash('sha256', words, 'buffer');
  const key = createPrivateKey({ key: Buffer.concat([PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (x === undefined) throw new Error('a public key has a point');
  return { key, jwk: publicJwk(x) };
}

/** What makes vectors of one type of token: a genuine payload, with changes. */
export type Maker = (
  name: string,
  expect: string,
  change?: Json,
  header?: Json,
  by?: NamedKey,
) => Promise<TokenVector>;

export function maker(ours: NamedKey, type: string, payload: Json): Maker {
  return async (name, expect, change = {}, header = {}, by = ours) => {
    const token = await new SignJWT({ ...payload, ...change })
      .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: ours.jwk.kid, ...header })
      .sign(by.key);
    return { name, expect, token };
  };
}

interface Attack {
  readonly attacker: NamedKey;
  /** The genuine payload with a claim that somebody would like to be another. */
  readonly changed: Json;
  /** Another of ours. */
  readonly type: string;
  readonly audience: string;
}

/** What every token has to withstand, behind the genuine one. */
export async function attacks(
  vector: Maker,
  { attacker, changed, type, audience }: Attack,
): Promise<TokenVector[]> {
  const genuine = await vector('genuine', 'OK');
  const [head = '', , signature = ''] = genuine.token.split('.');
  const other = Buffer.from(JSON.stringify(changed)).toString('base64url');
  const { kid } = attacker.jwk;
  return [
    genuine,
    { name: 'no token', expect: 'MALFORMED', token: 'token' },
    { name: 'a claim was changed', expect: 'SIGNATURE', token: `${head}.${other}.${signature}` },
    await vector('signed by another', 'SIGNATURE', {}, {}, attacker),
    await vector('by a key of its own', 'KEY', {}, { kid, jwk: attacker.jwk }, attacker),
    await vector('another token of ours', 'TYPE', {}, { typ: type }),
    await vector("another tenant's id", 'CLAIMS', { iss: TENANT.replaceAll('a', 'b') }),
    await vector('for another audience', 'CLAIMS', { aud: audience }),
    await vector('without an end', 'CLAIMS', { exp: undefined }),
    await vector('issued in the future', 'CLAIMS', { iat: SECONDS + 60 }),
    await vector('expired', 'EXPIRED', { iat: SECONDS - 90, exp: SECONDS }),
    await vector('another form', 'FORM', { form: 2 }),
  ];
}

/** Whose token a verifier wants, and when, as a file of vectors names them. */
export function wantedOf({ issuer, now: text }: { readonly issuer: string; readonly now: string }) {
  const tenantId = parseTenantId(issuer);
  const now = parseInstant(text);
  if (tenantId === null || now === null) throw new Error('the file names a tenant and a time');
  return { tenantId, now };
}

/** For `test.each`. */
export function casesOf(vectors: readonly TokenVector[]): [string, string, string][] {
  return vectors.map(({ name, expect, token }) => [name, expect, token]);
}
