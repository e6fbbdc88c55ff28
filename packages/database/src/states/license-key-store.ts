import { LRUCache } from 'lru-cache';
import type { Database } from '../connection/database.js';
import { findLicenseKey, type LicenseOfKey } from '../repositories/licenses.js';
import type { StateStore } from './state-store.js';

const KEYS_KEPT = 50_000;

/**
 * Licence keys that were used, in memory, by their digests. What a key opens is asked of its customer's state each time: a
 * key that was rotated opens nothing once this process has heard of it. Without the database known keys go on
 * (docs/decisions/0006); keys that open nothing are not kept.
 */
export class LicenseKeyStore {
  readonly #db: Database;
  readonly #states: StateStore;
  readonly #keys = new LRUCache<string, LicenseOfKey>({ max: KEYS_KEPT });

  constructor(db: Database, states: StateStore) {
    this.#db = db;
    this.#states = states;
  }

  /** What a digest opened last, if it may still: no look-up is needed to say so. */
  async known(digest: string): Promise<LicenseOfKey | null> {
    const kept = this.#keys.get(digest);
    if (kept === undefined) return null;
    const { state } = await this.#states.load(kept.tenantId, kept.customerId);
    if (state.kind === 'OUT_OF_REACH') return kept;
    const license =
      state.kind === 'KNOWN' ? state.account.licenses.find(({ id }) => id === kept.licenseId) : undefined;
    if (license?.keyDigest === digest) return kept;
    this.#keys.delete(digest);
    return null;
  }

  /** What a digest opens by the database; null: nothing. */
  async find(digest: string): Promise<LicenseOfKey | null> {
    const found = await findLicenseKey(this.#db, digest);
    if (found !== null) this.#keys.set(digest, found);
    return found;
  }
}
