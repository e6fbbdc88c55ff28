import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A value as JSON, encrypted (AES-256-GCM) and bound to its name, as text. */
export function sealValue(key: Buffer, name: string, value: unknown): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(name),
  );
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

/** The value; `otherwise` where the text was not sealed with this key, under this name. */
export function openValue(key: Buffer, name: string, sealed: string, otherwise: unknown): unknown {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return otherwise;
  const text = NONCE_BYTES + TAG_BYTES;
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(NONCE_BYTES, text));
    const clear = Buffer.concat([decipher.update(bytes.subarray(text)), decipher.final()]);
    const opened: unknown = JSON.parse(clear.toString('utf8'));
    return opened;
  } catch {
    return otherwise;
  }
}
