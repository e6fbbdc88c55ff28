import { LICENSE_FAILURE_CODES } from './license-status.js';
import type { AddOnKey } from './add-ons.js';
import type { FeatureKey } from './features.js';
import type { LicenseFile } from './files.js';
import type { QuotaLease, Reservation } from './holds.js';
import type { PlanKey } from './plans.js';

export type Status = 'SCHEDULED' | 'TRIALING' | 'ACTIVE' | 'PAST_DUE' | 'PAUSED' | 'CANCELED' | 'EXPIRED';

export interface Bought {
  addOns: Partial<Record<AddOnKey, number>>;
  /** Of features that the plan sells by number. */
  quantities: Partial<Record<FeatureKey, number>>;
}

export interface ScheduledChange {
  readonly plan: PlanKey;
  /** The same plan, with other things bought. */
  readonly adjusts: boolean;
  readonly addOns: Bought['addOns'] | null;
  readonly quantities: Bought['quantities'] | null;
  at: number;
}

export interface Pause {
  readonly since: number;
  resumesAt: number | null;
  readonly stands: boolean;
}

/** What is sold to a customer: a subscription, or a licence. */
export interface Sold extends Bought {
  readonly id: string;
  plan: PlanKey;
  /** Of this window, after a change that prorates. */
  readonly prorated: Map<FeatureKey, number>;
  /** Credits that come with each period are given for the one that begins here. */
  periodStart: number;
  /** The beginning of the period in which it was last given each gift of its plans and add-ons. */
  readonly given: Map<string, number>;
}

export interface Subscription extends Sold {
  status: Status;
  /** What it goes back to after a pause. */
  before: 'TRIALING' | 'ACTIVE';
  wantsTrial: boolean;
  readonly startedAt: number;
  anchor: number;
  periodEnd: number | null;
  trialEndsAt: number | null;
  paid: boolean;
  /** Noted: grace begins with the start, or with the resume. */
  failed: boolean;
  graceEndsAt: number | null;
  /** `withEnd`: asked for the end of period or trial, and moves with it. */
  cancel: { at: number; readonly withEnd: boolean } | null;
  change: ScheduledChange | null;
  pause: Pause | null;
  lastPayment: { readonly at: number; readonly outcome: 'SUCCEEDED' | 'FAILED' } | null;
  endedAt: number | null;
  /** When the newest seats above the limit go, after a change that says so. */
  seatsRelease: { readonly at: number; readonly features: readonly FeatureKey[] } | null;
  /** 90 days after the end it has been told that nothing is said of it any more. */
  archived: boolean;
}

/** On which a licence is activated. */
export interface Machine {
  readonly id: string;
  fingerprint: string;
  /** Made of its components, because none was named. */
  derived: boolean;
  components: readonly string[];
  name: string | null;
  readonly activatedAt: number;
  inUseUntil: number | null;
}

/** Add-ons and prorated numbers it has none. */
export interface License extends Sold {
  /** What its dates say, as far as it has been told. */
  phase: 'SCHEDULED' | 'ACTIVE' | 'GRACE' | 'EXPIRED';
  suspended: boolean;
  revokedAt: number | null;
  readonly startsAt: number;
  expiresAt: number | null;
  /** Of the grace that runs. */
  graceEndsAt: number | null;
  /** By its dates. */
  endedAt: number | null;
  maintenanceUntil: number | null;
  /** Null: the plan's. */
  machineLimit: number | null;
  /** In the order of their activation, those of one millisecond by their ids. */
  readonly machines: Machine[];
  readonly deactivations: number[];
  /** How many it has had: the last one is its own. */
  keys: number;
  /** As of a subscription. */
  archived: boolean;
}

/** Taken by a member; `freeAt`: given back, and cooling down until then. */
export interface Seat {
  readonly id: string;
  readonly feature: FeatureKey;
  readonly member: string;
  assignedAt: number;
  leaseExpiresAt: number | null;
  freeAt: number | null;
}

export type GrantStatus = 'SCHEDULED' | 'ACTIVE' | 'EXPIRED' | 'REVOKED';
export interface Grant {
  readonly id: string;
  readonly feature: FeatureKey;
  readonly effect: 'ADD' | 'REPLACE' | 'BLOCK';
  readonly value: number | string | true | null;
  status: GrantStatus;
  readonly startsAt: number;
  /** Of one that began before it was made: it holds from then on. */
  readonly holdsFrom: number;
  readonly expiresAt: number | null;
}

