import type { Threshold } from '../catalog/catalog.js';
import type { CreditBlock } from '../credits/credit-block.js';
import type { RuleTurn } from '../decision/rule-turns.js';
import type { Grant, GrantEventType } from '../grant/grant.js';
import type { License, LicenseEventType } from '../license/license.js';
import type { LicenseFile, LicenseFileEventType } from '../license/files/license-file.js';
import type { Machine, MachineEventType } from '../license/machines/machine.js';
import type { FeatureKey, LicenseId, PlanKey, SubscriptionId } from '../ids.js';
import type { Instant, IsoDuration } from '../time/instant.js';
import type { Seat } from '../seats/seat.js';
import type { CustomerAccount } from '../customer.js';
import type { Span } from '../usage/meter.js';
import type { QuotaLease } from '../usage/quota-lease.js';
import type { Reservation } from '../usage/reservation.js';
import type { AddOnQuantity, Subscription, TrialingSubscription } from './subscription.js';

export type ChangeTiming = 'NOW' | 'PERIOD_END' | 'AT';

/** What a caller may ask of a customer's subscriptions. Ids are made by the caller: the rules hold no chance. */
export type SubscriptionCommand =
  | {
      readonly kind: 'subscribe';
      readonly subscriptionId: SubscriptionId;
      readonly plan: PlanKey;
      readonly addOns: readonly AddOnQuantity[];
      readonly quantities: ReadonlyMap<FeatureKey, number>;
      readonly trial: boolean;
      readonly startsAt: Instant | null;
    }
  | {
      readonly kind: 'changePlan';
      readonly subscriptionId: SubscriptionId;
      readonly plan: PlanKey;
      /** As it was asked: a text that can be no plan's key is not the present plan either. */
      readonly from: string | null;
      /** Null: as they are. */
      readonly addOns: readonly AddOnQuantity[] | null;
      readonly quantities: ReadonlyMap<FeatureKey, number> | null;
      /** Null: what the catalog's transition says. */
      readonly timing: ChangeTiming | null;
      readonly at: Instant | null;
    }
  | {
      readonly kind: 'adjust';
      readonly subscriptionId: SubscriptionId;
      /** Null: as they are. */
      readonly addOns: readonly AddOnQuantity[] | null;
      readonly quantities: ReadonlyMap<FeatureKey, number> | null;
      readonly timing: ChangeTiming;
      readonly at: Instant | null;
    }
  | { readonly kind: 'withdrawScheduledChange'; readonly subscriptionId: SubscriptionId }
  | {
      readonly kind: 'cancel';
      readonly subscriptionId: SubscriptionId;
      readonly timing: ChangeTiming;
      readonly at: Instant | null;
    }
  | { readonly kind: 'uncancel'; readonly subscriptionId: SubscriptionId }
  | {
      readonly kind: 'pause';
      readonly subscriptionId: SubscriptionId;
      /** Null: until it is resumed. Left out: as it is. */
      readonly resumeAt?: Instant | null;
    }
  | { readonly kind: 'resume'; readonly subscriptionId: SubscriptionId }
  | { readonly kind: 'extendTrial'; readonly subscriptionId: SubscriptionId; readonly until: Instant }
  | {
      readonly kind: 'reportPayment';
      readonly subscriptionId: SubscriptionId;
      readonly outcome: 'SUCCEEDED' | 'FAILED';
      readonly at: Instant | null;
    };

export type SubscriptionEventType =
  | 'subscription.scheduled'
  | 'subscription.started'
  | 'subscription.trial_ended'
  | 'subscription.trial_extended'
  | 'subscription.renewed'
  | 'subscription.payment_failed'
  | 'subscription.payment_succeeded'
  | 'subscription.plan_changed'
  | 'subscription.adjusted'
  | 'subscription.change_scheduled'
  | 'subscription.change_withdrawn'
  | 'subscription.change_refused'
  | 'subscription.cancel_scheduled'
  | 'subscription.cancel_withdrawn'
  | 'subscription.paused'
  | 'subscription.resumed'
  | 'subscription.canceled'
  | 'subscription.expired'
  | 'subscription.archived';

