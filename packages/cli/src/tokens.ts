import {
  type Instant,
  LICENSE_FILE_AUDIENCE,
  LICENSE_FILE_TYPE,
  readLicenseFile,
  readRevocationList,
  readSnapshot,
  REVOCATION_LIST_AUDIENCE,
  REVOCATION_LIST_TYPE,
  SNAPSHOT_AUDIENCE,
  type CarriedFile,
  type RevocationList,
} from '@licet/domain';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  jwtVerify,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import { Failure } from './failure.js';
import { isObject, listIn } from './gateway.js';

/** The keys of a tenant, as they were carried along. */
export type Keys = ReturnType<typeof createLocalJWKSet>;

/** Reads a JSON Web Key Set. */
export function readKeys(text: string): Keys {
  const set = parsedKeys(text);
  if (set === null)
    throw new Failure(
      'USAGE',
      'these are no public keys (a JSON Web Key Set, as at /.well-known/jwks.json?tenant=…); fetch them again',
    );
  return createLocalJWKSet(set);
}

function parsedKeys(text: string): JSONWebKeySet | null {
  try {
    const set: unknown = JSON.parse(text);
    return isKeySet(set) ? set : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return listIn(value, 'keys').length > 0 && listIn(value, 'keys').every(isObject);
}

/** Of whom a token is wanted, and when. `tenantId` undefined: of the tenant whose keys these are. */
export interface Wanted {
  readonly tenantId: string | undefined;
  readonly now: Instant;
}

/** How far the clock may be behind the gateway's, in seconds. */
const CLOCKS_APART = 5;

/** `what`: "the licence file", for sentences. */
async function verified(
  token: string,
  keys: Keys,
  { tenantId, now }: Wanted,
  { type, audience, what }: { readonly type: string; readonly audience: string; readonly what: string },
): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keys, {
    algorithms: ['EdDSA'],
    requiredClaims: ['iss', 'iat', 'exp'],
    currentDate: new Date(now),
    typ: type,
    audience,
    ...(tenantId === undefined ? {} : { issuer: tenantId }),
  }).catch((error: unknown) => {
    if (error instanceof errors.JOSEError) throw untrusted(error, what);
    throw isNoKey(error) ? notWhole(what) : error;
  });
  if (payload.iat !== undefined && payload.iat * 1000 > now + CLOCKS_APART * 1000)
    throw new Failure(
      'TIME',
      `${what} was issued at ${timeOf(payload.iat)}, which is still to come: the clock of this machine is behind; set it right`,
      'CLOCK',
    );
  return payload;
}

/** A key that is named, and cannot be read. */
function isNoKey(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'DataError';
}

function notWhole(what: string): Failure {
  return new Failure(
    'USAGE',
    `the key that is to have signed ${what} is no key, or not all of one; fetch the keys again`,
  );
}

