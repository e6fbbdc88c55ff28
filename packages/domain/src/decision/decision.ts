import type { RequestContext } from '../condition/facts.js';
import type { AddOnKey, CreditBlockId, GrantId, LicenseId, PlanKey, SubscriptionId } from '../ids.js';
import type { Instant } from '../time/instant.js';

/** Order and meaning: docs/rules.md, "Decision codes". */
export const ALLOWING_CODES = [
  'ENTITLED',
  'ENTITLED_OVERAGE',
  'ENTITLED_GRACE',
  'ENTITLED_GRANT',
  'ENTITLED_FALLBACK',
  'DONE',
] as const;
export const DENYING_CODES = [
  'UNKNOWN_FEATURE',
  'UNAVAILABLE',
  'UNKNOWN_CUSTOMER',
  'BLOCKED',
  'DENIED_BY_RULE',
  'NO_ACTIVE_PLAN',
  'NOT_IN_PLAN',
  'LICENSE_REVOKED',
  'LICENSE_EXPIRED',
  'SUBSCRIPTION_EXPIRED',
  'NOT_STARTED',
  'LICENSE_SUSPENDED',
  'SUBSCRIPTION_PAUSED',
  'CONDITION_NOT_MET',
  'VERSION_NOT_COVERED',
  'NOT_ACTIVATED',
  'MACHINE_IN_USE',
  'NO_SEAT',
  'LIMIT_EXCEEDED',
] as const;
/** Denials of commands on machines alone; no check is answered so. */
export type MachineRefusal = 'UNKNOWN_LICENSE' | 'DEACTIVATION_LIMIT_EXCEEDED' | 'MACHINE_LIMIT_EXCEEDED';
export type AllowingCode = (typeof ALLOWING_CODES)[number];
/** Tests of a check that deny, in their order. */
export type DenyingCode = (typeof DENYING_CODES)[number];
/** Commands' own refusals: no check is answered with one. */
export type RefusingCode = 'SEAT_COOLDOWN' | 'OFFLINE_LIMIT_EXCEEDED' | MachineRefusal;
export type DecisionCode = AllowingCode | DenyingCode | RefusingCode;

export type EntitlementSource =
  | { readonly kind: 'SUBSCRIPTION'; readonly id: SubscriptionId; readonly key: PlanKey }
  | { readonly kind: 'ADD_ON'; readonly id: SubscriptionId; readonly key: AddOnKey }
  | { readonly kind: 'LICENSE'; readonly id: LicenseId; readonly key: PlanKey }
  | { readonly kind: 'GRANT'; readonly id: GrantId; readonly key: null }
  | { readonly kind: 'CREDIT_BLOCK'; readonly id: CreditBlockId; readonly key: null };

export interface CheckRequest {
  readonly feature: string;
  /** Units wanted on top of those used; 0 asks only whether the feature is there. */
  readonly quantity: number;
  /** The person who asks, where the feature is, or needs, a seat; it may be no id at all. */
  readonly memberId?: string | null;
  /** Facts of the request, for rules that read `context`. */
  readonly context?: RequestContext | null;
  /** Version of the vendor's software that asks. */
  readonly productVersion?: string | null;
  /** The machine that asks, where a licence is bound to machines. */
  readonly fingerprint?: string | null;
  /** Keyed hashes of the parts of that machine. */
  readonly components?: readonly string[];
}

/** The answer of `decide`. Ids, revision and the age of the state are the caller's to add. */
export interface Decision {
  readonly allowed: boolean;
  readonly code: DecisionCode;
  readonly message: string;
  /** As asked: where it is unknown it may be no id at all. */
  readonly customerId: string;
  readonly feature: string;
  /** The value of a CONFIG feature. */
  readonly value: string | null;
  readonly limit: number | null;
  /** The feature is counted and nothing bounds it. */
  readonly unlimited: boolean;
  readonly used: number | null;
  readonly reserved: number | null;
  /** Up to the limit, overage not counted. */
  readonly remaining: number | null;
  readonly resetsAt: Instant | null;
  /** The first instant at which the passing of time alone changes this decision; null: never. */
  readonly validUntil: Instant | null;
  readonly sources: readonly EntitlementSource[];
}