/** Something that happened to a customer, with the state before and after it; `at`: when it took effect. */
export type CustomerEvent =
  | CreditsEvent
  | SeatEvent
  | {
      readonly type: SubscriptionEventType;
      readonly at: Instant;
      readonly before: Subscription | null;
      readonly after: Subscription;
    }
  | {
      /** A window was over, or `usage: reset` cut it short. */
      readonly type: 'usage.window_closed';
      readonly at: Instant;
      readonly feature: FeatureKey;
      readonly window: Span;
      readonly used: number;
      /** Where the feature rolls over: how much of its limit came from earlier windows, and how much the next one has of it. */
      readonly rolledIn?: number;
      readonly rolledOver?: number;
    }
  | {
      /** Rolled-over units have ended before their window did. */
      readonly type: 'usage.rollover_expired';
      readonly at: Instant;
      readonly feature: FeatureKey;
      /** What was left of them. */
      readonly units: number;
      /** What is left of other rolled-over units, and what is spent of these. */
      readonly rolledOver: number;
    }
  | {
      readonly type: 'usage.reservation_expired';
      readonly at: Instant;
      readonly reservation: Reservation;
      /** What is still held in its counter; null: its window is over, and the counter has moved on. */
      readonly reserved: number | null;
    }
  | {
      /** Units were handed out. */
      readonly type: 'quota.leased';
      readonly at: Instant;
      readonly lease: Omit<QuotaLease, 'told'>;
      /** At least what was lent. */
      readonly asked: number;
      readonly used: number;
      readonly reserved: number;
    }
  | {
      /** A lease was returned, or settled with its file. */
      readonly type: 'quota.returned';
      readonly at: Instant;
      readonly lease: Omit<QuotaLease, 'told'>;
      readonly spent: number;
      /** Units that came back. */
      readonly returned: number;
      /** Time had counted all of it as spent. */
      readonly late: boolean;
      /** Null: its window is over, and all of it was spent in that. */
      readonly used: number | null;
      readonly reserved: number | null;
    }
  | {
      /** A quota lease was not returned in time, and is spent in full. */
      readonly type: 'quota.expired';
      readonly at: Instant;
      readonly lease: QuotaLease;
      /** What its counter says then; null: its window is over, and it is counted in that. */
      readonly used: number | null;
      readonly reserved: number | null;
    }
  | {
      /** By a spend, or by a lease whose time is over. */
      readonly type: 'usage.threshold_reached';
      readonly at: Instant;
      readonly feature: FeatureKey;
      readonly threshold: Threshold;
      readonly used: number;
      /** Null: unlimited. */
      readonly limit: number | null;
      readonly window: Span | null;
    }
  | {
      readonly type: GrantEventType;
      readonly at: Instant;
      readonly grant: { readonly before: Grant | null; readonly after: Grant };
    }
  | {
      readonly type: LicenseEventType;
      readonly at: Instant;
      readonly license: { readonly before: License | null; readonly after: License };
    }
  | {
      readonly type: MachineEventType;
      readonly at: Instant;
      /** `before` null: activated by this very event; `after` null: deactivated by it. */
      readonly machine: {
        readonly licenseId: LicenseId;
        readonly before: Machine | null;
        readonly after: Machine | null;
      };
    }
  | {
      /** `before` null: issued by this very event. */
      readonly type: LicenseFileEventType;
      readonly at: Instant;
      readonly file: { readonly before: LicenseFile | null; readonly after: LicenseFile };
    }
  | {
      readonly type: 'license.expiring_soon';
      readonly at: Instant;
      readonly within: IsoDuration;
      readonly endsAt: Instant;
      readonly expires: License;
    }
  | {
      /** `endsAt` is as near as the catalog's `expiringSoon` says; nothing has changed. */
      readonly type: 'subscription.trial_expiring_soon';
      readonly at: Instant;
      readonly within: IsoDuration;
      readonly endsAt: Instant;
      readonly trial: TrialingSubscription;
    }
  | {
      readonly type: 'grant.expiring_soon';
      readonly at: Instant;
      readonly within: IsoDuration;
      readonly endsAt: Instant;
      readonly expiring: Grant;
    }
  | {
      readonly type: 'credits.expiring_soon';
      readonly at: Instant;
      readonly within: IsoDuration;
      readonly endsAt: Instant;
      readonly block: CreditBlock;
    }
  | {
      /** By time alone a rule says something else: what the customer may do can change without anything else. */
      readonly type: 'rule.turned';
      readonly at: Instant;
      readonly turn: RuleTurn;
    };

/**
 * A seat was taken or given back; its lease (`expired`) or its cool-down (`freed`) was over. A renewal of a lease is none.
 * Null: it is not taken.
 */
export interface SeatEvent {
  readonly type: 'seat.assigned' | 'seat.released' | 'seat.expired' | 'seat.freed';
  readonly at: Instant;
  readonly seat:
    { readonly before: Seat | null; readonly after: Seat } | { readonly before: Seat; readonly after: null };
}

/** `lost`: what was left of a block that has ended. */
export type CreditsEvent =
  | {
      readonly type: 'credits.added';
      readonly at: Instant;
      readonly credits: { readonly before: null; readonly after: CreditBlock };
    }
  | {
      readonly type: 'credits.expired' | 'credits.voided';
      readonly at: Instant;
      readonly credits: { readonly before: CreditBlock; readonly after: CreditBlock; readonly lost: number };
    };

/** A refused command: nothing has changed. `field`: the path of the argument below `input`. */
export interface Refusal {
  readonly code: 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT';
  readonly field: string | null;
  readonly message: string;
}

export interface AccountChange {
  readonly account: CustomerAccount;
  readonly events: readonly CustomerEvent[];
}

export type CommandOutcome =
  ({ readonly ok: true } & AccountChange) | { readonly ok: false; readonly refusal: Refusal };
