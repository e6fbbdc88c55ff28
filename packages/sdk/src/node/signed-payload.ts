import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { JWK_OKP_Public, JWSHeaderParameters } from 'jose';
import { isRecord, parseJson } from '../json.js';

/**
 * The text that was signed, where the key that `keyOf` finds for its header has signed the token; else throws. As in browsers (RFC 7515,
 * section 5.2), and by Node's own functions: Web Crypto's, which the library calls, take two turns of another thread, and its base64 is
 * slow before Node 25.
 */
export function signedPayload(
  token: string,
  keyOf: (header: JWSHeaderParameters) => JWK_OKP_Public,
): string | Promise<string> {
  const [header = '', payload = '', signature = '', ...more] = token.split('.');
  if (more.length > 0) throw new Error(NO_JWS);
  const named = headerOf(bytesOf(header).toString());
  if (named.alg !== 'EdDSA' || named.crit !== undefined)
    throw new Error('snapshots are signed in another form');
  const input = Buffer.from(token.slice(0, token.lastIndexOf('.')), 'latin1');
  if (!verify(null, input, keyObjectOf(keyOf(named)), bytesOf(signature)))
    throw new Error('the key that it names has not signed it');
  return bytesOf(payload).toString();
}

const NO_JWS = 'it is no compact JWS';

/** Node's decoder passes over what is none of its characters. */
function bytesOf(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') === part) return bytes;
  throw new Error(NO_JWS);
}

function headerOf(text: string): JWSHeaderParameters {
  const header = parseJson(text);
  if (isRecord(header)) return header;
  throw new Error(NO_JWS);
}

/** The last one: the clients of a process are mostly of one tenant, and to read a key takes a third of what it then verifies in. */
let last: { readonly x: string; readonly key: KeyObject } | null = null;

function keyObjectOf({ x }: JWK_OKP_Public): KeyObject {
  if (last?.x !== x)
    last = { x, key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) };
  return last.key;
}
