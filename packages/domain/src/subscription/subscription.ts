import type { AddOnKey, CustomerId, FeatureKey, SubscriptionId } from '../ids.js';
import type { Instant } from '../time/instant.js';
import type { AddOn, Plan } from '../catalog/catalog.js';

/** A plan as it was sold: the number rises with each release that changes the plan. A version never changes. */
export interface PlanVersion {
  readonly plan: Plan;
  readonly version: number;
}

/** What an add-on gives as it was sold: the number rises with each release that changes that. A version never changes. */
export interface AddOnVersion {
  readonly addOn: AddOn;
  readonly version: number;
}

/** An add-on that a subscription has, under the version that it was bought in. */
export interface BoughtAddOn extends AddOnVersion {
  readonly quantity: number;
}

/** An add-on as it is asked for: it is bought in the version that is sold then. */
export interface AddOnQuantity {
  readonly addOn: AddOnKey;
  readonly quantity: number;
}

export interface ScheduledChange {
  /** Null: the plan stays; what is bought with it is adjusted. */
  readonly to: PlanVersion | null;
  readonly at: Instant;
  /** Null: as they are when the time comes. Named ones are bought as they were sold when they were named. */
  readonly addOns: readonly BoughtAddOn[] | null;
  readonly quantities: ReadonlyMap<FeatureKey, number> | null;
}

/** A publication has moved the subscription off this version of its plan, or its add-ons off theirs. */
export interface VersionMove {
  readonly publication: number;
  readonly from: PlanVersion;
  readonly addOns: readonly AddOnMove[];
}

/** `to`: the version that it has led to; null: the add-on was dropped. */
export interface AddOnMove {
  readonly from: BoughtAddOn;
  readonly to: number | null;
}

/** What a plan gives of a feature, in place of its own number, until the window that ran at a change is over. */
export interface Proration {
  readonly limit: number;
  readonly until: Instant;
}

/** What every subscription has, whatever its status. */
export interface SubscriptionBase {
  readonly id: SubscriptionId;
  readonly customerId: CustomerId;
  readonly planVersion: PlanVersion;
  readonly addOns: readonly BoughtAddOn[];
  /** As they were chosen; see `boughtOf`. */
  readonly quantities: ReadonlyMap<FeatureKey, number>;
  /** Those of the last change of plan; see `planEntitlementAt`. */
  readonly prorations: ReadonlyMap<FeatureKey, Proration>;
  /** `releaseNewestAfter` of the last change of plan: when seats above the limit go; null: they stay. */
  readonly seatsReleasedAt: Instant | null;
  readonly startedAt: Instant;
  /** Credit blocks that its plans and add-ons have given, by what offers them: the start of the period last given for. */
  readonly creditsGiven: ReadonlyMap<string, Instant>;
  /** Newest payment outcome that was reported, by billing's clock. Older ones change nothing. */
  readonly lastPaymentAt: Instant | null;
  /** Moves by publications since anything else has chosen the plan, oldest first: what a rollback takes back. */
  readonly moves: readonly VersionMove[];
}

/** The running period [start, end), counted from `anchor`; `end` null: the plan has no period. */
export interface Period {
  readonly anchor: Instant;
  readonly start: Instant;
  readonly end: Instant | null;
}

/** What waits for its time on a subscription that is live. */
interface Pending {
  readonly cancelAt: Instant | null;
  readonly scheduledChange: ScheduledChange | null;
}

/** Begins at `startedAt`, which lies ahead; then TRIALING where `trial`, else ACTIVE, or PAST_DUE where `failed`. */
export interface ScheduledSubscription extends SubscriptionBase, Pending {
  readonly status: 'SCHEDULED';
  readonly trial: boolean;
  readonly paid: boolean;
  /** A payment has failed: grace begins with the start, where no trial does. */
  readonly failed: boolean;
}
/** Its period is its trial: `period.end` equals `trialEndsAt`. */
export interface TrialingSubscription extends SubscriptionBase, Pending {
  readonly status: 'TRIALING';
  readonly period: Period;
  readonly trialEndsAt: Instant;
  readonly paid: boolean;
}
export interface ActiveSubscription extends SubscriptionBase, Pending {
  readonly status: 'ACTIVE';
  readonly period: Period;
}
/** In grace after a failed payment. */
export interface PastDueSubscription extends SubscriptionBase, Pending {
  readonly status: 'PAST_DUE';
  readonly period: Period;
  readonly graceEndsAt: Instant;
}
/** What a paused subscription is again once it is resumed. */
export type PausedFrom =
  | { readonly status: 'TRIALING'; readonly trialEndsAt: Instant; readonly paid: boolean }
  | {
      readonly status: 'ACTIVE';
      /** A payment has failed meanwhile: grace begins with the resume. */
      readonly failed: boolean;
    };
/** It gives nothing until it is resumed. */
export interface PausedSubscription extends SubscriptionBase, Pending {
  readonly status: 'PAUSED';
  readonly from: PausedFrom;
  readonly period: Period;
  /** The plan's when it was paused; `stops`: what it ends with a period, a trial or a scheduled change waits. */
  readonly clock: 'stops' | 'runs';
  readonly pausedAt: Instant;
  /** Null: it waits for a resume. */
  readonly resumesAt: Instant | null;
}
/** Final. */
export interface EndedSubscription extends SubscriptionBase {
  readonly status: 'CANCELED' | 'EXPIRED';
  readonly period: Period;
  readonly endedAt: Instant;
}

export type LiveSubscription =
  | ScheduledSubscription
  | TrialingSubscription
  | ActiveSubscription
  | PastDueSubscription
  | PausedSubscription;
export type Subscription = LiveSubscription | EndedSubscription;
export type SubscriptionStatus = Subscription['status'];
