import { type Account, hasEnded, meet, type Subscription, tell } from './account.js';
import { checkKept } from './bought.js';
import { lastFrom, nextFrom, plus } from './calendar.js';
import { beginPeriod, end, follow, movePlan } from './plan-move.js';
import { PLANS } from './plans.js';
import { refusesSeats } from './seats.js';
import { beginWindows } from './windows.js';

export interface SubscriptionDue {
  readonly at: number;
  readonly kind: 'cancel' | 'change' | 'trial' | 'grace' | 'resume' | 'period' | 'start' | 'archive';
  readonly id: string;
  happen(): void;
}

/** What time will do to a subscription. */
export function subscriptionDues(account: Account, subscription: Subscription): SubscriptionDue[] {
  if (hasEnded(subscription)) return archiveOf(account, subscription);
  const { id, status, cancel, change, pause, trialEndsAt, graceEndsAt, periodEnd } = subscription;
  const stands = pause?.stands ?? false;
  const found: SubscriptionDue[] = [];
  const due = (at: number | null, kind: SubscriptionDue['kind'], happen: (at: number) => void): void => {
    if (at !== null) found.push({ at, kind, id, happen: () => happen(at) });
  };
  if (cancel && !(stands && cancel.withEnd))
    due(cancel.at, 'cancel', (at) => cancelNow(account, subscription, at));
  if (change && !stands) due(change.at, 'change', (at) => changeNow(account, subscription, at));
  if (status === 'TRIALING') due(trialEndsAt, 'trial', (at) => endTrial(account, subscription, at));
  if (status === 'PAST_DUE') due(graceEndsAt, 'grace', (at) => endGrace(account, subscription, at));
  if (pause) due(pause.resumesAt, 'resume', (at) => resume(account, subscription, at));
  const renews = status === 'ACTIVE' || status === 'PAST_DUE' || (status === 'PAUSED' && !stands);
  if (renews && trialEndsAt === null) due(periodEnd, 'period', (at) => renew(account, subscription, at));
  if (status === 'SCHEDULED') due(subscription.startedAt, 'start', (at) => start(account, subscription, at));
  return found;
}

/** Begins, with a trial where one is wanted and the customer had none in this family. */
export function start(account: Account, subscription: Subscription, at: number): void {
  const { trial, family } = PLANS[subscription.plan];
  const trialing = subscription.wantsTrial && trial !== undefined && !account.trialFamilies.has(family);
  beginPeriod(account, subscription, at);
  subscription.status = trialing ? 'TRIALING' : 'ACTIVE';
  subscription.before = subscription.status;
  if (trialing) {
    account.trialFamilies.add(family);
    subscription.trialEndsAt = plus(at, trial.for, account.zone);
    subscription.periodEnd = subscription.trialEndsAt;
  } else if (subscription.failed) {
    fallDue(account, subscription, at);
  }
  beginWindows(account, at);
  tell(account, 'subscription.started', subscription.id, at);
}

/** Grace counts from here; without any it is over at once. */
export function fallDue(account: Account, subscription: Subscription, from: number): void {
  const { grace } = PLANS[subscription.plan];
  subscription.status = 'PAST_DUE';
  subscription.failed = false;
  subscription.graceEndsAt = grace === undefined ? from : plus(from, grace, account.zone);
}

export function cancelNow(account: Account, subscription: Subscription, at: number): void {
  const next = subscription.status === 'SCHEDULED' ? undefined : PLANS[subscription.plan].onCancel;
  subscription.cancel = null;
  subscription.change = null;
  if (next === undefined) end(account, subscription, 'CANCELED', at);
  else follow(account, subscription, next, at);
}

function changeNow(account: Account, subscription: Subscription, at: number): void {
  const { change } = subscription;
  if (!change) return;
  subscription.change = null;
  if (change.adjusts) {
    movePlan(account, subscription, { plan: subscription.plan, lists: change }, at);
    tell(account, 'subscription.adjusted', subscription.id, at);
    return;
  }
  try {
    if (change.addOns === null) checkKept(subscription, change.plan, { addOns: null, quantities: {} });
    if (refusesSeats(account, subscription, change.plan, change)) {
      meet(account, 'seats above are refused when due');
      throw new Error('seats above');
    }
  } catch {
    tell(account, 'subscription.change_refused', subscription.id, at);
    return;
  }
  tell(account, 'subscription.plan_changed', subscription.id, at);
  movePlan(account, subscription, { plan: change.plan, lists: change }, at);
}

function endTrial(account: Account, subscription: Subscription, at: number): void {
  const { trial } = PLANS[subscription.plan];
  subscription.trialEndsAt = null;
  subscription.before = 'ACTIVE';
  tell(account, 'subscription.trial_ended', subscription.id, at);
  if (subscription.paid || trial?.then === 'continue') {
    subscription.status = 'ACTIVE';
    subscription.failed = false;
    beginPeriod(account, subscription, at);
    return;
  }
  const then = Object.entries(PLANS).find(([key]) => key === trial?.then)?.[0];
  if (then === undefined) {
    end(account, subscription, 'EXPIRED', at);
    return;
  }
  follow(account, subscription, then as keyof typeof PLANS, at);
  beginPeriod(account, subscription, at);
}

function endGrace(account: Account, subscription: Subscription, at: number): void {
  const next = PLANS[subscription.plan].onExpiry;
  if (next === undefined) end(account, subscription, 'EXPIRED', at);
  else follow(account, subscription, next, at);
}

function renew(account: Account, subscription: Subscription, at: number): void {
  const { period } = PLANS[subscription.plan];
  if (period === undefined) return;
  subscription.periodStart = at;
  subscription.periodEnd = nextFrom(subscription.anchor, period, account.zone, at);
  tell(account, 'subscription.renewed', subscription.id, at);
}

/** Back to the state before the pause; where the clock stood, what was to come moves by as long as it stood. */
export function resume(account: Account, subscription: Subscription, at: number): void {
  const { pause } = subscription;
  if (!pause) return;
  subscription.pause = null;
  subscription.status = subscription.before;
  if (pause.stands) moveEnds(subscription, account.zone, pause.since, at);
  else if (subscription.trialEndsAt !== null)
    subscription.trialEndsAt = Math.max(subscription.trialEndsAt, at);
  tell(account, 'subscription.resumed', subscription.id, at);
  if (subscription.failed && subscription.status === 'ACTIVE') fallDue(account, subscription, at);
}

function moveEnds(subscription: Subscription, zone: string, since: number, at: number): void {
  const length = at - since;
  // A period that began during the pause has its whole length after it.
  const period = at - Math.max(since, subscription.anchor);
  const every = PLANS[subscription.plan].period;
  if (subscription.periodEnd !== null && every !== undefined) {
    const anchor = subscription.anchor + period;
    const end = (subscription.periodEnd += period);
    subscription.anchor = lastFrom(anchor, every, zone, end) === end ? anchor : end;
  }
  if (subscription.trialEndsAt !== null) {
    subscription.trialEndsAt += length;
    subscription.periodEnd = subscription.trialEndsAt;
  }
  if (subscription.change) subscription.change.at += length;
  if (subscription.cancel?.withEnd) subscription.cancel.at += length;
}

function archiveOf(account: Account, subscription: Subscription): SubscriptionDue[] {
  const { id, endedAt, archived } = subscription;
  if (endedAt === null || archived) return [];
  const at = plus(endedAt, 'P90D', account.zone);
  const happen = (): void => {
    subscription.archived = true;
    if (at > account.announcedUntil) tell(account, 'subscription.archived', id, at);
  };
  return [{ at, kind: 'archive', id, happen }];
}
