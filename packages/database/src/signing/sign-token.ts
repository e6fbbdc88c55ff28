import { type Instant, LICENSE_FILE_TYPE, REVOCATION_LIST_TYPE, type TenantId } from '@licet/domain';
import { SignJWT } from 'jose';
import type { INSTALLATION_ISSUER } from './installation-key.js';
import type { PrivateKey } from './key-pair.js';

/** What a token is, as its header `typ` says it (RFC 8725, 3.11): one of one type is worth nothing as another. */
export const TOKEN_TYPES = [
  'licet-customer+jwt',
  'licet-validation+jwt',
  'licet-snapshot+jwt',
  LICENSE_FILE_TYPE,
  REVOCATION_LIST_TYPE,
] as const;
export type TokenType = (typeof TOKEN_TYPES)[number];

/** The longest life of a token, in milliseconds: a key that signs no more goes on verifying as long. */
export const TOKEN_LIFE_MAX = 86_400_000;
/** Of what is kept where nothing answers: who keeps one keeps the key with it, and may be offline when that retires. */
const KEPT_LIFE_MAX = 10 * 366 * 86_400_000;

const KEPT_TYPES: ReadonlySet<TokenType> = new Set([
  'licet-snapshot+jwt',
  LICENSE_FILE_TYPE,
  REVOCATION_LIST_TYPE,
]);

/** Whether a token of this type is kept for when nothing answers, and holds as much as there is. */
export function isKeptType(type: TokenType): boolean {
  return KEPT_TYPES.has(type);
}

/** The longest life of a token of this type, in milliseconds. */
export function tokenLifeMax(type: TokenType): number {
  return isKeptType(type) ? KEPT_LIFE_MAX : TOKEN_LIFE_MAX;
}

/** The algorithm of every token; whatever else a header names is refused. */
export const TOKEN_ALGORITHM = 'EdDSA';

export interface TokenContent {
  readonly type: TokenType;
  /** The tenant that the key is of, or the installation. */
  readonly issuer: TenantId | typeof INSTALLATION_ISSUER;
  /** Whom it is for. */
  readonly audience: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  /** What it says besides; it does not replace `iss`, `aud`, `iat` and `exp`. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * A compact JWS (Ed25519) with `alg`, `typ`, `kid`, `iss`, `aud`, `iat` and `exp`, times in whole seconds, rounded down.
 * RangeError for a life of less than a second, or more than `tokenLifeMax`.
 */
export async function signToken({ kid, key }: PrivateKey, content: TokenContent): Promise<string> {
  const iat = inSeconds(content.issuedAt);
  const exp = inSeconds(content.expiresAt);
  const most = tokenLifeMax(content.type) / 1000;
  if (exp <= iat || exp - iat > most)
    throw new RangeError(`a token lives from 1 s to ${String(most)} s, not ${String(exp - iat)} s`);
  return new SignJWT({ ...content.claims })
    .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: content.type, kid })
    .setIssuer(content.issuer)
    .setAudience(content.audience)
    .setIssuedAt(iat)
    .setExpirationTime(exp)
    .sign(key);
}

function inSeconds(at: Instant): number {
  return Math.floor(at / 1000);
}
