import { performance } from 'node:perf_hooks';
import type { TenantId } from '@licet/domain';
import { LRUCache } from 'lru-cache';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError } from '../connection/errors.js';
import type { PrivateKey } from './key-pair.js';
import { tokenSigner } from './tenant-keys.js';

const TENANTS_KEPT = 1_000;
/** How old a key may be, in milliseconds: a rotation counts here as much later, and an old key verifies for a day longer. */
const GOOD_FOR = 10_000;

interface KeptSigner {
  readonly key: PrivateKey;
  readonly readAt: number;
}

/** What signs tenants' tokens, kept in memory for some seconds; without the database for as long as it is away. */
export class TokenSigners {
  readonly #db: Database;
  readonly #kept = new LRUCache<TenantId, KeptSigner>({ max: TENANTS_KEPT });
  readonly #reads = new Map<TenantId, Promise<PrivateKey>>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** See `tokenSigner`. */
  of(tenantId: TenantId): PrivateKey | Promise<PrivateKey> {
    const kept = this.#kept.get(tenantId);
    if (kept && performance.now() - kept.readAt < GOOD_FOR) return kept.key;
    return this.#read(tenantId).catch((error: unknown) => {
      if (kept && error instanceof DatabaseUnavailableError) return kept.key;
      throw error;
    });
  }

  /** After the tenant's keys have changed here. */
  forget(tenantId: TenantId): void {
    this.#kept.delete(tenantId);
  }

  /** Who asks while it is being read waits for the same. */
  #read(tenantId: TenantId): Promise<PrivateKey> {
    const running = this.#reads.get(tenantId);
    if (running) return running;
    const readAt = performance.now();
    const read = tokenSigner(this.#db, tenantId)
      .then(({ privateKey }) => {
        this.#kept.set(tenantId, { key: privateKey, readAt });
        return privateKey;
      })
      .finally(() => this.#reads.delete(tenantId));
    this.#reads.set(tenantId, read);
    return read;
  }
}
