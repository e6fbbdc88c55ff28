import { readCondition } from '../condition/read-condition.js';
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
import { anything, literal, Misfit, object, type Read, text } from './codec.js';
import { readState } from './read-state.js';
import { count, mapOf, nonEmpty, seconds, word } from './wire.js';
import { writeState } from './write-state.js';

/** Of the form that is written here; a reader refuses any other. */
export const LICENSE_FILE_FORM = 1;
/** What `typ` says in the header of every licence file, and `aud` in its payload. */
export const LICENSE_FILE_TYPE = 'licet-license-file+jwt';
export const LICENSE_FILE_AUDIENCE = 'licet-machine';

const FORM = {
  form: literal(LICENSE_FILE_FORM),
  jti: word(parseLicenseFileId),
  customer: word(parseCustomerId),
  fingerprint: nonEmpty,
  nonce: text.nullable(),
  budgets: mapOf(word(parseFeatureKey), count),
  seat: object({ feature: word(parseFeatureKey), memberId: word(parseMemberId) }).nullable(),
};
const claims = object(FORM);
const payload = object({
  iss: word(parseTenantId),
  aud: literal(LICENSE_FILE_AUDIENCE),
  sub: word(parseLicenseId),
  iat: seconds,
  exp: seconds,
  ...FORM,
  state: anything,
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
    ...claims.write({ form: LICENSE_FILE_FORM, ...said }),
    state: writeState(state.release, account),
  };
}

/** A file, or what is wrong with it, and where. */
export type LicenseFileReading =
  | { readonly ok: true; readonly file: CarriedFile }
  | { readonly ok: false; readonly path: string; readonly message: string };

/** Reads the payload of a licence file, which whoever calls has verified. Whose machine it is, and whether it is revoked, is the caller's to judge. */
export function readLicenseFile(document: unknown): LicenseFileReading {
  try {
    return fileOf(payload.read(document));
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { ok: false, path: error.path, message: error.message };
  }
}

function fileOf({ iss, sub, iat, exp, jti, customer, ...claimed }: Read<typeof payload>): LicenseFileReading {
  const { fingerprint, nonce, budgets, seat } = claimed;
  const reading = readState(claimed.state, readCondition);
  if (!reading.ok) return { ...reading, path: `state.${reading.path}` };
  const { state } = reading;
  if (state.account.id !== customer || !state.account.licenses.some(({ id }) => id === sub))
    return { ok: false, path: 'sub', message: 'the state is of another licence than `sub` names' };
  const named = { id: jti, tenantId: iss, customerId: customer, licenseId: sub };
  const times = { issuedAt: iat, expiresAt: exp };
  return { ok: true, file: { ...named, ...times, fingerprint, nonce, budgets, seat, state } };
}
