import { performance } from 'node:perf_hooks';
import type { TenantId } from '@licet/domain';
import { LRUCache } from 'lru-cache';
import type { Database } from '../connection/database.js';
import { DatabaseUnavailableError } from '../connection/errors.js';
import type { PrivateKey } from './key-pair.js';
import { tokenSigner } from './tenant-keys.js';

const TENANTS_KEPT = 1_000;
/** How old a key may be, in milliseconds: a rotation at another gateway counts here as much later, at most. */
const GOOD_FOR = 10_000;

interface KeptSigner {
  readonly key: PrivateKey;
  /** By the process's own clock. */
  readonly goodUntil: number;
}

/**
 * What signs tenants' tokens, kept in memory for some seconds, and no longer than until the next key's turn; without the
 * database for as long as it is away.
 */
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
    if (kept && performance.now() < kept.goodUntil) return kept.key;
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
      .then(({ privateKey, clock, until }) => {
        const goodFor = until === null ? GOOD_FOR : Math.min(GOOD_FOR, until - clock);
        this.#kept.set(tenantId, { key: privateKey, goodUntil: readAt + goodFor });
        return privateKey;
      })
      .finally(() => this.#reads.delete(tenantId));
    this.#reads.set(tenantId, read);
    return read;
  }
}
