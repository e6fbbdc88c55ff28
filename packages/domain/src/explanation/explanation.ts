import type { Decision, DenyingCode, EntitlementSource } from '../decision/decision.js';
import type { AddOnKey, PlanKey, SubscriptionId } from '../ids.js';
import type { Instant } from '../time/instant.js';

/** SKIPPED: there is nothing that it could be asked of. */
export type StepOutcome = 'PASSED' | 'FAILED' | 'SKIPPED';

/** One test of docs/rules.md, "Decision codes", named by its code; COMBINATION: what a source gives in the end. */
export interface ExplanationStep {
  readonly rule: DenyingCode | 'COMBINATION';
  readonly outcome: StepOutcome;
  /** For people. */
  readonly detail: string;
  /** Null: it is asked of all that the customer has. */
  readonly source: EntitlementSource | null;
}

/** A test that failed. */
export interface DenialReason {
  readonly code: DenyingCode;
  readonly message: string;
  readonly source: EntitlementSource | null;
}

/** Those that there are candidates for today, in the order in which they are offered; docs/rules.md, "Why". */
export type RemedyKind =
  | 'SUPPLY_FACT'
  | 'WAIT'
  | 'LIFT_BLOCK'
  | 'REINSTATE'
  | 'RENEW'
  | 'RESUME'
  | 'ACTIVATE_MACHINE'
  | 'PAY'
  | 'ADD_CREDITS'
  | 'ASSIGN_SEAT'
  | 'FREE_SEAT'
  | 'BUY_QUANTITY'
  | 'ADD_ON'
  | 'CHANGE_PLAN';

/** One change that would allow what was denied; `decide` has said so. */
export interface Remedy {
  readonly kind: RemedyKind;
  readonly plan: PlanKey | null;
  readonly addOn: AddOnKey | null;
  /** Of the subscription to change; null: it changes none. */
  readonly subscriptionId: SubscriptionId | null;
  /** Of the add-on or the seats to have, in all; of the credits to add, or the seats to release; null: it is none of these. */
  readonly quantity: number | null;
  /** When it would be allowed; null: at once. */
  readonly availableAt: Instant | null;
  readonly message: string;
}

/** The whole reasoning behind a decision. */
export interface Explanation {
  readonly decision: Decision;
  readonly steps: readonly ExplanationStep[];
  /** Of a denial: all that failed, the one that gave the code first. */
  readonly reasons: readonly DenialReason[];
  readonly remedies: readonly Remedy[];
}
