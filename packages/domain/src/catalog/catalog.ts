import type { Condition } from '../condition/condition.js';
import type { GrantGiven } from '../grant/grant.js';
import type { AddOnKey, FeatureKey, MemberId, PlanFamily, PlanKey } from '../ids.js';
import type { Instant, IsoDuration, TimeZone } from '../time/instant.js';

/** Everything that decides, as one document. A release is one immutable version of it. */
export interface Catalog {
  readonly name: string;
  /** Where a customer names none; null: the tenant's. */
  readonly timeZone: TimeZone | null;
  /** How old a kept state may get before what it says counts as unknown. */
  readonly staleFor: IsoDuration;
  readonly expiringSoon: readonly IsoDuration[];
  readonly features: ReadonlyMap<FeatureKey, Feature>;
  /** Of each feature among them, from 0. */
  readonly places: ReadonlyMap<string, number>;
  readonly plans: ReadonlyMap<PlanKey, Plan>;
  readonly addOns: ReadonlyMap<AddOnKey, AddOn>;
  readonly rules: readonly CatalogRule[];
  /** Null: anything may follow anything, now, with `carry`, `block`, `drop`. */
  readonly transitions: readonly Transition[] | null;
  readonly existingSubscriptions: ExistingSubscriptions;
  readonly scenarios: readonly Scenario[];
}

export type WhenUnknown =
  | { readonly kind: 'CLOSED' }
  | { readonly kind: 'OPEN' }
  | { readonly kind: 'LAST_KNOWN'; readonly maxAge: IsoDuration };

/** A threshold: a share of the limit in percent, or units. */
export type Threshold = { readonly percent: number } | { readonly units: number };

interface FeatureBase {
  readonly key: FeatureKey;
  readonly name: string;
  readonly whenUnknown: WhenUnknown;
  /** Only for a member who holds a seat of that feature. */
  readonly needsSeat: FeatureKey | null;
}
export interface BooleanFeature extends FeatureBase {
  readonly type: 'BOOLEAN';
  /** Release dates of product versions, for perpetual licences with maintenance. */
  readonly versions: ReadonlyMap<string, Instant>;
}
export interface LimitFeature extends FeatureBase {
  readonly type: 'LIMIT';
  readonly unit: string | null;
  readonly combine: 'max' | 'sum';
  readonly notifyAt: readonly Threshold[];
}
export type WindowAnchor = 'subscription' | 'calendar';
export interface UsageWindow {
  readonly every: IsoDuration;
  readonly anchor: WindowAnchor;
}
export interface MeteredFeature extends FeatureBase {
  readonly type: 'METERED';
  readonly unit: string | null;
  readonly combine: 'max' | 'sum';
  /** Null: prepaid, it spends credit blocks and has no window. */
  readonly window: UsageWindow | null;
  readonly rollover: { readonly atMost: number | null; readonly for: IsoDuration } | null;
  readonly notifyAt: readonly Threshold[];
}
export interface SeatsFeature extends FeatureBase {
  readonly type: 'SEATS';
  readonly combine: 'max' | 'sum';
  readonly seats:
    | { readonly kind: 'NAMED'; readonly cooldown: IsoDuration | null }
    | { readonly kind: 'FLOATING'; readonly lease: IsoDuration };
}
export interface ConfigFeature extends FeatureBase {
  readonly type: 'CONFIG';
  /** From the least to the most. */
  readonly values: readonly string[];
  readonly combine: 'order' | 'specific';
}
export type Feature = BooleanFeature | LimitFeature | MeteredFeature | SeatsFeature | ConfigFeature;
export type FeatureType = Feature['type'];

/** Units, or null for unlimited. */
export type Limit = number | null;
/** HARD: nothing beyond the limit; SOFT: up to `overage` beyond; NONE: the limit is counted and never refuses. */
export type Enforcement =
  | { readonly kind: 'HARD' }
  | { readonly kind: 'SOFT'; readonly overage: Threshold }
  | { readonly kind: 'NONE' };

export type CreditBlockOffer = {
  readonly quantity: number;
  readonly expiresAfter: IsoDuration | null;
  readonly priority: number;
  readonly given: 'once' | 'everyPeriod';
};

/** What a plan or an add-on gives of one feature. The kind fits the feature's type; the parser sees to it. */
export type PlanEntitlement =
  | { readonly kind: 'ON' }
  | { readonly kind: 'UNITS'; readonly limit: Limit; readonly enforcement: Enforcement }
  | {
      readonly kind: 'BOUGHT';
      readonly atLeast: number;
      readonly atMost: number | null;
      readonly default: number;
    }
  | { readonly kind: 'BLOCKS'; readonly blocks: readonly CreditBlockOffer[] }
  | { readonly kind: 'VALUE'; readonly value: string };

export type PlanModel = 'PERPETUAL' | 'SUBSCRIPTION' | 'USAGE' | 'SEATS';

export interface Plan {
  readonly key: PlanKey;
  readonly name: string;
  readonly family: PlanFamily;
  readonly model: PlanModel;
  readonly period: IsoDuration | null;
  readonly trial: { readonly for: IsoDuration; readonly then: TrialOutcome } | null;
  readonly grace: IsoDuration | null;
  readonly onExpiry: PlanKey | null;
  readonly onCancel: PlanKey | null;
  readonly onPause: { readonly clock: 'stops' | 'runs' };
  readonly offline: {
    readonly refreshAfter: IsoDuration;
    readonly staleFor: IsoDuration;
    readonly grace: IsoDuration;
  } | null;
  readonly maintenance: IsoDuration | null;
  readonly machines: MachinePolicy | null;
  readonly entitlements: ReadonlyMap<FeatureKey, PlanEntitlement>;
  readonly rules: readonly PlanRule[];
}
/** What follows an unpaid trial. */
export type TrialOutcome =
  | { readonly kind: 'PLAN'; readonly plan: PlanKey }
  | { readonly kind: 'CONTINUE' }
  | { readonly kind: 'EXPIRE' };

