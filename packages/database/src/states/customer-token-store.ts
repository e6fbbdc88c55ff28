import { LRUCache } from 'lru-cache';
import type { Instant, TenantId } from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { PublicJwk } from '../signing/key-pair.js';
import {
  claimOf,
  type CustomerToken,
  type TokenClaim,
  verifyCustomerToken,
} from '../signing/customer-token.js';
import { type KnownKey, knownKeys } from '../signing/tenant-keys.js';

/** Characters of the tokens that are kept: some 20,000 of the usual length. */
const TOKENS_KEPT = 8_388_608;
const TENANTS_KEPT = 10_000;
/** How old a tenant's keys may be, in milliseconds: an old one verifies for a day after it has signed last. */
const KEYS_GOOD = 60_000;
/** As `KEYS_GOOD`, where a token names a key that is not among them: it may be new. */
const KEYS_GOOD_FOR_UNKNOWN = 1_000;

interface KeptKeys {
  readonly keys: readonly KnownKey[];
  readonly readAt: Instant;
}

/**
 * Customer tokens that were verified, and the public keys of their tenants, in memory. A token that was verified is good
 * until it expires. What an unverified one names is looked up, in one read at most; tenants that have no keys are not
 * kept, so that made-up ones push no others out, and an unknown key is looked for once a second. Without the database
 * known keys go on verifying (docs/decisions/0006).
 */
export class CustomerTokenStore {
  readonly #db: Database;
  readonly #now: () => Instant;
  readonly #tokens = new LRUCache<string, CustomerToken>({
    maxSize: TOKENS_KEPT,
    sizeCalculation: (_, text) => text.length,
  });
  readonly #keys = new LRUCache<TenantId, KeptKeys>({ max: TENANTS_KEPT });
  readonly #reads = new Map<TenantId, Promise<KeptKeys>>();

  /** `now`: the database's clock. */
  constructor(db: Database, now: () => Instant) {
    this.#db = db;
    this.#now = now;
  }

  /** What a token says, from memory; null where it is not known there, or has expired. */
  peek(text: string): CustomerToken | null {
    const known = this.#tokens.get(text);
    if (known === undefined) return null;
    if (known.expiresAt > this.#now()) return known;
    this.#tokens.delete(text);
    return null;
  }

  /**
   * What a token says; null alike for one that is forged, altered, of another type or tenant, or expired.
   * DatabaseUnavailableError where its keys are not known and cannot be read.
   */
  async authenticate(text: string): Promise<CustomerToken | null> {
    const known = this.peek(text);
    if (known !== null) return known;
    const claim = claimOf(text, this.#now());
    if (claim === null) return null;
    const keys = await this.#keysFor(claim);
    const { tenantId } = claim;
    const token = await verifyCustomerToken(keys, text, { tenantId, now: this.#now() });
    if (token !== null) this.#tokens.set(text, token);
    return token;
  }

  /** After the tenant's keys have changed here. */
  forgetKeys(tenantId: TenantId): void {
    this.#keys.delete(tenantId);
  }

  async #keysFor({ tenantId, kid }: TokenClaim): Promise<PublicJwk[]> {
    const kept = this.#keys.get(tenantId);
    const hasIt = kept?.keys.some(({ publicKey }) => publicKey.kid === kid) ?? false;
    const good = hasIt ? KEYS_GOOD : KEYS_GOOD_FOR_UNKNOWN;
    if (kept && this.#now() - kept.readAt < good) return this.#verifyingNow(kept);
    try {
      return this.#verifyingNow(await this.#read(tenantId));
    } catch (error) {
      if (kept && hasIt) return this.#verifyingNow(kept);
      throw error;
    }
  }

  #verifyingNow({ keys }: KeptKeys): PublicJwk[] {
    const now = this.#now();
    return keys
      .filter(({ retiresAt }) => retiresAt === null || retiresAt > now)
      .map(({ publicKey }) => publicKey);
  }

  /** Who asks while it is being read waits for the same. */
  #read(tenantId: TenantId): Promise<KeptKeys> {
    const running = this.#reads.get(tenantId);
    if (running) return running;
    const read = this.#readAnew(tenantId).finally(() => this.#reads.delete(tenantId));
    this.#reads.set(tenantId, read);
    return read;
  }

  async #readAnew(tenantId: TenantId): Promise<KeptKeys> {
    const readAt = this.#now();
    const found = { keys: await knownKeys(this.#db, tenantId), readAt };
    if (found.keys.length > 0) this.#keys.set(tenantId, found);
    else this.#keys.delete(tenantId);
    return found;
  }
}
