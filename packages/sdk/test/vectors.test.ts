import { snapshotPhase, instant } from '@licet/domain/offline';
import type { JWK } from 'jose';
import { verifySnapshot } from '../src/verify.js';
import { payloadOf, vectors } from '../testing/signer.js';

/** What is about the time, or whose tenant it is, is judged by the client, which is tested with it. */
const JUDGED_LATER = ["another tenant's id", 'issued in the future'];

test.each(vectors.vectors.map(({ name, expect: result, token }) => [name, result, token]))(
  'the vector %s is %s',
  async (name, result, token) => {
    const reading = verifySnapshot(token, vectors.keys);
    if (result !== 'OK' && !JUDGED_LATER.includes(name)) {
      await expect(reading).rejects.toThrow();
      return;
    }
    const snapshot = await reading;
    expect(snapshot.counter).toBe(payloadOf(token)['counter']);
    if (name === 'in grace')
      expect(snapshotPhase(snapshot, instant(Date.parse('2026-12-01T12:00:00Z')))).toBe('GRACE');
  },
);

test.each([
  ['of another type', { kty: 'RSA' }],
  ['of another curve', { crv: 'Ed448' }],
  ['without its public part', { x: undefined }],
  ['with a public part that is no text', { x: 7 }],
])('a key %s verifies nothing, and it is said why', async (_, change) => {
  const [genuine] = vectors.vectors;
  const keys: readonly JWK[] = JSON.parse(JSON.stringify(vectors.keys.map((key) => ({ ...key, ...change }))));
  await expect(verifySnapshot(genuine?.token ?? '', keys)).rejects.toThrow(
    /^the key `.+` is no Ed25519 key .*, and no other signs snapshots$/,
  );
});
