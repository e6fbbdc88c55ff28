import { DERIVED_FINGERPRINT, type MachineIdentity, type TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import { keyedHash } from './master-key.js';

/** A machine as it is known from here on: what it has told of its parts is hashed, and no more to be had. */
export interface KnownIdentity extends MachineIdentity {
  /** The fingerprint was derived from the components: the machine has named none. */
  readonly isDerived: boolean;
}

const HASH_BYTES = 16;

/**
 * The identity of a machine that names itself by a fingerprint, by components (boards, disks, …: as many as it likes, in
 * any order), or both. Components are bound to the tenant: the same board is another hash for another vendor.
 */
export function machineIdentity(
  { keys: { machine: key } }: Database,
  tenantId: TenantId,
  { fingerprint, components }: MachineIdentity,
): KnownIdentity {
  const hashOf = (kind: string, texts: readonly string[]): string =>
    keyedHash(key, JSON.stringify([kind, tenantId, ...texts]))
      .subarray(0, HASH_BYTES)
      .toString('base64url');
  const hashes = [...new Set(components.map((text) => hashOf('part', [text])))].sort();
  const isDerived = fingerprint === null && hashes.length > 0;
  return {
    fingerprint: isDerived ? DERIVED_FINGERPRINT + hashOf('parts', hashes) : fingerprint,
    components: hashes,
    isDerived,
  };
}