/** Of one licence: each is looked at when its customer is asked about. */
export const MOST_MACHINES = 10_000;

/** How a licence is bound to machines; docs/rules.md, "Machines". */
export interface MachinePolicy {
  readonly limit: number;
  readonly match: 'any' | 'two' | 'most' | 'all';
  readonly atOnce: number | null;
  readonly deactivations: number | null;
  readonly per: IsoDuration | null;
  readonly whenFull: 'refuse' | 'replaceOldest';
  readonly offlineFiles: number | null;
}

export interface AddOn {
  readonly key: AddOnKey;
  readonly name: string;
  /** The plans that it can be bought with. */
  readonly with: readonly PlanKey[];
  readonly entitlements: ReadonlyMap<FeatureKey, PlanEntitlement>;
}

export type LimitOutcome = { readonly limit: Limit; readonly enforcement: Enforcement };
export interface PlanRule {
  readonly name: string;
  readonly feature: FeatureKey;
  readonly when: Condition;
  readonly then: 'allow' | 'deny' | LimitOutcome;
}
export interface CatalogRule {
  readonly name: string;
  readonly feature: FeatureKey;
  readonly when: Condition;
  readonly then: 'deny' | { readonly limit: Limit };
}

export type UsageOnChange = 'carry' | 'reset' | 'prorate';
export type SeatsAbove =
  | { readonly kind: 'BLOCK' }
  | { readonly kind: 'REFUSE' }
  | { readonly kind: 'RELEASE_NEWEST_AFTER'; readonly after: IsoDuration };
export interface Transition {
  readonly from: readonly PlanKey[];
  readonly to: readonly PlanKey[];
  readonly takesEffect: 'now' | 'periodEnd';
  readonly usage: UsageOnChange;
  readonly seatsAbove: SeatsAbove;
  readonly addOnsNotOffered: 'drop' | 'refuse';
}

export type MigrationPolicy = 'stay' | 'atRenewal' | 'now';
export interface ExistingSubscriptions {
  readonly default: MigrationPolicy;
  readonly byPlan: ReadonlyMap<PlanKey, MigrationPolicy>;
}

/** A promise that travels with the catalog; `given`, `check` and `expect` are as written, see `runScenario`. */
export interface Scenario {
  readonly name: string;
  readonly given: ScenarioGiven;
  readonly check: {
    readonly feature: FeatureKey;
    readonly quantity: number;
    readonly productVersion: string | null;
    readonly fingerprint: string | null;
    /** As the scenario writes them: it compares them as they stand. */
    readonly components: readonly string[];
    readonly memberId: string | null;
    readonly context: Readonly<Record<string, unknown>>;
  };
  readonly expect: Readonly<Record<string, unknown>>;
}
/** An exception that the scenario's customer has; `startsAt` null: since a year before. */
export interface ScenarioGrant {
  readonly feature: FeatureKey;
  readonly given: GrantGiven;
  readonly startsAt: Instant | null;
  readonly expiresAt: Instant | null;
}
/** A licence that the scenario's customer has; `startsAt` null: since a year before. Ends that are null: by the plan. */
export interface ScenarioLicense {
  readonly plan: PlanKey;
  readonly startsAt: Instant | null;
  readonly expiresAt: Instant | null;
  readonly maintenanceUntil: Instant | null;
  readonly quantities: ReadonlyMap<FeatureKey, number>;
  readonly suspended: boolean;
  readonly revokedAt: Instant | null;
  readonly machines: readonly ScenarioMachine[];
}
/** A machine on which a scenario's licence is activated; `inUseUntil` null: it holds no place. */
export interface ScenarioMachine {
  readonly fingerprint: string;
  readonly components: readonly string[];
  readonly inUseUntil: Instant | null;
}
/** Credits that the scenario's customer has; `addedAt` null: a year before. */
export interface ScenarioBlock {
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly spent: number;
  readonly held: number;
  readonly priority: number;
  readonly expiresAt: Instant | null;
  readonly addedAt: Instant | null;
}
/** A seat that is taken in the scenario's pools; `assignedAt` null: a year before. */
export interface ScenarioSeat {
  readonly feature: FeatureKey;
  readonly memberId: MemberId;
  readonly assignedAt: Instant | null;
  /** Of a floating one. */
  readonly leaseExpiresAt: Instant | null;
  /** Of a named one that was given back; null: it is held. */
  readonly coolsUntil: Instant | null;
}
export interface ScenarioGiven {
  readonly plans: readonly PlanKey[];
  readonly addOns: readonly AddOnKey[];
  readonly quantities: ReadonlyMap<FeatureKey, number>;
  readonly usage: ReadonlyMap<FeatureKey, number>;
  readonly customer: {
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly timeZone: TimeZone | null;
    readonly createdAt: Instant | null;
  };
  readonly status: string | null;
  readonly paidUntil: Instant | null;
  readonly startedAt: Instant | null;
  readonly now: Instant;
  readonly licenses: readonly ScenarioLicense[];
  readonly grants: readonly ScenarioGrant[];
  readonly blocks: readonly ScenarioBlock[];
  /** Units held by reservations in the running window. */
  readonly reserved: ReadonlyMap<FeatureKey, number>;
  /** Units that earlier windows have left over. */
  readonly rolledOver: ReadonlyMap<FeatureKey, number>;
  readonly seats: readonly ScenarioSeat[];
}
