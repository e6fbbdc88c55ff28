import type { ScheduledChangeData, SubscriptionData } from '@licet/api-types';
import {
  type AddOnVersion,
  type BoughtAddOn,
  boughtOf,
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
  type VersionMove,
} from '@licet/domain';
import type { Column } from './columns.js';
import { mapOf } from './map-of.js';

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
  readonly change_add_ons: SubscriptionRow['add_ons'] | null;
  readonly change_quantities: SubscriptionRow['quantities'] | null;
  readonly ended_at: Date | null;
  readonly paused_at: Date | null;
  readonly resumes_at: Date | null;
  readonly pause_clock: PausedSubscription['clock'] | null;
  readonly payment_failed: boolean;
  readonly seats_released_at: Date | null;
  readonly prorations: Readonly<Record<string, { readonly limit: number; readonly until: number }>>;
  readonly moves: readonly MoveRow[];
  readonly credits_given: Readonly<Record<string, number>>;
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
  const base = {
    id: row.id,
    customerId: row.customer_id,
    planVersion: lookup.planVersion(row.plan, row.plan_version, row.plan_release),
    addOns: row.add_ons.map((json) => boughtAddOn(json, lookup)),
    quantities: quantitiesFromJson(row.quantities),
    prorations: prorationsFromJson(row.prorations),
    seatsReleasedAt: maybeAt(row.seats_released_at),
    creditsGiven: mapOf(
      Object.entries(row.credits_given),
      ([name, start]) => [name, instant(start)] as const,
    ),
    startedAt: at(row.started_at),
    lastPaymentAt: maybeAt(row.last_payment_at),
    moves: row.moves.map(({ publication, version, release, addOns }) => ({
      publication,
      from: lookup.planVersion(row.plan, version, release),
      addOns: addOns.map((moved) => ({ from: boughtAddOn(moved, lookup), to: moved.to })),
    })),
  };
  const pending = { cancelAt: maybeAt(row.cancel_at), scheduledChange: scheduledChange(row, lookup) };
  // Not `{ ...base, … }`: each property named after a spread takes V8 some ten times as long.
  switch (row.status) {
    case 'SCHEDULED':
      return Object.assign(base, pending, {
        status: row.status,
        trial: row.trial,
        paid: row.paid,
        failed: row.payment_failed,
      });
    case 'TRIALING':
      return Object.assign(base, pending, {
        status: row.status,
        period: period(row),
        trialEndsAt: at(row.trial_ends_at),
        paid: row.paid,
      });
    case 'ACTIVE':
      return Object.assign(base, pending, { status: row.status, period: period(row) });
    case 'PAST_DUE':
      return Object.assign(base, pending, {
        status: row.status,
        period: period(row),
        graceEndsAt: at(row.grace_ends_at),
      });
    case 'PAUSED':
      return Object.assign(base, pending, {
        status: row.status,
        from: pausedFrom(row),
        period: period(row),
        clock: pauseClock(row),
        pausedAt: at(row.paused_at),
        resumesAt: maybeAt(row.resumes_at),
      });
    case 'CANCELED':
    case 'EXPIRED':
      return Object.assign(base, { status: row.status, period: period(row), endedAt: at(row.ended_at) });
  }
}

