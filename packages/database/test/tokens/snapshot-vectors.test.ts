import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublicJwk } from '../../src/signing/key-pair.js';
import { verifySnapshot } from '../../src/signing/snapshot-token.js';
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

interface SnapshotVectors {
  readonly about: string;
  readonly keys: readonly PublicJwk[];
  readonly wanted: { readonly issuer: string; readonly now: string };
  readonly vectors: readonly TokenVector[];
}

const FILE = join(__dirname, 'snapshot-vectors.json');
const STATE: Json = JSON.parse(readFileSync(join(__dirname, 'snapshot-state.json'), 'utf8'));

const ours = keyNamed('licet snapshot vectors: ours');
const attacker = keyNamed('licet snapshot vectors: attacker');
const PAYLOAD: Json = {
  iss: TENANT,
  aud: 'licet-sdk',
  sub: 'ada',
  iat: SECONDS - 60,
  refreshAfter: SECONDS + 3_540,
  graceFrom: SECONDS + 86_400,
  exp: SECONDS + 30 * 86_400,
  form: 1,
  counter: 3,
  revision: '0000000000000010-0a0b0c0d',
  for: { kind: 'CUSTOMER' },
  state: STATE,
};

async function forged(): Promise<SnapshotVectors> {
  const vector = maker(ours, 'licet-snapshot+jwt', PAYLOAD);
  const changed = { ...PAYLOAD, counter: 4 };
  const others = { type: 'licet-customer+jwt', audience: 'licet' };
  return {
    about:
      'Snapshots and what a verifier says of them that wants one of `issuer` at `now` and knows `keys`: OK, or the first problem that applies. The keys are for tests alone.',
    keys: [ours.jwk],
    wanted: { issuer: TENANT, now: NOW },
    vectors: [
      ...(await attacks(vector, { attacker, changed, ...others })),
      await vector('of a member', 'OK', { for: { kind: 'MEMBER', memberId: 'ann' } }),
      await vector('in grace', 'OK', {
        iat: SECONDS - 900,
        refreshAfter: SECONDS - 600,
        graceFrom: SECONDS - 300,
      }),
      await vector('no counter', 'FORM', { counter: undefined }),
      await vector("another customer's state", 'FORM', { sub: 'bob' }),
      await vector('grace before it is stale', 'FORM', { graceFrom: SECONDS }),
      await vector('no state', 'FORM', { state: undefined }),
    ],
  };
}

const FILED: SnapshotVectors = JSON.parse(readFileSync(FILE, 'utf8'));

test('the vectors in the file are those that are made here (LICET_WRITE_VECTORS=1 writes them)', async () => {
  const made = await forged();
  if (process.env['LICET_WRITE_VECTORS']) writeFileSync(FILE, `${JSON.stringify(made, null, 2)}\n`);
  else expect(FILED).toEqual(made);
});

test.each(casesOf(FILED.vectors))('vector: %s: %s', async (_name, expected, token) => {
  const answer = await verifySnapshot(FILED.keys, token, wantedOf(FILED.wanted));
  expect(answer.ok ? 'OK' : answer.problem).toBe(expected);
});
