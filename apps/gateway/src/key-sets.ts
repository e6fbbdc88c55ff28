import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Database, type PublicJwk, publicKeys, soleTenant } from '@licet/database';
import type { TenantId } from '@licet/domain';

const SETS_KEPT = 1_000;
/** Another gateway's rotation is seen after this long: a key that is new signs later still. */
const KEPT_MILLISECONDS = 5_000;
/** In the place of a tenant's id: the one tenant that there is. */
const SOLE = 'sole';

/** A tenant's JWK Set (RFC 7517) as it is answered. */
export interface KeySet {
  readonly body: string;
  readonly etag: string;
}

/**
 * Tenants' key sets, in memory for a few seconds: they are read by whoever asks, who needs no key. What is not there is
 * not kept, so that made-up tenants push no others out.
 */
export class KeySets {
  readonly #sets = new LRUCache<TenantId, Promise<KeySet | null>>({ max: SETS_KEPT, ttl: KEPT_MILLISECONDS });
  readonly #sole = new LRUCache<typeof SOLE, Promise<TenantId | null>>({ max: 1, ttl: KEPT_MILLISECONDS });

  constructor(private readonly db: Database) {}

  /** Null: there is no such tenant. */
  of(tenantId: TenantId): Promise<KeySet | null> {
    return keptIfThere(this.#sets, tenantId, () => readSet(this.db, tenantId));
  }

  /** The tenant of an installation that has one; null where there are several, or none yet. */
  soleTenant(): Promise<TenantId | null> {
    return keptIfThere(this.#sole, SOLE, () => soleTenant(this.db));
  }

  /** After the tenant's keys have changed here. */
  forget(tenantId: TenantId): void {
    this.#sets.delete(tenantId);
  }
}

/** Who asks while it is being read waits for the same. */
function keptIfThere<K extends string, V>(
  kept: LRUCache<K, Promise<V | null>>,
  key: K,
  read: () => Promise<V | null>,
): Promise<V | null> {
  const known = kept.get(key);
  if (known) return known;
  function forget(): void {
    if (kept.peek(key) === reading) kept.delete(key);
  }
  const reading = read();
  kept.set(key, reading);
  reading.then((found) => {
    if (found === null) forget();
  }, forget);
  return reading;
}

async function readSet(db: Database, tenantId: TenantId): Promise<KeySet | null> {
  const keys = await publicKeys(db, tenantId);
  if (keys === null) return null;
  return keySetOf(keys);
}

export function keySetOf(keys: readonly PublicJwk[]): KeySet {
  const body = JSON.stringify({ keys });
  return { body, etag: `"${hash('sha256', body, 'base64url')}"` };
}
