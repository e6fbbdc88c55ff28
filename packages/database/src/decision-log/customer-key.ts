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

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * As a flush's row says whose records it holds: 4 bytes, signed, by FNV-1a; another customer may have the same. Of the name alone, because
 * the name stands in the flush, and made for each record on the path of its answer.
 */
export function nameHash(customerId: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < customerId.length; at += 1)
    hash = Math.imul(hash ^ customerId.charCodeAt(at), FNV_PRIME);
  return hash | 0;
}
