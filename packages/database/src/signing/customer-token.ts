import {
  type CustomerId,
  type Instant,
  type KeyId,
  type MemberId,
  parseCustomerId,
  parseKeyId,
  parseMemberId,
  parseTenantId,
  type TenantId,
} from '@licet/domain';
import type { PrivateKey, PublicJwk } from './key-pair.js';
import { signToken, TOKEN_ALGORITHM } from './sign-token.js';
import { verifyToken } from './verify-token.js';

/** What a customer token says, once it is verified. */
export interface CustomerToken {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  /** The person in front of the screen; null: the token names none. */
  readonly memberId: MemberId | null;
  readonly expiresAt: Instant;
}

const TYPE = 'licet-customer+jwt';
const AUDIENCE = 'licet';

/** Signs what a token says (`sub`: the customer, `member`); times in whole seconds, rounded down. */
export function signCustomerToken(
  key: PrivateKey,
  { tenantId, customerId, memberId, expiresAt }: CustomerToken,
  issuedAt: Instant,
): Promise<string> {
  return signToken(key, {
    type: TYPE,
    issuer: tenantId,
    audience: AUDIENCE,
    issuedAt,
    expiresAt,
    claims: { sub: customerId, ...(memberId === null ? {} : { member: memberId }) },
  });
}

/** What a token says by these keys of its tenant; null where it is not to be trusted, whatever the reason. */
export async function verifyCustomerToken(
  keys: readonly PublicJwk[],
  token: string,
  { tenantId, now }: { readonly tenantId: TenantId; readonly now: Instant },
): Promise<CustomerToken | null> {
  const verified = await verifyToken(keys, token, { type: TYPE, issuer: tenantId, audience: AUDIENCE, now });
  if (!verified.ok) return null;
  const { sub, member = null } = verified.claims;
  const customerId = typeof sub === 'string' ? parseCustomerId(sub) : null;
  const memberId = typeof member === 'string' ? parseMemberId(member) : null;
  if (customerId === null || (memberId === null && member !== null)) return null;
  return { tenantId, customerId, memberId, expiresAt: verified.expiresAt };
}

/** Whether a credential is meant as a customer token, by the type in its header; nothing is verified. */
export function isCustomerToken(text: string): boolean {
  const [header = '', ...rest] = text.split('.', 3);
  return rest.length === 2 && text.startsWith('eyJ') && jsonIn(header)['typ'] === TYPE;
}

/** Whose keys may verify a token, and which one of them it names. */
export interface TokenClaim {
  readonly tenantId: TenantId;
  readonly kid: KeyId;
}

/**
 * What an unverified token says of who signed it; null where it cannot be one of ours that is still good. Trusted for
 * nothing but to choose the keys: these then say whether it is true.
 */
export function claimOf(token: string, now: Instant): TokenClaim | null {
  const [header = '', payload = ''] = token.split('.', 2);
  const { alg, kid } = jsonIn(header);
  const { iss, exp } = jsonIn(payload);
  const tenantId = typeof iss === 'string' ? parseTenantId(iss) : null;
  const keyId = typeof kid === 'string' ? parseKeyId(kid) : null;
  const isOver = typeof exp !== 'number' || exp * 1000 <= now;
  return alg !== TOKEN_ALGORITHM || isOver || tenantId === null || keyId === null
    ? null
    : { tenantId, kid: keyId };
}

/** The members of a JSON object in base64url; none where it is anything else. */
function jsonIn(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