/** One for each counted feature: a level, or what was used in the running window. */
export interface Meter {
  /** When nothing gave the feature any more; null while something does. */
  lost: { readonly at: number; readonly turn: number } | null;
  used: number;
  /** Whether anything was ever used: a window in which nothing was ever counted is nowhere written. */
  everUsed: boolean;
  window: { start: number; end: number; anchor: number } | null;
  /** Each threshold with the start of the window in which it was told of. */
  readonly told: Set<string>;
  /** What earlier windows have left over, the soonest to end first. */
  rolled: readonly { readonly units: number; readonly until: number }[];
  /** Those that were told of when they were over, as far as they have been used since. */
  readonly closed: { readonly start: number; readonly end: number; used: number }[];
}

/** Prepaid units. */
export interface CreditBlock {
  readonly id: string;
  readonly feature: FeatureKey;
  readonly quantity: number;
  /** Not spent yet, those that are held included; of one that has ended those that are still held. */
  remaining: number;
  held: number;
  readonly priority: number;
  readonly expiresAt: number | null;
  readonly createdAt: number;
  /** The subscription or licence that gave it. */
  readonly giver: string | null;
  status: 'LIVE' | 'EXPIRED' | 'VOIDED';
}

export interface ModelEvent {
  readonly type: string;
  readonly subject: string;
  readonly at: number;
}

export interface Account {
  zone: string;
  now: number;
  /** Counts what is done at once: a command with all that is due by then, or time that passes. */
  turn: number;
  /** What a command dates before this moment of its own is done, and not announced. */
  announcedUntil: number;
  readonly subscriptions: Subscription[];
  readonly licenses: License[];
  readonly trialFamilies: Set<string>;
  readonly grants: Grant[];
  readonly seats: Seat[];
  readonly meters: Map<FeatureKey, Meter>;
  readonly reservations: Reservation[];
  readonly leases: QuotaLease[];
  readonly files: LicenseFile[];
  readonly blocks: CreditBlock[];
  /** Recorded beyond all blocks of a prepaid feature. */
  readonly overdrawn: Map<FeatureKey, number>;
  /** What each feature that rolls over was limited to an instant before, without what was left over; null: nothing to leave over. */
  own: ReadonlyMap<FeatureKey, number | null>;
  /** Windows that ended by then leave nothing over: the command that began them was not written yet. */
  rollsFrom: number;
  /** When the command happens that is being done: the present, or an import's start. */
  commandAt: number | null;
  readonly events: ModelEvent[];
  /** Which rules were met that no event names: histories have to meet each of them. */
  readonly met: Met[];
}

export type Met = (typeof TO_MEET)[number];
const VALIDATION_CODES = ['ENTITLED', 'ENTITLED_GRACE', 'UNKNOWN_LICENSE', ...LICENSE_FAILURE_CODES] as const;
export type ValidationCode = (typeof VALIDATION_CODES)[number];
export const TO_MEET = [
  ...VALIDATION_CODES.map((code) => `a validation says ${code}` as const),
  'seats above are kept',
  'seats above are released',
  'seats above are refused',
  'seats above are refused when due',
  'numbers of a licence change alone',
  'units roll over by the calendar',
  'units roll over by the anchor',
  'rolled-over units end',
  'less is lent than was asked for',
  'a lease is spent by time',
  'a lease ends with its window',
  'a lease is returned late',
  'a lease is returned too late',
  'a budget is lent',
  'a budget is settled',
  'a budget is spent in a window that is over',
  'a budget is settled after its window',
  'a budget is settled late',
  'a budget is settled too late',
  'another zone ends a window',
  'another zone makes a window longer',
  'a spend reaches a threshold',
  'a spend reaches several thresholds',
  'a lease that ends reaches a threshold',
  'a level reaches a threshold again',
  'a threshold is not told again in its window',
] as const;

/** What a command was refused with. */
export class Refusal extends Error {
  constructor(readonly code: 'CONFLICT' | 'BAD_USER_INPUT') {
    super(code);
  }
}

export function newAccount(zone: string, now: number): Account {
  return {
    zone,
    now,
    turn: 0,
    announcedUntil: now,
    subscriptions: [],
    licenses: [],
    trialFamilies: new Set(),
    grants: [],
    seats: [],
    meters: new Map(),
    reservations: [],
    leases: [],
    files: [],
    blocks: [],
    overdrawn: new Map(),
    own: new Map(),
    rollsFrom: now,
    commandAt: null,
    events: [],
    met: [],
  };
}

export function hasEnded({ status }: Subscription): boolean {
  return status === 'CANCELED' || status === 'EXPIRED';
}

export function meet(account: Account, met: Met): void {
  account.met.push(met);
}

export function tell(account: Account, type: string, subject: string, at: number): void {
  account.events.push({ type, subject, at });
}
