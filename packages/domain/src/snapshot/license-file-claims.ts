import { z } from 'zod';
import type { KnownState } from '../customer.js';
import {
  type CustomerId,
  parseCustomerId,
  parseFeatureKey,
  parseLicenseFileId,
  parseLicenseId,
  parseMemberId,
  parseTenantId,
  type TenantId,
} from '../ids.js';
import type { LicenseFile } from '../license/files/license-file.js';
import { accountForFile } from './audience.js';
import { readState } from './read-state.js';
import { count, mapOf, seconds, word } from './wire.js';
import { writeState } from './write-state.js';

/** Of the form that is written here; a reader refuses any other. */
export const LICENSE_FILE_FORM = 1;
/** What `typ` says in the header of every licence file, and `aud` in its payload. */
export const LICENSE_FILE_TYPE = 'licet-license-file+jwt';
export const LICENSE_FILE_AUDIENCE = 'licet-machine';

const FORM = {
  form: z.literal(LICENSE_FILE_FORM),
  jti: word(parseLicenseFileId),
  customer: word(parseCustomerId),
  fingerprint: z.string().min(1),
  nonce: z.string().nullable(),
  budgets: mapOf(word(parseFeatureKey), count),
  seat: z.object({ feature: word(parseFeatureKey), memberId: word(parseMemberId) }).nullable(),
};
const claims = z.object(FORM);
const payload = z.object({
  iss: word(parseTenantId),
  aud: z.literal(LICENSE_FILE_AUDIENCE),
  sub: word(parseLicenseId),
  iat: seconds,
  exp: seconds,
  ...FORM,
  state: z.unknown(),
});

/** A licence file as a machine has it: with it `decide` answers, the machine's fingerprint given. */
export interface CarriedFile extends Omit<LicenseFile, 'settled'> {
  readonly tenantId: TenantId;
  readonly customerId: CustomerId;
  readonly state: KnownState;
}

/** What a licence file claims besides `iss`, `aud`, `iat` and `exp`; null: `state` holds no such licence. */
export function licenseFileClaims(
  state: KnownState,
  { id, licenseId, fingerprint, nonce, budgets, seat }: LicenseFile,
): Readonly<Record<string, unknown>> | null {
  const bearer = { licenseId, fingerprint, memberId: seat?.memberId ?? null };
  const account = accountForFile(state, bearer);
  if (account === null) return null;
  const said = { jti: id, customer: account.id, fingerprint, nonce, budgets, seat };
  return {
    sub: licenseId,
    ...z.encode(claims, { form: LICENSE_FILE_FORM, ...said }),
    state: writeState(state.release, account),
  };
}

/** A file, or what is wrong with it, and where. */
export type LicenseFileReading =
  | { readonly ok: true; readonly file: CarriedFile }
  | { readonly ok: false; readonly path: string; readonly message: string };

/** Reads the payload of a licence file, which whoever calls has verified. Whose machine it is, and whether it is revoked, is the caller's to judge. */
export function readLicenseFile(document: unknown): LicenseFileReading {
  const read = payload.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { ok: false, path, message: issue?.message ?? 'it is of another form' };
  }
  const { iss, sub, iat, exp, jti, customer, fingerprint, nonce, budgets, seat } = read.data;
  const reading = readState(read.data.state);
  if (!reading.ok) return { ...reading, path: `state.${reading.path}` };
  const { state } = reading;
  if (state.account.id !== customer || !state.account.licenses.some(({ id }) => id === sub))
    return { ok: false, path: 'sub', message: 'the state is of another licence than `sub` names' };
  const named = { id: jti, tenantId: iss, customerId: customer, licenseId: sub };
  const times = { issuedAt: iat, expiresAt: exp };
  return { ok: true, file: { ...named, ...times, fingerprint, nonce, budgets, seat, state } };
}
