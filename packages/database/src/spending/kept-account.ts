import { LRUCache } from 'lru-cache';
import {
  type CustomerId,
  type FeatureKey,
  type Instant,
  type KnownState,
  knownState,
  type Meter,
  nextDue,
  recount,
  type Release,
  type TenantId,
  withoutReservations,
} from '@licet/domain';
import type { StoredAccount } from '../repositories/accounts.js';

/**
 * What a customer has, as of a version. Good for a decision only while a locked counter names the same version:
 * every change of what a customer may do writes it there. Its counters are those of the last batch that saw them;
 * each batch puts in those that it has locked, in place, because one counter is in one batch at a time.
 */
export interface KeptAccount {
  readonly version: number;
  readonly subject: string;
  /** When time changes something. */
  readonly dueAt: Instant | null;
  readonly state: KnownState;
  /** The counters of `state`. */
  readonly meters: Map<FeatureKey, Meter>;
}

export function keepable({ row, written, account, overdue }: StoredAccount, release: Release): KeptAccount {
  const meters = new Map(account.meters);
  // Spends make and settle reservations all the time: what each counter holds stands in its row.
  const lasting = withoutReservations(account);
  return {
    version: row.version,
    subject: row.subject,
    // What a publication has moved (windows, to another time zone) is written down before anything is spent in it.
    dueAt: overdue[0]?.at ?? (account === written ? nextDue(lasting, release) : release.publication.at),
    state: knownState(release, { ...lasting, meters }),
    meters,
  };
}

export function putMeter({ meters, state }: KeptAccount, meter: Meter): void {
  meters.set(meter.feature, meter);
  recount(state, meter);
}

/** Accounts of the customers that spent last. */
export class KeptAccounts {
  readonly #accounts: LRUCache<string, KeptAccount>;

  constructor(most: number) {
    this.#accounts = new LRUCache({ max: most });
  }

  get(tenantId: TenantId, customerId: CustomerId): KeptAccount | undefined {
    return this.#accounts.get(`${tenantId} ${customerId}`);
  }

  keep(tenantId: TenantId, customerId: CustomerId, account: KeptAccount): void {
    this.#accounts.set(`${tenantId} ${customerId}`, account);
  }

  forget(tenantId: TenantId, customerId: CustomerId): void {
    this.#accounts.delete(`${tenantId} ${customerId}`);
  }
}
