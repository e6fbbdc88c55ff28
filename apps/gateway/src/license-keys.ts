import {
  type Database,
  digestOfKey,
  LicenseKeyStore,
  type LicenseOfKey,
  parseLicenseKey,
  type StateStore,
} from '@licet/database';
import type { TenantId } from '@licet/domain';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { ApiError } from './errors/api-error.js';

/** Keys that open nothing, in a minute: of one address, and of all that asks for one tenant, or for none. */
export interface GuessLimits {
  readonly ofAddress: number;
  readonly ofTenant: number;
}

const LIMITS: GuessLimits = { ofAddress: 30, ofTenant: 3_000 };
const SECONDS = 60;
const NO_TENANT = 'none';

/** Who asks: behind an API key its tenant is known. */
export interface Guesser {
  readonly address: string;
  readonly tenantId: TenantId | null;
}

/**
 * What licence keys open. A key that is known in memory costs no look-up and is never refused; how often others may be wrong is
 * limited, for each address and each tenant, in this process.
 */
export class LicenseKeys {
  readonly #db: Database;
  readonly #known: LicenseKeyStore;
  readonly #ofAddress: RateLimiterMemory;
  readonly #ofTenant: RateLimiterMemory;

  constructor(db: Database, states: StateStore, { ofAddress, ofTenant }: GuessLimits = LIMITS) {
    this.#db = db;
    this.#known = new LicenseKeyStore(db, states);
    this.#ofAddress = new RateLimiterMemory({ points: ofAddress, duration: SECONDS });
    this.#ofTenant = new RateLimiterMemory({ points: ofTenant, duration: SECONDS });
  }

  /**
   * The licence that a key opens, as it was typed; null: none, or one of another tenant than asks. What cannot be a key is
   * told without a look-up. RATE_LIMITED where too many have been wrong.
   */
  async open(typed: string, guesser: Guesser): Promise<LicenseOfKey | null> {
    const key = parseLicenseKey(typed);
    if (key === null) return null;
    const digest = digestOfKey(this.#db, key);
    const found = (await this.#known.known(digest)) ?? (await this.#lookUp(digest, guesser));
    return guesser.tenantId === null || found?.tenantId === guesser.tenantId ? found : null;
  }

  async #lookUp(digest: string, guesser: Guesser): Promise<LicenseOfKey | null> {
    await this.#admit(guesser);
    const found = await this.#known.find(digest);
    const isWrong = found === null || (guesser.tenantId !== null && found.tenantId !== guesser.tenantId);
    if (isWrong) await this.#count(guesser);
    return found;
  }

  async #admit({ address, tenantId }: Guesser): Promise<void> {
    for (const [limiter, name] of [
      [this.#ofAddress, address],
      [this.#ofTenant, tenantId ?? NO_TENANT],
    ] as const) {
      const counted = await limiter.get(name);
      if (counted !== null && counted.remainingPoints <= 0) throw tooMany(counted);
    }
  }

  async #count({ address, tenantId }: Guesser): Promise<void> {
    await Promise.allSettled([
      this.#ofAddress.consume(address),
      this.#ofTenant.consume(tenantId ?? NO_TENANT),
    ]);
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes): ApiError {
  return new ApiError(
    'RATE_LIMITED',
    'too many licence keys that open nothing; try again later, with a key that was issued',
    null,
    { retryAfter: Math.ceil(msBeforeNext / 1000) },
  );
}
