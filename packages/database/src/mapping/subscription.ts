import type { SubscriptionData } from '@licet/api-types';
import {
  type AddOnVersion,
  type BoughtAddOn,
  type CustomerId,
  type FeatureKey,
  formatInstant,
  type Instant,
  instant,
  parseFeatureKey,
  type PausedFrom,
  type PausedSubscription,
  type Period,
  type PlanVersion,
  type ScheduledChange,
  type Subscription,
  type SubscriptionId,
  type TrialingSubscription,
} from '@licet/domain';

/** A row of `subscription`; `plan_release` and `change_release` name the releases that hold the plan versions. */
export interface SubscriptionRow {
  readonly id: SubscriptionId;
  readonly customer_id: CustomerId;
  readonly plan: string;
  readonly plan_version: number;
  readonly plan_release: number;
  readonly status: Subscription['status'];
  readonly add_ons: readonly BoughtAddOnJson[];
  readonly quantities: Readonly<Record<string, number>>;
  readonly started_at: Date;
  readonly period_anchor: Date | null;
  readonly period_start: Date | null;
  readonly period_end: Date | null;
  readonly trial: boolean;
  readonly paid: boolean;
  readonly trial_ends_at: Date | null;
  readonly grace_ends_at: Date | null;
  readonly last_payment_at: Date | null;
  readonly cancel_at: Date | null;
  readonly change_plan: string | null;
  readonly change_plan_version: number | null;
  readonly change_release: number | null;
  readonly change_at: Date | null;
  readonly ended_at: Date | null;
  readonly paused_at: Date | null;
  readonly resumes_at: Date | null;
  readonly pause_clock: PausedSubscription['clock'] | null;
  readonly payment_failed: boolean;
  readonly moves: readonly MoveRow[];
}

interface MoveRow {
  readonly publication: number;
  readonly version: number;
  /** The release that holds the version. */
  readonly release: number;
  readonly addOns: readonly (BoughtAddOnJson & { readonly to: number | null })[];
}

export interface BoughtAddOnJson {
  readonly addOn: string;
  readonly version: number;
  readonly quantity: number;
}

export interface VersionLookup {
  /** A plan version by its plan, its number and the release that holds it. */
  readonly planVersion: (plan: string, version: number, release: number) => PlanVersion;
  readonly addOnVersion: (named: { readonly addOn: string; readonly version: number }) => AddOnVersion;
}

/** A row is written only from a domain value, so one that does not fit is a bug: it throws. */
export function subscriptionFromRow(row: SubscriptionRow, lookup: VersionLookup): Subscription {
  const bought = (json: BoughtAddOnJson): BoughtAddOn => ({
    ...lookup.addOnVersion(json),
    quantity: json.quantity,
  });
  const base = {
    id: row.id,
    customerId: row.customer_id,
    planVersion: lookup.planVersion(row.plan, row.plan_version, row.plan_release),
    addOns: row.add_ons.map(bought),
    quantities: quantitiesFromJson(row.quantities),
    startedAt: at(row.started_at),
    lastPaymentAt: maybeAt(row.last_payment_at),
    moves: row.moves.map(({ publication, version, release, addOns }) => ({
      publication,
      from: lookup.planVersion(row.plan, version, release),
      addOns: addOns.map((moved) => ({ from: bought(moved), to: moved.to })),
    })),
  };
  const pending = { cancelAt: maybeAt(row.cancel_at), scheduledChange: scheduledChange(row, lookup) };
  switch (row.status) {
    case 'SCHEDULED':
      return { ...base, ...pending, status: row.status, trial: row.trial, paid: row.paid };
    case 'TRIALING':
      return {
        ...base,
        ...pending,
        status: row.status,
        period: period(row),
        trialEndsAt: at(row.trial_ends_at),
        paid: row.paid,
      };
    case 'ACTIVE':
      return { ...base, ...pending, status: row.status, period: period(row) };
    case 'PAST_DUE':
      return {
        ...base,
        ...pending,
        status: row.status,
        period: period(row),
        graceEndsAt: at(row.grace_ends_at),
      };
    case 'PAUSED':
      return {
        ...base,
        ...pending,
        status: row.status,
        from: pausedFrom(row),
        period: period(row),
        clock: pauseClock(row),
        pausedAt: at(row.paused_at),
        resumesAt: maybeAt(row.resumes_at),
      };
    case 'CANCELED':
    case 'EXPIRED':
      return { ...base, status: row.status, period: period(row), endedAt: at(row.ended_at) };
  }
}

function pausedFrom(row: SubscriptionRow): PausedFrom {
  const trialEndsAt = maybeAt(row.trial_ends_at);
  return trialEndsAt === null
    ? { status: 'ACTIVE', failed: row.payment_failed }
    : { status: 'TRIALING', trialEndsAt, paid: row.paid };
}

function pauseClock({ pause_clock: clock }: SubscriptionRow): PausedSubscription['clock'] {
  if (clock === null) throw new Error('a paused subscription row lacks its clock');
  return clock;
}

