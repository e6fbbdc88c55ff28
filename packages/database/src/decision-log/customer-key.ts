import type { TenantId } from '@licet/domain';
import { keyedHash } from '../crypto/master-key.js';

/** The key of one customer's records: it seals what is personal in them, and hides what their hashes are of. */
export function customerKey(key: Buffer, tenantId: TenantId, customerId: string): Buffer {
  return keyedHash(key, `${tenantId}\n${customerId}`);
}

/** By which a customer's records are found where its name is not written. */
export interface Mark {
  /** 0 to 255. */
  readonly bucket: number;
  /** 4 bytes, signed: another customer may have the same. */
  readonly fingerprint: number;
}

/** Made with the customer's key: who guesses a name cannot try it. */
export function markOf(ofCustomer: Buffer): Mark {
  const mark = keyedHash(ofCustomer, 'mark');
  return { bucket: mark.readUInt8(0), fingerprint: mark.readInt32BE(1) };
}
