import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublicJwk } from '../../src/signing/key-pair.js';
import { verifyLicenseFile, verifyRevocationList } from '../../src/signing/license-file-token.js';
import {
  attacks,
  casesOf,
  type Json,
  keyNamed,
  maker,
  NOW,
  SECONDS,
  TENANT,
  type TokenVector,
  wantedOf,
} from './vectors.js';

interface Vectors {
  readonly about: string;
  readonly keys: readonly PublicJwk[];
  readonly wanted: { readonly issuer: string; readonly audience: string; readonly now: string };
  readonly files: readonly TokenVector[];
  readonly lists: readonly TokenVector[];
}

const FILE = join(__dirname, 'license-file-vectors.json');
const STATE: Json = JSON.parse(readFileSync(join(__dirname, 'license-file-state.json'), 'utf8'));
const AUDIENCE = 'licet-machine';

const ours = keyNamed('licet licence file vectors: ours');
const attacker = keyNamed('licet licence file vectors: attacker');
const COMMON: Json = { iss: TENANT, aud: AUDIENCE, iat: SECONDS - 60, exp: SECONDS + 30 * 86_400, form: 1 };
const CARRIED: Json = {
  ...COMMON,
  sub: 'lic_1',
  jti: 'file_1',
  customer: 'ada',
  fingerprint: 'cellar',
  nonce: 'n-1',
  budgets: [],
  seat: null,
  state: STATE,
};
const LISTED: Json = {
  ...COMMON,
  licenses: [{ id: 'lic_1', standing: 'REVOKED', since: SECONDS - 3_600 }],
  files: [{ id: 'file_2', since: SECONDS - 7_200 }],
};

async function forged(): Promise<Vectors> {
  const file = maker(ours, 'licet-license-file+jwt', CARRIED);
  const list = maker(ours, 'licet-revocations+jwt', LISTED);
  const others = { attacker, type: 'licet-snapshot+jwt', audience: 'licet-sdk' };
  return {
    about:
      'Licence files and revocation lists, and what a verifier says of them that wants one of `issuer` for `audience` at `now` and knows `keys`: OK, or the first problem that applies. The genuine list forbids `lic_1` and `file_2`. The keys are for tests alone.',
    keys: [ours.jwk],
    wanted: { issuer: TENANT, audience: AUDIENCE, now: NOW },
    files: [
      ...(await attacks(file, { changed: { ...CARRIED, fingerprint: 'attic' }, ...others })),
      await file('with a seat', 'OK', { seat: { feature: 'editors', memberId: 'ann' } }),
      await file('with a budget', 'OK', { budgets: [['api-calls', 1000]] }),
      await file('answers no request', 'OK', { nonce: null }),
      await file('a revocation list', 'TYPE', {}, { typ: 'licet-revocations+jwt' }),
      await file('of no machine', 'FORM', { fingerprint: undefined }),
      await file('a budget below nothing', 'FORM', { budgets: [['api-calls', -1]] }),
      await file("another licence's state", 'FORM', { sub: 'lic_2' }),
      await file("another customer's state", 'FORM', { customer: 'bob' }),
      await file('no state', 'FORM', { state: undefined }),
    ],
    lists: [
      ...(await attacks(list, { changed: { ...LISTED, licenses: [] }, ...others })),
      await list('nothing is revoked', 'OK', { licenses: [], files: [] }),
      await list('a licence file', 'TYPE', {}, { typ: 'licet-license-file+jwt' }),
      await list('without files', 'FORM', { files: undefined }),
      await list('of no known standing', 'FORM', {
        licenses: [{ id: 'lic_1', standing: 'GOOD', since: SECONDS }],
      }),
    ],
  };
}

const FILED: Vectors = JSON.parse(readFileSync(FILE, 'utf8'));

test('the vectors in the file are those that are made here (LICET_WRITE_VECTORS=1 writes them)', async () => {
  const made = await forged();
  if (process.env['LICET_WRITE_VECTORS']) writeFileSync(FILE, `${JSON.stringify(made, null, 2)}\n`);
  else expect(FILED).toEqual(made);
});

test.each(casesOf(FILED.files))('licence file: %s: %s', async (_name, expected, token) => {
  const answer = await verifyLicenseFile(FILED.keys, token, wantedOf(FILED.wanted));
  expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
});

test.each(casesOf(FILED.lists))('revocation list: %s: %s', async (_name, expected, token) => {
  const answer = await verifyRevocationList(FILED.keys, token, wantedOf(FILED.wanted));
  expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
});
