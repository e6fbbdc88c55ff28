import {
  type CarriedFile,
  type Instant,
  instant,
  type KnownState,
  LICENSE_FILE_AUDIENCE,
  LICENSE_FILE_TYPE,
  type LicenseFile,
  licenseFileClaims,
  readLicenseFile,
  readRevocationList,
  REVOCATION_LIST_AUDIENCE,
  REVOCATION_LIST_TYPE,
  revocationClaims,
  type RevocationList,
  type Revocations,
  type TenantId,
} from '@licet/domain';
import type { PrivateKey, PublicJwk } from './key-pair.js';
import { signToken } from './sign-token.js';
import { type TokenProblem, verifyToken } from './verify-token.js';

/** A licence file as a compact JWS; docs/licence-files.md. `state`: the customer's, which holds the licence. */
export function signLicenseFile(
  key: PrivateKey,
  tenantId: TenantId,
  file: LicenseFile,
  state: KnownState,
): Promise<string> {
  const claims = licenseFileClaims(state, file);
  if (claims === null) throw new Error(`the state holds no licence ${file.licenseId}`);
  const { issuedAt, expiresAt } = file;
  const token = { type: LICENSE_FILE_TYPE, issuer: tenantId, audience: LICENSE_FILE_AUDIENCE } as const;
  return signToken(key, { ...token, issuedAt, expiresAt, claims });
}

/** By then every file has ended that a list could name, or fail to name. */
const LIST_LIFE = 366 * 86_400_000;

/** A revocation list as a compact JWS; docs/licence-files.md. */
export function signRevocationList(
  key: PrivateKey,
  tenantId: TenantId,
  revocations: Revocations,
  now: Instant,
): Promise<string> {
  return signToken(key, {
    ...{ type: REVOCATION_LIST_TYPE, issuer: tenantId, audience: REVOCATION_LIST_AUDIENCE },
    issuedAt: now,
    expiresAt: instant(now + LIST_LIFE),
    claims: revocationClaims(revocations),
  });
}

/** FORM: it is signed, and not of a form that is known here. */
export type FileProblem = TokenProblem | 'FORM';
type Wanted = { readonly tenantId: TenantId; readonly now: Instant };

/** A licence file by these keys of its tenant; whose machine it is, and whether it is revoked, is for the caller to judge. */
export async function verifyLicenseFile(
  keys: readonly PublicJwk[],
  token: string,
  { tenantId, now }: Wanted,
): Promise<
  { readonly ok: true; readonly file: CarriedFile } | { readonly ok: false; readonly problem: FileProblem }
> {
  const wanted = { type: LICENSE_FILE_TYPE, issuer: tenantId, audience: LICENSE_FILE_AUDIENCE, now } as const;
  const verified = await verifyToken(keys, token, wanted);
  if (!verified.ok) return verified;
  const { claims, issuedAt, expiresAt } = verified;
  const times = { iat: issuedAt / 1000, exp: expiresAt / 1000 };
  const reading = readLicenseFile({ ...claims, iss: tenantId, aud: LICENSE_FILE_AUDIENCE, ...times });
  return reading.ok ? reading : { ok: false, problem: 'FORM' };
}

/** A revocation list by these keys of its tenant. */
export async function verifyRevocationList(
  keys: readonly PublicJwk[],
  token: string,
  { tenantId, now }: Wanted,
): Promise<
  { readonly ok: true; readonly list: RevocationList } | { readonly ok: false; readonly problem: FileProblem }
> {
  const audience = REVOCATION_LIST_AUDIENCE;
  const wanted = { type: REVOCATION_LIST_TYPE, issuer: tenantId, audience, now } as const;
  const verified = await verifyToken(keys, token, wanted);
  if (!verified.ok) return verified;
  const { claims, issuedAt, expiresAt } = verified;
  const times = { iat: issuedAt / 1000, exp: expiresAt / 1000 };
  const reading = readRevocationList({ ...claims, iss: tenantId, aud: audience, ...times });
  return reading.ok ? reading : { ok: false, problem: 'FORM' };
}