function untrusted(error: errors.JOSEError, what: string): Failure {
  if (error instanceof errors.JWTExpired) {
    const end = error.payload.exp;
    const when = end === undefined ? '' : ` at ${timeOf(end)}`;
    return new Failure('TIME', `${what} has ended${when}; get another one`, 'EXPIRED');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return new Failure(
      'UNTRUSTED',
      `${what} was changed, or signed by somebody else; get the original`,
      'SIGNATURE',
    );
  if (error instanceof errors.JWKSNoMatchingKey)
    return new Failure(
      'UNTRUSTED',
      `${what} was signed by a key that is not among these; carry the newest keys along`,
      'KEY',
    );
  if (error instanceof errors.JOSEAlgNotAllowed)
    return new Failure(
      'UNTRUSTED',
      `${what} is not signed by EdDSA, and nothing else is trusted`,
      'ALGORITHM',
    );
  if (error instanceof errors.JWTClaimValidationFailed)
    return new Failure(
      'UNTRUSTED',
      `${what} is another thing than it should be (\`${error.claim}\`)`,
      'CLAIMS',
    );
  return new Failure('UNTRUSTED', `${what} is no signed token, or not all of one`, 'MALFORMED');
}

export async function verifyFile(token: string, keys: Keys, wanted: Wanted): Promise<CarriedFile> {
  const what = 'the licence file';
  const expected = { type: LICENSE_FILE_TYPE, audience: LICENSE_FILE_AUDIENCE, what };
  const reading = readLicenseFile(await verified(token, keys, wanted, expected));
  if (reading.ok) return reading.file;
  throw unknownForm(what, reading);
}

export async function verifyList(token: string, keys: Keys, wanted: Wanted): Promise<RevocationList> {
  const what = 'the revocation list';
  const expected = { type: REVOCATION_LIST_TYPE, audience: REVOCATION_LIST_AUDIENCE, what };
  const reading = readRevocationList(await verified(token, keys, wanted, expected));
  if (reading.ok) return reading.list;
  throw unknownForm(what, reading);
}

/** What a type of token must say besides `iss`, `iat` and `exp`: its audience, and a payload of this form. */
interface Demanded {
  readonly audience: string;
  readonly what: string;
  readonly read: (payload: JWTPayload) => Reading;
}
type Reading =
  { readonly ok: true } | { readonly ok: false; readonly path: string; readonly message: string };

/** By `typ`. */
const DEMANDED: ReadonlyMap<string, Demanded> = new Map([
  [
    'licet-customer+jwt',
    { audience: 'licet', what: 'the customer token', read: ({ sub }) => aText('sub', sub) },
  ],
  [
    'licet-validation+jwt',
    {
      audience: 'licet-application',
      what: 'the validation',
      read: ({ valid, code }) => (typeof valid === 'boolean' ? aText('code', code) : misfit('valid')),
    },
  ],
  ['licet-snapshot+jwt', { audience: SNAPSHOT_AUDIENCE, what: 'the snapshot', read: readSnapshot }],
  [LICENSE_FILE_TYPE, { audience: LICENSE_FILE_AUDIENCE, what: 'the licence file', read: readLicenseFile }],
  [
    REVOCATION_LIST_TYPE,
    { audience: REVOCATION_LIST_AUDIENCE, what: 'the revocation list', read: readRevocationList },
  ],
]);

function aText(path: string, value: unknown): Reading {
  return typeof value === 'string' && value !== '' ? { ok: true } : misfit(path);
}

function misfit(path: string): Reading {
  return { ok: false, path, message: 'it is missing, or of another type' };
}

/** A token of any type of ours, and what its type demands. */
export async function verifyAny(token: string, keys: Keys, wanted: Wanted): Promise<void> {
  const { typ: type = '' } = decoded(token).header;
  const demanded = DEMANDED.get(type);
  if (demanded === undefined)
    throw new Failure(
      'UNTRUSTED',
      `the token is of the type \`${type}\`, which is none of ours: ${[...DEMANDED.keys()].join(', ')}`,
      'TYPE',
    );
  const { audience, what, read } = demanded;
  const reading = read(await verified(token, keys, wanted, { type, audience, what }));
  if (!reading.ok) throw unknownForm(what, reading);
}

function unknownForm(
  what: string,
  { path, message }: { readonly path: string; readonly message: string },
): Failure {
  return new Failure(
    'UNTRUSTED',
    `${what} is of a form that is not known here (\`${path}\`: ${message}); use a newer licet`,
    'FORM',
  );
}

export interface ReadToken {
  readonly header: ProtectedHeaderParameters;
  readonly payload: JWTPayload;
}

/** What a token says, whoever has signed it. */
export function decoded(token: string): ReadToken {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch (error) {
    if (error instanceof TypeError || error instanceof errors.JOSEError)
      throw new Failure('UNTRUSTED', 'the token is no signed token, or not all of one', 'MALFORMED');
    throw error;
  }
}

export function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
