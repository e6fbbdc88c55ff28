import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Instant, instant, type KeyId, type TenantId } from '@licet/domain';
import { errors, type JWTHeaderParameters, jwtVerify, type JWTPayload } from 'jose';
import type { INSTALLATION_ISSUER } from './installation-key.js';
import type { PublicJwk } from './key-pair.js';
import { isKeptType, TOKEN_ALGORITHM, tokenLifeMax, type TokenType } from './sign-token.js';

/** What a verifier asks of a token, before it has read it. */
export interface WantedToken {
  readonly type: TokenType;
  /** The tenant, or installation, whose keys these are. */
  readonly issuer: TenantId | typeof INSTALLATION_ISSUER;
  readonly audience: string;
  readonly now: Instant;
}

/** Why a token is refused: the first that applies, in this order. For logs; who sent it is told no more than "no". */
export const TOKEN_PROBLEMS = [
  'MALFORMED',
  'ALGORITHM',
  'KEY',
  'SIGNATURE',
  'TYPE',
  'CLAIMS',
  'EXPIRED',
] as const;
export type TokenProblem = (typeof TOKEN_PROBLEMS)[number];

export type VerifiedToken =
  | { readonly ok: false; readonly problem: TokenProblem }
  | {
      readonly ok: true;
      readonly kid: KeyId;
      readonly issuedAt: Instant;
      readonly expiresAt: Instant;
      /** Besides `iss`, `aud`, `iat` and `exp`. */
      readonly claims: Readonly<Record<string, unknown>>;
    };

const LENGTH_MAX = 16_384;
/** A snapshot holds all that a customer has, a revocation list all that is revoked. */
const KEPT_LENGTH_MAX = 16_777_216;
/** How far the clock of a gateway may be behind that of the one that signed, in seconds. */
const CLOCKS_APART = 5;

/**
 * Verifies a token by these keys alone. Algorithm and type are the verifier's (RFC 8725, 3.1 and 3.11), the key is that
 * of `keys` whose id the header names: what else a header offers (`jwk`, `jku`, `x5c`, `x5u`) is not looked at. Asks
 * for `iss`, `aud`, `iat` and `exp`, and for a life that a token of ours can have. Refuses base64 that is not canonical,
 * so that no token has two texts.
 */
export async function verifyToken(
  keys: readonly PublicJwk[],
  token: string,
  { type, issuer, audience, now }: WantedToken,
): Promise<VerifiedToken> {
  if (!isCanonical(token, type)) return { ok: false, problem: 'MALFORMED' };
  try {
    const { payload, kid } = await verified(keys, token, { type, issuer, audience, now });
    const { iss, aud, iat, exp, ...claims } = payload;
    if (
      iss === undefined ||
      aud === undefined ||
      iat === undefined ||
      exp === undefined ||
      !isLife(iat, exp, now, type)
    )
      return { ok: false, problem: 'CLAIMS' };
    return { ok: true, kid, issuedAt: instant(iat * 1000), expiresAt: instant(exp * 1000), claims };
  } catch (error) {
    if (error instanceof errors.JOSEError) return { ok: false, problem: problemOf(error) };
    throw error;
  }
}

async function verified(
  keys: readonly PublicJwk[],
  token: string,
  { type, issuer, audience, now }: WantedToken,
): Promise<{ payload: JWTPayload; kid: KeyId }> {
  const { payload, protectedHeader } = await jwtVerify(token, (header) => keyObject(keyOf(keys, header)), {
    algorithms: [TOKEN_ALGORITHM],
    typ: type,
    issuer,
    audience,
    requiredClaims: ['iat', 'exp'],
    currentDate: new Date(now),
  });
  return { payload, kid: keyOf(keys, protectedHeader).kid };
}

function keyOf(keys: readonly PublicJwk[], { kid }: Partial<JWTHeaderParameters>): PublicJwk {
  const jwk = keys.find((known) => known.kid === kid);
  if (jwk === undefined) throw new errors.JWKSNoMatchingKey();
  return jwk;
}

function keyObject({ kty, crv, x }: PublicJwk): KeyObject {
  return createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
}

function isCanonical(token: string, type: TokenType): boolean {
  if (token.length > (isKeptType(type) ? KEPT_LENGTH_MAX : LENGTH_MAX)) return false;
  return token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

function isLife(iat: number, exp: number, now: Instant, type: TokenType): boolean {
  return exp > iat && exp - iat <= tokenLifeMax(type) / 1000 && iat <= now / 1000 + CLOCKS_APART;
}

function problemOf(error: errors.JOSEError): TokenProblem {
  if (error instanceof errors.JOSEAlgNotAllowed) return 'ALGORITHM';
  if (error instanceof errors.JWKSNoMatchingKey) return 'KEY';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'SIGNATURE';
  if (error instanceof errors.JWTExpired) return 'EXPIRED';
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'typ' ? 'TYPE' : 'CLAIMS';
  return 'MALFORMED';
}
