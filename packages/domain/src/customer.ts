import type { AddOnKey, CustomerId, FeatureKey, PlanFamily } from './ids.js';
import type { Catalog } from './catalog/catalog.js';
import type { CompiledFeature } from './decision/compile.js';
import type { CreditBlock } from './credits/credit-block.js';
import { KeptAnswers } from './decision/kept-answers.js';
import type { Grant } from './grant/grant.js';
import type { License } from './license/license.js';
import type { AddOnVersion, PlanVersion, Subscription } from './subscription/subscription.js';
import type { Instant, TimeZone } from './time/instant.js';
import type { Meter } from './usage/meter.js';
import type { Seat } from './seats/seat.js';
import type { QuotaLease } from './usage/quota-lease.js';
import type { Reservation } from './usage/reservation.js';
import type { PlanKey } from './ids.js';

/** What a vendor tells of a customer. */
export interface Profile {
  readonly name: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly createdAt: Instant;
}

/** A customer with everything that commands and time can change, read at one revision. */
export interface CustomerAccount {
  readonly id: CustomerId;
  readonly profile: Profile;
  /** The zone in force: the customer's own, else the catalog's, else the tenant's, else UTC. */
  readonly timeZone: TimeZone;
  /** Families in which the customer has had a trial. */
  readonly trialsGiven: ReadonlySet<PlanFamily>;
  /** Since when the customer has had each METERED feature without a break; moved by `usage: reset`. */
  readonly windowAnchors: ReadonlyMap<FeatureKey, Instant>;
  readonly subscriptions: readonly Subscription[];
  readonly licenses: readonly License[];
  readonly grants: readonly Grant[];
  /** Counters that exist; a feature without one has nothing used. */
  readonly meters: ReadonlyMap<FeatureKey, Meter>;
  /** Those that are neither settled nor expired, soonest to expire first; empty where only their sums are known. */
  readonly reservations: readonly Reservation[];
  /** Quota leases: as reservations are. */
  readonly leases: readonly QuotaLease[];
  /** Credit blocks that have not ended, and those that have and are held by a reservation, or a lease, still. */
  readonly blocks: readonly CreditBlock[];
  /** Those that are taken, in all pools: held, or given back and cooling down. */
  readonly seats: readonly Seat[];
  /** Until when it has been told that time has turned a rule; see `ruleTurns`. */
  readonly turnedUntil: Instant;
}

/** How a release came to decide. Each publication of a tenant has a number of its own, a rollback too. */
export interface Publication {
  /** Rises by one with each publication: what decides now is named by it (`rules_version`), not by the release. */
  readonly version: number;
  readonly at: Instant;
  /** Of a rollback: what publications after this one have moved is moved back. Null: it is none. */
  readonly undoesAfter: number | null;
  /** The tenant's own. A tenant that moves to another zone publishes its live release once more. */
  readonly timeZone: TimeZone;
}

/** The live release: its catalog, its number, and the versions under which its plans and add-ons are sold now. */
export interface Release {
  readonly number: number;
  readonly publication: Publication;
  readonly catalog: Catalog;
  readonly planVersions: ReadonlyMap<PlanKey, PlanVersion>;
  readonly addOnVersions: ReadonlyMap<AddOnKey, AddOnVersion>;
}

/** A customer as one release sees it. */
export interface KnownState {
  readonly kind: 'KNOWN';
  readonly release: Release;
  readonly account: CustomerAccount;
  /** What `decide` has worked out so far, by feature; it follows from the rest and is never written down. */
  readonly compiled: Map<string, CompiledFeature>;
  readonly answers: KeptAnswers;
}

/** What `decide` is asked about. OUT_OF_REACH: nobody could be asked whether there is such a customer. */
export type CustomerState =
  | KnownState
  | {
      readonly kind: 'UNKNOWN_CUSTOMER' | 'OUT_OF_REACH';
      readonly release: Release;
      readonly customerId: string;
    };

export function knownState(release: Release, account: CustomerAccount): KnownState {
  return {
    kind: 'KNOWN',
    release,
    account,
    compiled: new Map(),
    answers: new KeptAnswers(release.catalog.places),
  };
}

/** The state with one more seat, in the place of the same one: for one question that needs it. */
export function withSeat({ release, account }: KnownState, seat: Seat): KnownState {
  const seats = [...account.seats.filter(({ id }) => id !== seat.id), seat];
  return knownState(release, { ...account, seats });
}
