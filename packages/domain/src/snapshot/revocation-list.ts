import {
  type LicenseFileId,
  type LicenseId,
  parseLicenseFileId,
  parseLicenseId,
  parseTenantId,
  type TenantId,
} from '../ids.js';
import type { Instant } from '../time/instant.js';
import { list, literal, Misfit, object } from './codec.js';
import { seconds, word } from './wire.js';

/** Of the form that is written here; a reader refuses any other. */
export const REVOCATION_LIST_FORM = 1;
/** What `typ` says in the header of every revocation list, and `aud` in its payload. */
export const REVOCATION_LIST_TYPE = 'licet-revocations+jwt';
export const REVOCATION_LIST_AUDIENCE = 'licet-machine';

/** What is not to be honoured any more, though its signature is good and its end has not come. */
export interface Revocations {
  readonly licenses: readonly RevokedLicense[];
  readonly files: readonly { readonly id: LicenseFileId; readonly since: Instant }[];
}

export interface RevokedLicense {
  readonly id: LicenseId;
  readonly standing: 'SUSPENDED' | 'REVOKED';
  readonly since: Instant;
}

/** As a machine has it. Of two the one that was issued later counts. */
export interface RevocationList extends Revocations {
  readonly tenantId: TenantId;
  readonly issuedAt: Instant;
}

const FORM = {
  form: literal(REVOCATION_LIST_FORM),
  licenses: list(
    object({ id: word(parseLicenseId), standing: literal('SUSPENDED', 'REVOKED'), since: seconds }),
  ),
  files: list(object({ id: word(parseLicenseFileId), since: seconds })),
};
const claims = object(FORM);
const payload = object({
  iss: word(parseTenantId),
  aud: literal(REVOCATION_LIST_AUDIENCE),
  iat: seconds,
  exp: seconds,
  ...FORM,
});

/** What a revocation list claims besides `iss`, `aud`, `iat` and `exp`. */
export function revocationClaims({ licenses, files }: Revocations): Readonly<Record<string, unknown>> {
  return claims.write({ form: REVOCATION_LIST_FORM, licenses, files });
}

/** A list, or what is wrong with it, and where. */
export type RevocationReading =
  | { readonly ok: true; readonly list: RevocationList }
  | { readonly ok: false; readonly path: string; readonly message: string };

/** Reads the payload of a revocation list, which whoever calls has verified. How old it may be is the caller's to judge. */
export function readRevocationList(document: unknown): RevocationReading {
  try {
    const { iss: tenantId, iat: issuedAt, licenses, files } = payload.read(document);
    return { ok: true, list: { tenantId, issuedAt, licenses, files } };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { ok: false, path: error.path, message: error.message };
  }
}

/** Why the list forbids a file of this licence; null: it does not. */
export function revocationOf(
  { licenses, files }: Revocations,
  file: { readonly id: LicenseFileId; readonly licenseId: LicenseId },
): 'SUSPENDED' | 'REVOKED' | 'SETTLED' | null {
  const license = licenses.find(({ id }) => id === file.licenseId);
  if (license !== undefined) return license.standing;
  return files.some(({ id }) => id === file.id) ? 'SETTLED' : null;
}
