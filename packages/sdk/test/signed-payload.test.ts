import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { JWK_OKP_Public } from 'jose';
import { signedPayload as inBrowsers } from '../src/browser/signed-payload.js';
import { signedPayload as inNode } from '../src/node/signed-payload.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const KEY: JWK_OKP_Public = { kty: 'OKP', crv: 'Ed25519', x: publicKey.export({ format: 'jwk' }).x ?? '' };
const PAYLOAD = '{"sub":"Zoë"}';
const [HEADER, BODY, SIGNATURE] = partsOf(signed({ alg: 'EdDSA' }));

/** Both are the same door: what one refuses the other may not take. */
const platforms = [
  ['in Node', inNode],
  ['in browsers', inBrowsers],
] as const;

describe.each(platforms)('%s', (_, signedPayload) => {
  const payloadOf = async (token: string): Promise<string> => signedPayload(token, () => KEY);

  test('what the key has signed is told to the letter', async () => {
    await expect(payloadOf(signed({ alg: 'EdDSA' }))).resolves.toBe(PAYLOAD);
  });

  test('of keys that take turns each verifies what it has signed, and nothing else', async () => {
    const other = generateKeyPairSync('ed25519');
    const [own, others] = [signed({ alg: 'EdDSA' }), signed({ alg: 'EdDSA' }, other.privateKey)];
    const otherKey = { ...KEY, x: other.publicKey.export({ format: 'jwk' }).x ?? '' };
    for (const [token, key, isGood] of [
      [own, KEY, true],
      [others, otherKey, true],
      [own, otherKey, false],
      [own, KEY, true],
      [others, KEY, false],
    ] as const) {
      const told = Promise.resolve().then(() => signedPayload(token, () => key));
      await (isGood ? expect(told).resolves.toBe(PAYLOAD) : expect(told).rejects.toThrow());
    }
  });

  test.each([
    ['another payload', `${HEADER}.${base64url('{"sub":"eve"}')}.${SIGNATURE}`],
    ['another header', `${base64url('{"alg":"EdDSA","kid":"other"}')}.${BODY}.${SIGNATURE}`],
    ['no signature', `${HEADER}.${BODY}.`],
    ['half a signature', `${HEADER}.${BODY}.${SIGNATURE.slice(0, 43)}`],
    ['a signature of zeros', `${HEADER}.${BODY}.${base64url(Buffer.alloc(64))}`],
    ['a character that is none of base64url in its signature', `${HEADER}.${BODY}.${SIGNATURE}!`],
    ['its signature in the other base64', `${HEADER}.${BODY}.${'/'.repeat(86)}`],
    ['a character of its header that is another by 256', `${further(HEADER)}.${BODY}.${SIGNATURE}`],
    ['a character of its payload that is another by 256', `${HEADER}.${further(BODY)}.${SIGNATURE}`],
    ['a character that is none of base64url in its header', signedParts(`!${HEADER}`, BODY)],
    ['a character that is none of base64url in its payload', signedParts(HEADER, `!${BODY}`)],
    ['another key', signed({ alg: 'EdDSA' }, generateKeyPairSync('ed25519').privateKey)],
    ['a fourth part', `${HEADER}.${BODY}.${SIGNATURE}.${SIGNATURE}`],
    ['the parts of an encrypted one', `${HEADER}.${BODY}.${SIGNATURE}..`],
    ['two parts', `${HEADER}.${BODY}`],
    ['no algorithm', signed({ typ: 'JWT' })],
    ['the algorithm none', `${base64url('{"alg":"none"}')}.${BODY}.`],
    ['another algorithm', signed({ alg: 'ES256' })],
    ['the public key as a secret', `${base64url('{"alg":"HS256"}')}.${BODY}.${hmac()}`],
    ['what a reader has to understand and does not', signed({ alg: 'EdDSA', crit: ['exp'], exp: 1 })],
    ['a header that is no JSON', `${base64url('{')}.${BODY}.${SIGNATURE}`],
    ['a header that is no object', `${base64url('null')}.${BODY}.${SIGNATURE}`],
    ['no header', `.${BODY}.${SIGNATURE}`],
  ])('a token with %s is refused', async (_name, token) => {
    await expect(payloadOf(token)).rejects.toThrow();
  });
});

function signed(header: object, key = privateKey): string {
  return signedParts(base64url(JSON.stringify(header)), base64url(PAYLOAD), key);
}

function signedParts(header: string, body: string, key = privateKey): string {
  const input = `${header}.${body}`;
  return `${input}.${base64url(sign(null, Buffer.from(input), key))}`;
}

/** What a reader of bytes takes for the same text. */
function further(part: string): string {
  return String.fromCharCode(part.charCodeAt(0) + 256) + part.slice(1);
}

function hmac(): string {
  const input = `${base64url('{"alg":"HS256"}')}.${base64url(PAYLOAD)}`;
  return createHmac('sha256', Buffer.from(KEY.x, 'base64url')).update(input).digest('base64url');
}

function partsOf(token: string): [string, string, string] {
  const [header = '', body = '', signature = ''] = token.split('.');
  return [header, body, signature];
}

function base64url(content: string | Buffer): string {
  return Buffer.from(content).toString('base64url');
}
