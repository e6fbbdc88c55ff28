import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { type KeyId, parseKeyId, type TenantId } from '@licet/domain';

/** An Ed25519 public key as RFC 8037 writes it, with what a verifier pins. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: KeyId;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** What signs: it stays in memory, and no answer, event or log holds it. */
export interface PrivateKey {
  readonly kid: KeyId;
  readonly key: KeyObject;
}

/** A new Ed25519 key. */
export function newKeyPair(): { readonly publicKey: PublicJwk; readonly privateKey: PrivateKey } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  if (x === undefined) throw new Error('an Ed25519 key has a point');
  const jwk = publicJwk(x);
  return { publicKey: jwk, privateKey: { kid: jwk.kid, key: privateKey } };
}

/** The public key of this point (base64url); its id is the thumbprint of RFC 7638. */
export function publicJwk(x: string): PublicJwk {
  const kid = parseKeyId(hash('sha256', `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, 'base64url'));
  if (kid === null) throw new Error('a thumbprint has the form of a key id');
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' };
}

/** A private key that cannot be read: the master key is another one, or the row was altered or moved. */
export class SealedKeyError extends Error {
  readonly code = 'SEALED_KEY_UNREADABLE';
}

const FORM = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A private key as it is kept: AES-256-GCM under the purpose key `signing-key`, bound to its tenant and id. One byte
 * that names the form, nonce, tag, ciphertext.
 */
export function sealPrivateKey(purposeKey: Buffer, tenantId: TenantId, { kid, key }: PrivateKey): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', purposeKey, nonce).setAAD(boundTo(tenantId, kid));
  const sealed = [cipher.update(key.export({ format: 'der', type: 'pkcs8' })), cipher.final()];
  return Buffer.concat([Buffer.of(FORM), nonce, cipher.getAuthTag(), ...sealed]);
}

/** The private key in `sealed`; SealedKeyError unless it was sealed for this tenant and id, under this key. */
export function openPrivateKey(
  purposeKey: Buffer,
  tenantId: TenantId,
  { kid, sealed }: { readonly kid: KeyId; readonly sealed: Buffer },
): PrivateKey {
  const start = 1 + NONCE_BYTES + TAG_BYTES;
  try {
    if (sealed[0] !== FORM || sealed.length <= start) throw new RangeError('not of the form');
    const decipher = createDecipheriv('aes-256-gcm', purposeKey, sealed.subarray(1, 1 + NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(tenantId, kid)).setAuthTag(sealed.subarray(1 + NONCE_BYTES, start));
    const der = Buffer.concat([decipher.update(sealed.subarray(start)), decipher.final()]);
    return { kid, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
  } catch (cause) {
    throw new SealedKeyError(
      `the signing key \`${kid}\` cannot be decrypted; LICET_MASTER_KEY has to be the one that it was made under`,
      { cause },
    );
  }
}

function boundTo(tenantId: TenantId, kid: KeyId): Buffer {
  return Buffer.from(`licet/signing-key ${tenantId} ${kid}`);
}