function boughtAddOn(json: BoughtAddOnJson, { addOnVersion }: VersionLookup): BoughtAddOn {
  return { ...addOnVersion(json), quantity: json.quantity };
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

function scheduledChange(row: SubscriptionRow, lookup: VersionLookup): ScheduledChange | null {
  if (row.change_at === null) return null;
  return {
    to: changedVersion(row, lookup),
    at: at(row.change_at),
    addOns: row.change_add_ons?.map((json) => boughtAddOn(json, lookup)) ?? null,
    quantities: row.change_quantities && quantitiesFromJson(row.change_quantities),
  };
}

function changedVersion(row: SubscriptionRow, { planVersion }: VersionLookup): PlanVersion | null {
  const { change_plan: plan, change_plan_version: version, change_release: release } = row;
  return plan === null || version === null || release === null ? null : planVersion(plan, version, release);
}

function period(row: SubscriptionRow): Period {
  return { anchor: at(row.period_anchor), start: at(row.period_start), end: maybeAt(row.period_end) };
}

function addOnToJson({ addOn, version, quantity }: BoughtAddOn): BoughtAddOnJson {
  return { addOn: addOn.key, version, quantity };
}

function quantitiesFromJson(json: SubscriptionRow['quantities']): ReadonlyMap<FeatureKey, number> {
  return mapOf(Object.entries(json), ([key, quantity]) => [feature(key), quantity]);
}

function feature(text: string): FeatureKey {
  const key = parseFeatureKey(text);
  if (key === null) throw new Error(`the database holds a feature key that is none: ${text}`);
  return key;
}

function prorationsFromJson(json: SubscriptionRow['prorations']): Subscription['prorations'] {
  return mapOf(Object.entries(json), ([key, { limit, until }]) => {
    return [feature(key), { limit, until: instant(until) }];
  });
}

/** A column that must be set in this status. */
function at(date: Date | null): Instant {
  if (date === null) throw new Error('a subscription row lacks an instant that its status needs');
  return instant(date.getTime());
}

function maybeAt(date: Date | null): Instant | null {
  return date === null ? null : instant(date.getTime());
}

/** What a row holds. The first two name it and never change. */
export const SUBSCRIPTION_ROW: readonly Column<Subscription>[] = [
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'customer_id', type: 'text', of: ({ customerId }) => customerId },
  { name: 'plan', type: 'text', of: ({ planVersion }) => planVersion.plan.key },
  { name: 'plan_version', type: 'int', of: ({ planVersion }) => planVersion.version },
  { name: 'status', type: 'text', of: ({ status }) => status },
  { name: 'add_ons', type: 'jsonb', of: ({ addOns }) => addOns.map(addOnToJson) },
  { name: 'quantities', type: 'jsonb', of: ({ quantities }) => Object.fromEntries(quantities) },
  { name: 'prorations', type: 'jsonb', of: ({ prorations }) => Object.fromEntries(prorations) },
  { name: 'seats_released_at', type: 'timestamptz', of: ({ seatsReleasedAt }) => seatsReleasedAt },
  { name: 'credits_given', type: 'jsonb', of: ({ creditsGiven }) => Object.fromEntries(creditsGiven) },
  { name: 'started_at', type: 'timestamptz', of: ({ startedAt }) => startedAt },
  { name: 'period_anchor', type: 'timestamptz', of: (one) => periodOf(one)?.anchor ?? null },
  { name: 'period_start', type: 'timestamptz', of: (one) => periodOf(one)?.start ?? null },
  { name: 'period_end', type: 'timestamptz', of: (one) => periodOf(one)?.end ?? null },
  { name: 'trial', type: 'boolean', of: (one) => one.status === 'SCHEDULED' && one.trial },
  { name: 'paid', type: 'boolean', of: (one) => ('paid' in one ? one.paid : (trialOf(one)?.paid ?? false)) },
  { name: 'trial_ends_at', type: 'timestamptz', of: (one) => trialOf(one)?.trialEndsAt ?? null },
  {
    name: 'grace_ends_at',
    type: 'timestamptz',
    of: (one) => ('graceEndsAt' in one ? one.graceEndsAt : null),
  },
  { name: 'last_payment_at', type: 'timestamptz', of: ({ lastPaymentAt }) => lastPaymentAt },
  { name: 'cancel_at', type: 'timestamptz', of: (one) => ('cancelAt' in one ? one.cancelAt : null) },
  { name: 'change_plan', type: 'text', of: (one) => changeOf(one)?.to?.plan.key ?? null },
  { name: 'change_plan_version', type: 'int', of: (one) => changeOf(one)?.to?.version ?? null },
  { name: 'change_at', type: 'timestamptz', of: (one) => changeOf(one)?.at ?? null },
  {
    name: 'change_add_ons',
    type: 'jsonb',
    of: (one) => changeOf(one)?.addOns?.map(addOnToJson),
  },
  { name: 'change_quantities', type: 'jsonb', of: (one) => changedQuantities(changeOf(one)) },
  { name: 'ended_at', type: 'timestamptz', of: (one) => ('endedAt' in one ? one.endedAt : null) },
  { name: 'moves', type: 'jsonb', of: ({ moves }) => moves.map(moveToJson) },
  { name: 'paused_at', type: 'timestamptz', of: (one) => (one.status === 'PAUSED' ? one.pausedAt : null) },
  { name: 'resumes_at', type: 'timestamptz', of: (one) => (one.status === 'PAUSED' ? one.resumesAt : null) },
  { name: 'pause_clock', type: 'text', of: (one) => (one.status === 'PAUSED' ? one.clock : null) },
  {
    name: 'payment_failed',
    type: 'boolean',
    of: (one) =>
      one.status === 'PAUSED'
        ? one.from.status === 'ACTIVE' && one.from.failed
        : one.status === 'SCHEDULED' && one.failed,
  },
];

