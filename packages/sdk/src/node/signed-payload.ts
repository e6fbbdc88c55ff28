import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodeProtectedHeader, type JWK_OKP_Public } from 'jose';

/**
 * The text that was signed, where this key has signed the token; else throws. As in browsers (RFC 7515, section 5.2), and by Node's own
 * functions: Web Crypto's, which the library calls, take two turns of another thread, and its base64 is slow before Node 25.
 */
export function signedPayload(token: string, { x }: JWK_OKP_Public): string | Promise<string> {
  const { alg, crit } = decodeProtectedHeader(token);
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const isInForm = more.length === 0 && bytes.toString('base64url') === signature;
  if (alg !== 'EdDSA' || crit !== undefined || !isInForm)
    throw new Error('snapshots are signed in another form');
  const input = Buffer.from(`${header}.${payload}`, 'latin1');
  if (!verify(null, input, keyOf(x), bytes)) throw new Error('the key that it names has not signed it');
  return Buffer.from(payload, 'base64url').toString();
}

/** The last one: the clients of a process are mostly of one tenant, and to read a key takes a third of what it then verifies in. */
let last: { readonly x: string; readonly key: KeyObject } | null = null;

function keyOf(x: string): KeyObject {
  if (last?.x !== x)
    last = { x, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) };
  return last.key;
}
