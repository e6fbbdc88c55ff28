import type { CustomerAccount, Release } from '../customer.js';
import type { Instant } from '../time/instant.js';
import type { AccountChange, CommandOutcome, SubscriptionCommand } from './command.js';
import { refusedQuantities } from './bought.js';
import { boughtNow, refusedAddOns, sellablePlan } from './plan-choice.js';
import { conflict, type Refused } from './refusal.js';
import { baseOf, firstPeriod, otherInFamily, pastDue, periodFrom, record } from './state.js';
import type { PlanVersion, ScheduledSubscription, Subscription } from './subscription.js';
import { refusedFuture, refusedPast } from './timing.js';

type Subscribe = Extract<SubscriptionCommand, { kind: 'subscribe' }>;

/** A new subscription, begun at `startsAt` where that is not ahead. What was due since is the caller's to apply. */
export function subscribe(
  account: CustomerAccount,
  command: Subscribe,
  release: Release,
  now: Instant,
): CommandOutcome {
  const sold = sellablePlan(release, command.plan);
  if ('ok' in sold) return sold;
  const startsAt = command.startsAt ?? now;
  const refused = refusedStart(account, command, release, sold, now);
  if (refused !== null) return refused;
  const subscription: ScheduledSubscription = {
    status: 'SCHEDULED',
    id: command.subscriptionId,
    customerId: account.id,
    planVersion: sold,
    addOns: boughtNow(release, command.addOns),
    quantities: command.quantities,
    prorations: new Map(),
    seatsReleasedAt: null,
    creditsGiven: new Map(),
    startedAt: startsAt,
    lastPaymentAt: null,
    moves: [],
    trial: command.trial && sold.plan.trial !== null && !account.trialsGiven.has(sold.plan.family),
    paid: false,
    failed: false,
    cancelAt: null,
    scheduledChange: null,
  };
  if (startsAt <= now) return { ok: true, ...begin(account, subscription, null) };
  return { ok: true, ...record(account, 'subscription.scheduled', now, null, subscription) };
}

function refusedStart(
  account: CustomerAccount,
  command: Subscribe,
  release: Release,
  { plan }: PlanVersion,
  now: Instant,
): Refused | null {
  const unfit =
    refusedQuantities(plan, command.quantities) ?? refusedAddOns(release.catalog, plan.key, command.addOns);
  if (unfit !== null) return unfit;
  const startsAt = command.startsAt ?? now;
  const untimely =
    refusedPast('startsAt', startsAt, now, account.timeZone) ?? refusedFuture('startsAt', startsAt, now);
  if (untimely !== null) return untimely;
  if (account.subscriptions.some(({ id }) => id === command.subscriptionId)) {
    return conflict('subscriptionId', `there already is a subscription \`${command.subscriptionId}\``);
  }
  const other = otherInFamily(account, plan.family, command.subscriptionId);
  if (other === undefined) return null;
  return conflict(
    'plan',
    `\`${other.id}\` is live in the plan family \`${plan.family}\`; change its plan instead`,
  );
}

/**
 * A subscription begins at its `startedAt`: TRIALING, once for each customer and family, or ACTIVE, or PAST_DUE where a
 * payment has failed before.
 */
export function begin(
  account: CustomerAccount,
  subscription: ScheduledSubscription,
  before: Subscription | null,
): AccountChange {
  const { startedAt, cancelAt, scheduledChange, paid } = subscription;
  const { plan } = subscription.planVersion;
  const base = { ...baseOf(subscription), cancelAt, scheduledChange };
  const period = firstPeriod(subscription, account.timeZone);
  if (!subscription.trial || period.end === null || account.trialsGiven.has(plan.family)) {
    const first = {
      ...base,
      status: 'ACTIVE',
      period: periodFrom(plan, startedAt, account.timeZone),
    } as const;
    const after = subscription.failed ? pastDue(first, startedAt, account.timeZone) : first;
    return record(account, 'subscription.started', startedAt, before, after);
  }
  const given = { ...account, trialsGiven: new Set([...account.trialsGiven, plan.family]) };
  const trialing = { ...base, status: 'TRIALING', period, trialEndsAt: period.end, paid } as const;
  return record(given, 'subscription.started', startedAt, before, trialing);
}