/** A row as an idempotency record keeps it: by column, instants as text. */
export function subscriptionToRecord(subscription: Subscription): Record<string, unknown> {
  return Object.fromEntries(
    SUBSCRIPTION_ROW.map((column) => [
      column.name,
      column.type === 'timestamptz' ? iso(column.of(subscription)) : column.of(subscription),
    ]),
  );
}

function moveToJson({ publication, from, addOns }: VersionMove): object {
  return {
    publication,
    version: from.version,
    addOns: addOns.map((moved) => ({ ...addOnToJson(moved.from), to: moved.to })),
  };
}

function periodOf(subscription: Subscription): Period | null {
  return 'period' in subscription ? subscription.period : null;
}

function changeOf(subscription: Subscription): ScheduledChange | null {
  return 'scheduledChange' in subscription ? subscription.scheduledChange : null;
}

function changedQuantities(change: ScheduledChange | null): object | undefined {
  return change?.quantities ? Object.fromEntries(change.quantities) : undefined;
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
  const change = changeOf(subscription);
  const pause = subscription.status === 'PAUSED' ? subscription : null;
  const period = periodOf(subscription);
  return {
    id: subscription.id,
    plan: subscription.planVersion.plan.key,
    planVersion: subscription.planVersion.version,
    addOns: subscription.addOns.map(addOnToJson),
    quantities: Object.fromEntries(boughtOf(subscription)),
    prorations: prorationsToJson(subscription),
    status: subscription.status,
    startedAt: formatInstant(subscription.startedAt),
    currentPeriodStart: iso(period?.start),
    currentPeriodEnd: iso(period?.end),
    trialEndsAt: iso(trialOf(subscription)?.trialEndsAt),
    graceEndsAt: iso('graceEndsAt' in subscription ? subscription.graceEndsAt : null),
    cancelAt: iso('cancelAt' in subscription ? subscription.cancelAt : null),
    pausedAt: iso(pause?.pausedAt),
    resumesAt: iso(pause?.resumesAt),
    scheduledChange: change && changeToJson(change, subscription.planVersion),
    endedAt: iso('endedAt' in subscription ? subscription.endedAt : null),
  };
}

function prorationsToJson({ prorations }: Subscription): NonNullable<SubscriptionData['prorations']> {
  const told = [...prorations].map(([key, { limit, until }]) => {
    return [key, { limit, until: formatInstant(until) }] as const;
  });
  return Object.fromEntries(told);
}

function changeToJson(change: ScheduledChange, sold: PlanVersion): ScheduledChangeData {
  const { at, addOns, quantities } = change;
  return {
    plan: (change.to ?? sold).plan.key,
    at: formatInstant(at),
    addOns: addOns?.map(addOnToJson) ?? null,
    quantities: quantities && Object.fromEntries(quantities),
  };
}