function scheduledChange(row: SubscriptionRow, { planVersion }: VersionLookup): ScheduledChange | null {
  if (row.change_plan === null || row.change_plan_version === null || row.change_release === null)
    return null;
  return {
    to: planVersion(row.change_plan, row.change_plan_version, row.change_release),
    at: at(row.change_at),
  };
}

function period(row: SubscriptionRow): Period {
  return { anchor: at(row.period_anchor), start: at(row.period_start), end: maybeAt(row.period_end) };
}

function addOnToJson({ addOn, version, quantity }: BoughtAddOn): BoughtAddOnJson {
  return { addOn: addOn.key, version, quantity };
}

function quantitiesFromJson(json: Readonly<Record<string, number>>): Map<FeatureKey, number> {
  const quantities = new Map<FeatureKey, number>();
  for (const [key, quantity] of Object.entries(json)) {
    const feature = parseFeatureKey(key);
    if (feature === null) throw new Error(`the database holds a feature key that is none: ${key}`);
    quantities.set(feature, quantity);
  }
  return quantities;
}

/** A column that must be set in this status. */
function at(date: Date | null): Instant {
  if (date === null) throw new Error('a subscription row lacks an instant that its status needs');
  return instant(date.getTime());
}

function maybeAt(date: Date | null): Instant | null {
  return date === null ? null : instant(date.getTime());
}

/** One record of the set-based upsert, by column. */
export function subscriptionToRecord(subscription: Subscription): Record<string, unknown> {
  const period = 'period' in subscription ? subscription.period : null;
  const pending = 'cancelAt' in subscription ? subscription : null;
  const pause = subscription.status === 'PAUSED' ? subscription : null;
  const trial = trialOf(subscription);
  return {
    id: subscription.id,
    customer_id: subscription.customerId,
    plan: subscription.planVersion.plan.key,
    plan_version: subscription.planVersion.version,
    status: subscription.status,
    add_ons: subscription.addOns.map(addOnToJson),
    quantities: Object.fromEntries(subscription.quantities),
    started_at: formatInstant(subscription.startedAt),
    period_anchor: iso(period?.anchor),
    period_start: iso(period?.start),
    period_end: iso(period?.end),
    trial: subscription.status === 'SCHEDULED' && subscription.trial,
    paid: 'paid' in subscription ? subscription.paid : (trial?.paid ?? false),
    trial_ends_at: iso(trial?.trialEndsAt),
    grace_ends_at: iso('graceEndsAt' in subscription ? subscription.graceEndsAt : null),
    last_payment_at: iso(subscription.lastPaymentAt),
    cancel_at: iso(pending?.cancelAt),
    change_plan: pending?.scheduledChange?.to.plan.key ?? null,
    change_plan_version: pending?.scheduledChange?.to.version ?? null,
    change_at: iso(pending?.scheduledChange?.at),
    ended_at: iso('endedAt' in subscription ? subscription.endedAt : null),
    moves: subscription.moves.map(({ publication, from, addOns }) => ({
      publication,
      version: from.version,
      addOns: addOns.map((moved) => ({ ...addOnToJson(moved.from), to: moved.to })),
    })),
    paused_at: iso(pause?.pausedAt),
    resumes_at: iso(pause?.resumesAt),
    pause_clock: pause?.clock ?? null,
    payment_failed: pause?.from.status === 'ACTIVE' && pause.from.failed,
  };
}

function iso(value: Instant | null | undefined): string | null {
  return value === null || value === undefined ? null : formatInstant(value);
}

/** The trial that runs, or waits for the end of a pause. */
function trialOf(subscription: Subscription): Pick<TrialingSubscription, 'trialEndsAt' | 'paid'> | null {
  const running = subscription.status === 'PAUSED' ? subscription.from : subscription;
  return running.status === 'TRIALING' ? running : null;
}

/** What events say of a subscription: no customer id, which erasure would have to find. */
export function subscriptionToJson(subscription: Subscription): SubscriptionData {
  const pending = 'cancelAt' in subscription ? subscription : null;
  const change = pending?.scheduledChange ?? null;
  const pause = subscription.status === 'PAUSED' ? subscription : null;
  const period = 'period' in subscription ? subscription.period : null;
  return {
    id: subscription.id,
    plan: subscription.planVersion.plan.key,
    planVersion: subscription.planVersion.version,
    addOns: subscription.addOns.map(addOnToJson),
    quantities: Object.fromEntries(subscription.quantities),
    status: subscription.status,
    startedAt: formatInstant(subscription.startedAt),
    currentPeriodStart: iso(period?.start),
    currentPeriodEnd: iso(period?.end),
    trialEndsAt: iso(trialOf(subscription)?.trialEndsAt),
    graceEndsAt: iso('graceEndsAt' in subscription ? subscription.graceEndsAt : null),
    cancelAt: iso(pending?.cancelAt),
    pausedAt: iso(pause?.pausedAt),
    resumesAt: iso(pause?.resumesAt),
    scheduledChange: change === null ? null : { plan: change.to.plan.key, at: formatInstant(change.at) },
    endedAt: iso('endedAt' in subscription ? subscription.endedAt : null),
  };
}
