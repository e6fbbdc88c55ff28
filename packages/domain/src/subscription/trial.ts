import type { TrialOutcome } from '../catalog/catalog.js';
import type { CustomerAccount, Release } from '../customer.js';
import { formatInstant, type Instant } from '../time/instant.js';
import type { AccountChange, CommandOutcome, CustomerEvent, SubscriptionCommand } from './command.js';
import { active, fallenBack, movePlan } from './move-plan.js';
import { fallbackPlan } from './plan-choice.js';
import { badInput, conflict, unchanged } from './refusal.js';
import { ended, periodFrom, record } from './state.js';
import type { LiveSubscription, TrialingSubscription } from './subscription.js';
import { refusedFuture } from './timing.js';

type ExtendTrial = Extract<SubscriptionCommand, { kind: 'extendTrial' }>;

/** A longer trial. What was scheduled for the old end (a change, a cancellation) keeps its time. */
export function extendTrial(
  account: CustomerAccount,
  subscription: LiveSubscription,
  { until }: ExtendTrial,
  now: Instant,
): CommandOutcome {
  if (subscription.status !== 'TRIALING') return conflict(null, 'the subscription has no running trial');
  const { trialEndsAt, period } = subscription;
  if (until === trialEndsAt) return unchanged(account);
  if (until < trialEndsAt) {
    return badInput(
      'until',
      `a trial is only made longer; give a time after \`${formatInstant(trialEndsAt)}\``,
    );
  }
  const refused = refusedFuture('until', until, now);
  if (refused !== null) return refused;
  const after = { ...subscription, trialEndsAt: until, period: { ...period, end: until } };
  return { ok: true, ...record(account, 'subscription.trial_extended', now, subscription, after) };
}

/**
 * The trial is over: paid or `continue` it goes on ACTIVE, else on the plan that follows, else it has EXPIRED.
 * Where a second event tells what followed, both show the same step.
 */
export function endTrial(
  account: CustomerAccount,
  trial: TrialingSubscription,
  release: Release,
): AccountChange {
  const { plan } = trial.planVersion;
  const at = trial.trialEndsAt;
  const outcome: TrialOutcome = trial.paid ? { kind: 'CONTINUE' } : (plan.trial?.then ?? { kind: 'EXPIRE' });
  if (outcome.kind === 'CONTINUE') {
    const after = active(trial, periodFrom(plan, at, account.timeZone));
    return record(account, 'subscription.trial_ended', at, trial, after);
  }
  const to = outcome.kind === 'PLAN' ? fallbackPlan(account, release, trial, outcome.plan) : null;
  const change =
    to === null
      ? record(account, 'subscription.expired', at, trial, ended(trial, 'EXPIRED', at, account.timeZone))
      : movePlan(account, release, { before: trial, after: fallenBack(account, release, trial, to, at), at });
  return { account: change.account, events: [...trialEnded(change), ...change.events] };
}

function trialEnded({ events }: AccountChange): readonly CustomerEvent[] {
  return events.flatMap((event) =>
    event.type === 'subscription.expired' || event.type === 'subscription.plan_changed'
      ? [{ ...event, type: 'subscription.trial_ended' } as const]
      : [],
  );
}
