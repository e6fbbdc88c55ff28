import {
  type Database,
  digestOfKey,
  LicenseKeyStore,
  type LicenseOfKey,
  parseLicenseKey,
  type StateStore,
} from '@licet/database';
import type { TenantId } from '@licet/domain';
import { placesOf } from './address.js';
import { GuessLimit, type Leave, type Outcome } from './guess-limit.js';

/** Keys that open nothing, in a minute: of one address, of one network of many addresses, and by one tenant's API keys. */
export interface GuessLimits {
  readonly ofAddress: number;
  readonly ofNetwork: number;
  readonly ofTenant: number;
}

const LIMITS: GuessLimits = { ofAddress: 30, ofNetwork: 3_000, ofTenant: 3_000 };

/** Who asks. */
export interface Guesser {
  readonly address: string;
  /** Whose keys alone are keys to it; null: any tenant's. */
  readonly tenantId: TenantId | null;
  /** Whether an API key asks: a service of the tenant's, with many people behind its one address. */
  readonly isService: boolean;
}

/**
 * What licence keys open. A key that is known in memory costs no look-up and is never refused; how often others may be wrong is
 * limited in this process: by where they come from, or by the tenant whose API key asks. No limit is shared by
 * tenants (docs/decisions/0014).
 */
export class LicenseKeys {
  readonly #db: Database;
  readonly #known: LicenseKeyStore;
  readonly #ofAddress: GuessLimit;
  readonly #ofNetwork: GuessLimit;
  readonly #ofTenant: GuessLimit;

  constructor(db: Database, states: StateStore, limits: GuessLimits = LIMITS) {
    this.#db = db;
    this.#known = new LicenseKeyStore(db, states);
    this.#ofAddress = new GuessLimit(limits.ofAddress);
    this.#ofNetwork = new GuessLimit(limits.ofNetwork);
    this.#ofTenant = new GuessLimit(limits.ofTenant);
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
    return isFor(guesser, found) ? found : null;
  }

  async #lookUp(digest: string, guesser: Guesser): Promise<LicenseOfKey | null> {
    const entered: Leave[] = [];
    const leave = (outcome: Outcome): void => {
      for (const leaveOne of entered) leaveOne(outcome);
    };
    try {
      for (const [limit, name] of this.#limitsOf(guesser)) entered.push(await limit.enter(name));
      const found = await this.#known.find(digest);
      leave({ kind: isFor(guesser, found) ? 'RIGHT' : 'WRONG' });
      return found;
    } catch (error) {
      leave({ kind: 'FAILED', error });
      throw error;
    }
  }

  /** The narrow one first: who waits for it holds no room of others. */
  #limitsOf({ address, tenantId, isService }: Guesser): (readonly [GuessLimit, string])[] {
    if (isService && tenantId !== null) return [[this.#ofTenant, tenantId]];
    const { place, network } = placesOf(address);
    return [[this.#ofAddress, place], ...(network === null ? [] : [[this.#ofNetwork, network] as const])];
  }
}

function isFor({ tenantId }: Guesser, found: LicenseOfKey | null): boolean {
  return found !== null && (tenantId === null || found.tenantId === tenantId);
}
