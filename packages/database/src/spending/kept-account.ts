import { LRUCache } from 'lru-cache';
import {
  type CreditBlock,
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
  type Seat,
  withoutReservations,
  withoutSeats,
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
  /** Its credit blocks: of the counters of a batch, as they stand under its locks. */
  readonly blocks: CreditBlock[];
  /** Of its seats, those of the batch's pools that cool down. */
  readonly seats: Seat[];
}

export function keepable({ row, written, account, overdue }: StoredAccount, release: Release): KeptAccount {
  const meters = new Map(account.meters);
  const blocks = [...account.blocks];
  // Spends make and settle reservations all the time: what each counter holds stands in its row.
  const lasting = withoutSeats(withoutReservations(account));
  const seats: Seat[] = [];
  return {
    version: row.version,
    subject: row.subject,
    // What a publication has moved (windows, to another time zone) is written down before anything is spent in it.
    dueAt: overdue[0]?.at ?? (account === written ? nextDue(lasting, release) : release.publication.at),
    state: knownState(release, { ...lasting, meters, blocks, seats }),
    meters,
    blocks,
    seats,
  };
}

export function putMeter({ meters, state }: KeptAccount, meter: Meter): void {
  meters.set(meter.feature, meter);
  recount(state, meter);
}

/** The blocks of one feature, in the place of those that were there; what rests on them is worked out anew. */
export function putBlocks(
  { blocks, state }: KeptAccount,
  feature: FeatureKey,
  those: readonly CreditBlock[],
): void {
  const others = blocks.filter((block) => block.feature !== feature);
  blocks.splice(0, blocks.length, ...others, ...those);
  state.compiled.delete(feature);
  state.answers.forget(feature);
}

/** The seats of one pool, in the place of those that were there. */
export function putSeats({ seats }: KeptAccount, feature: FeatureKey, those: readonly Seat[]): void {
  const others = seats.filter((seat) => seat.feature !== feature);
  seats.splice(0, seats.length, ...others, ...those);
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
