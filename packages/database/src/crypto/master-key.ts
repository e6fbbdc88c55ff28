import { createHash, createHmac, hkdfSync } from 'node:crypto';

declare const brand: unique symbol;

/** 32 bytes from which every purpose's key is derived; nothing is encrypted or hashed under it directly. */
export type MasterKey = Buffer & { readonly [brand]: 'MasterKey' };

/** What a derived key is for. Keys of different purposes are independent. */
export type KeyPurpose =
  | 'api-key'
  | 'operation-key'
  | 'database-role'
  | 'recorder-role'
  | 'roller-role'
  | 'decision-record'
  | 'signing-key'
  | 'license-key'
  | 'installation-key'
  | 'machine-part'
  | 'stream-ticket';

export class MasterKeyError extends Error {
  readonly code = 'MASTER_KEY_INVALID';
}

/**
 * Reads LICET_MASTER_KEY (32 bytes, base64). Unset: a key for development that anyone can know.
 * Throws MasterKeyError when it is set and not of that form.
 */
export function parseMasterKey(text: string | undefined): { key: MasterKey; development: boolean } {
  if (text === undefined || text === '') {
    const key = createHash('sha256').update('licet development key: never use in production').digest();
    return { key: branded(key), development: true };
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== 32 || key.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw new MasterKeyError(
      'LICET_MASTER_KEY must be 32 bytes in base64; make one with `node -p "crypto.randomBytes(32).toString(\'base64\')"`',
    );
  }
  return { key: branded(key), development: false };
}

function branded(key: Buffer): MasterKey {
  if (!isMasterKey(key)) throw new MasterKeyError('a master key has 32 bytes');
  return key;
}

function isMasterKey(key: Buffer): key is MasterKey {
  return key.length === 32;
}

/** The 32-byte key of one purpose (HKDF-SHA256). */
export function deriveKey(masterKey: MasterKey, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `licet/${purpose}`, 32));
}

/** HMAC-SHA256 of a text under a purpose's key. */
export function keyedHash(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
