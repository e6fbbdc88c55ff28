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

type Generation = Map<TenantId, Map<CustomerId, KeptAccount>>;

/**
 * Accounts of the customers that spent last: at least half of `most`, at most all of it. Who is asked for moves into
 * the young generation; when that has half of them, the old one goes. (An order of use for each would touch more
 * memory than the account itself.)
 */
export class KeptAccounts {
  readonly #most: number;
  #young: Generation = new Map();
  #old: Generation = new Map();
  #inYoung = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(tenantId: TenantId, customerId: CustomerId): KeptAccount | undefined {
    const young = this.#young.get(tenantId)?.get(customerId);
    if (young !== undefined) return young;
    const old = this.#old.get(tenantId)?.get(customerId);
    if (old !== undefined) this.keep(tenantId, customerId, old);
    return old;
  }

  keep(tenantId: TenantId, customerId: CustomerId, account: KeptAccount): void {
    const isYoung = this.#young.get(tenantId)?.has(customerId) ?? false;
    if (!isYoung && this.#inYoung * 2 >= this.#most) this.#age();
    if (!isYoung) this.#inYoung += 1;
    const ofTenant = this.#young.get(tenantId) ?? new Map<CustomerId, KeptAccount>();
    this.#young.set(tenantId, ofTenant.set(customerId, account));
  }

  forget(tenantId: TenantId, customerId: CustomerId): void {
    if (this.#young.get(tenantId)?.delete(customerId)) this.#inYoung -= 1;
    this.#old.get(tenantId)?.delete(customerId);
  }

  #age(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#inYoung = 0;
  }
}
