import { LRUCache } from 'lru-cache';
import type { Instant, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { EventFeed, Watch } from '../event-log/event-feed.js';
import type { StoredEvent } from '../event-log/read.js';
import {
  type ApiKey,
  authenticateApiKey,
  type Authenticated,
  findApiKey,
  touchApiKey,
} from '../repositories/api-keys.js';

const KEYS_KEPT = 10_000;
const NOTED_EVERY_MS = 60_000;

interface KeptKey {
  readonly authenticated: Authenticated;
  /** When it was last written down that it is in use. */
  notedAt: Instant;
}

/**
 * API keys that were used, in memory: a known key is let in without asking the database. Any event about keys of
 * a tenant (one was revoked, say) makes it forget them. Without the database known keys go on (docs/decisions/0006).
 */
export class ApiKeyStore {
  readonly #db: Database;
  readonly #feed: EventFeed;
  readonly #keys = new LRUCache<string, KeptKey>({ max: KEYS_KEPT });
  readonly #watches = new Map<TenantId, Promise<Watch | null>>();
  readonly #listeners = new Map<TenantId, Set<() => void>>();
  /** Raised by every event about keys: what was read before it is not kept after it. */
  #changes = 0;

  constructor(db: Database, feed: EventFeed) {
    this.#db = db;
    this.#feed = feed;
  }

  async close(): Promise<void> {
    for (const watch of this.#watches.values()) (await watch)?.end();
    this.#watches.clear();
  }

  /** What a secret opens, from memory; null where it is not known there. */
  peek(secret: string): Authenticated | null {
    const known = this.#keys.get(secret);
    if (known === undefined) return null;
    const { expiresAt } = known.authenticated.apiKey;
    const now = this.#feed.clock.now();
    if (expiresAt !== null && expiresAt <= now) return null;
    if (now - known.notedAt > NOTED_EVERY_MS) {
      known.notedAt = now;
      this.#note(known.authenticated);
    }
    return known.authenticated;
  }

  /** What a secret opens; null alike for one that is unknown, wrong, revoked or expired. */
  async authenticate(secret: string): Promise<Authenticated | null> {
    const known = this.peek(secret);
    if (known !== null) return known;
    const changes = this.#changes;
    const authenticated = await authenticateApiKey(this.#db, secret);
    if (authenticated === null) return null;
    this.#note(authenticated);
    const { tenantId } = authenticated;
    const watch = this.#watches.get(tenantId);
    if (watch === undefined) this.#listenTo(tenantId);
    // Kept only where its revocation would have been heard while it was read.
    else if ((await watch) !== null && changes === this.#changes) {
      this.#keys.set(secret, { authenticated, notedAt: this.#feed.clock.now() });
    }
    return authenticated;
  }

  /** The key of that id, asked of the database; null where it is in force no more. From then on `onForgotten` tells of the tenant's keys. */
  async find(tenantId: TenantId, id: string): Promise<ApiKey | null> {
    if (!this.#watches.has(tenantId)) this.#listenTo(tenantId);
    const found = await findApiKey(this.#db, tenantId, id);
    return found?.apiKey ?? null;
  }

  #listenTo(tenantId: TenantId): void {
    this.#watches.set(tenantId, this.#watch(tenantId));
  }

  /**
   * Calls `listener` whenever a key of the tenant may have ended: who rests on one authenticates again then. Returns
   * what stops that.
   */
  onForgotten(tenantId: TenantId, listener: () => void): () => void {
    const listeners = this.#listeners.get(tenantId) ?? new Set();
    this.#listeners.set(tenantId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(tenantId) === listeners)
        this.#listeners.delete(tenantId);
    };
  }

  async #watch(tenantId: TenantId): Promise<Watch | null> {
    try {
      const watch = await this.#feed.watch(tenantId, {
        events: (events) => {
          if (events.some(isAboutKeys)) this.#forget(tenantId);
        },
        lost: () => {
          this.#watches.delete(tenantId);
          this.#forget(tenantId);
        },
      });
      // What ended before the watch began was heard by nobody.
      this.#tell(tenantId);
      return watch;
    } catch {
      this.#watches.delete(tenantId);
      return null;
    }
  }

  #forget(tenantId: TenantId): void {
    this.#changes += 1;
    for (const [secret, kept] of [...this.#keys.entries()]) {
      if (kept.authenticated.tenantId === tenantId) this.#keys.delete(secret);
    }
    this.#tell(tenantId);
  }

  #tell(tenantId: TenantId): void {
    for (const listener of this.#listeners.get(tenantId) ?? []) listener();
  }

  /** Off the caller's path: nobody waits for the note that a key was used. */
  #note(authenticated: Authenticated): void {
    void touchApiKey(this.#db, authenticated).catch(() => undefined);
  }
}

function isAboutKeys({ subjectType }: StoredEvent): boolean {
  return subjectType === 'api_key';
}
