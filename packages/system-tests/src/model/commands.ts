import {
  type Account,
  type Bought,
  hasEnded,
  meet,
  Refusal,
  type ScheduledChange,
  type Subscription,
  tell,
} from './account.js';
import { checkKept, checkLists, type Lists, transitionOf } from './bought.js';
import { plus } from './calendar.js';
import { PLANS, type PlanKey } from './plans.js';
import { movePlan } from './plan-move.js';
import { refusesSeats } from './seats.js';
import { cancelNow, start } from './subscription-dues.js';

export type Timing =
  { readonly kind: 'NOW' } | { readonly kind: 'PERIOD_END' } | { readonly kind: 'AT'; readonly at: number };

export interface Subscribe extends Lists {
  readonly id: string;
  readonly plan: PlanKey;
  readonly trial: boolean;
  readonly startsAt: number | null;
}

export function subscribe(account: Account, { id, plan, trial, startsAt, ...lists }: Subscribe): void {
  if (PLANS[plan].model === 'perpetual') throw new Refusal('BAD_USER_INPUT');
  checkLists(plan, lists);
  const { family } = PLANS[plan];
  if (account.subscriptions.some((one) => !hasEnded(one) && PLANS[one.plan].family === family))
    throw new Refusal('CONFLICT');
  const startedAt = startsAt ?? account.now;
  const subscription: Subscription = {
    id,
    plan,
    addOns: lists.addOns ?? {},
    quantities: lists.quantities ?? {},
    status: 'SCHEDULED',
    before: 'ACTIVE',
    wantsTrial: trial && PLANS[plan].trial !== undefined,
    startedAt,
    anchor: startedAt,
    periodStart: startedAt,
    periodEnd: null,
    trialEndsAt: null,
    paid: false,
    failed: false,
    graceEndsAt: null,
    cancel: null,
    change: null,
    pause: null,
    lastPayment: null,
    endedAt: null,
    seatsRelease: null,
    prorated: new Map(),
    given: new Map(),
    archived: false,
  };
  account.subscriptions.push(subscription);
  account.commandAt = Math.min(startedAt, account.now);
  if (startedAt <= account.now) start(account, subscription, startedAt);
  else tell(account, 'subscription.scheduled', id, account.now);
}

export interface ChangePlan extends Lists {
  readonly plan: PlanKey;
  readonly from: PlanKey | null;
  /** Null: what the transition says. */
  readonly timing: Timing | null;
}

export function changePlan(account: Account, subscription: Subscription, change: ChangePlan): void {
  const { plan, from, timing: asked, ...lists } = change;
  notEnded(subscription);
  if (PLANS[plan].model === 'perpetual') throw new Refusal('BAD_USER_INPUT');
  if (from !== null && from !== subscription.plan) throw new Refusal('CONFLICT');
  const transition = transitionOf(subscription.plan, plan);
  if (plan === subscription.plan || !transition) throw new Refusal('BAD_USER_INPUT');
  const timing = asked ?? { kind: transition.takesEffect === 'now' ? 'NOW' : 'PERIOD_END' };
  const at = whenOf(account, subscription, timing);
  if (subscription.cancel && at >= subscription.cancel.at) throw new Refusal('CONFLICT');
  checkLists(plan, lists);
  checkKept(subscription, plan, lists);
  if (refusesSeats(account, subscription, plan, lists)) {
    meet(account, 'seats above are refused');
    throw new Refusal('CONFLICT');
  }
  if (at > account.now || standsUntilEnd(subscription, timing)) {
    schedule(account, subscription, { plan, adjusts: false, ...lists, at });
    return;
  }
  subscription.change = null;
  tell(account, 'subscription.plan_changed', subscription.id, account.now);
  movePlan(account, subscription, { plan, lists }, account.now);
}

export function adjust(account: Account, subscription: Subscription, lists: Lists, timing: Timing): void {
  notEnded(subscription);
  checkLists(subscription.plan, lists);
  const at = whenOf(account, subscription, timing);
  const bought = {
    addOns: lists.addOns ?? subscription.addOns,
    quantities: lists.quantities ?? subscription.quantities,
  };
  const now = at === account.now && !standsUntilEnd(subscription, timing);
  if (!now && subscription.cancel && at >= subscription.cancel.at) throw new Refusal('CONFLICT');
  if (now ? boughtText(bought) === boughtText(subscription) : !lists.addOns && !lists.quantities) return;
  if (!now) {
    schedule(account, subscription, { plan: subscription.plan, adjusts: true, ...lists, at });
    return;
  }
  Object.assign(subscription, bought);
  tell(account, 'subscription.adjusted', subscription.id, account.now);
}

function boughtText({ addOns, quantities }: Bought): string {
  const sorted = (list: object): unknown => Object.entries(list).sort();
  return JSON.stringify([sorted(addOns), sorted(quantities)]);
}

function schedule(account: Account, subscription: Subscription, change: ScheduledChange): void {
  const was = JSON.stringify(subscription.change);
  subscription.change = change;
  if (was !== JSON.stringify(change))
    tell(account, 'subscription.change_scheduled', subscription.id, account.now);
}

/** The present where there is no period to wait for. */
function whenOf(account: Account, subscription: Subscription, timing: Timing): number {
  if (timing.kind === 'NOW') return account.now;
  if (timing.kind === 'PERIOD_END') return endOf(account, subscription) ?? account.now;
  if (timing.at <= account.now) throw new Refusal('BAD_USER_INPUT');
  return timing.at;
}

/** An end that waits for a resume lies ahead, whatever it shows. */
function standsUntilEnd({ pause, periodEnd }: Subscription, timing: Timing): boolean {
  return timing.kind === 'PERIOD_END' && periodEnd !== null && (pause?.stands ?? false);
}

/** The end of the period, or trial; of the first one where it is to begin. */
function endOf(
  account: Account,
  { status, plan, wantsTrial, startedAt, periodEnd }: Subscription,
): number | null {
  if (status !== 'SCHEDULED') return periodEnd;
  const { trial, period, family } = PLANS[plan];
  const first = wantsTrial && trial && !account.trialFamilies.has(family) ? trial.for : period;
  return first === undefined ? null : plus(startedAt, first, account.zone);
}

export function withdrawChange(account: Account, subscription: Subscription): void {
  notEnded(subscription);
  if (!subscription.change) return;
  subscription.change = null;
  tell(account, 'subscription.change_withdrawn', subscription.id, account.now);
}

export function cancel(account: Account, subscription: Subscription, timing: Timing): void {
  if (subscription.status === 'CANCELED') return;
  notEnded(subscription);
  const at = cancelTime(account, subscription, timing);
  if (at <= account.now) {
    cancelNow(account, subscription, account.now);
    return;
  }
  // One at the very instant of that end is one for that end.
  const withEnd = timing.kind === 'PERIOD_END' || at === subscription.periodEnd;
  if (subscription.cancel?.at === at && subscription.cancel.withEnd === withEnd) return;
  subscription.cancel = { at, withEnd };
  subscription.change = null;
  tell(account, 'subscription.cancel_scheduled', subscription.id, account.now);
}

function cancelTime(account: Account, subscription: Subscription, timing: Timing): number {
  if (timing.kind !== 'PERIOD_END') return whenOf(account, subscription, timing);
  if (subscription.status === 'SCHEDULED' || subscription.pause?.stands) return account.now;
  const end = subscription.periodEnd ?? account.now;
  return subscription.graceEndsAt === null ? end : Math.min(end, subscription.graceEndsAt);
}

export function uncancel(account: Account, subscription: Subscription): void {
  notEnded(subscription);
  if (subscription.status === 'SCHEDULED') throw new Refusal('CONFLICT');
  if (!subscription.cancel) return;
  subscription.cancel = null;
  tell(account, 'subscription.cancel_withdrawn', subscription.id, account.now);
}

export function extendTrial(account: Account, subscription: Subscription, until: number): void {
  if (subscription.status !== 'TRIALING' || subscription.trialEndsAt === null) throw new Refusal('CONFLICT');
  if (until < subscription.trialEndsAt) throw new Refusal('BAD_USER_INPUT');
  if (until === subscription.trialEndsAt) return;
  subscription.trialEndsAt = until;
  subscription.periodEnd = until;
  tell(account, 'subscription.trial_extended', subscription.id, account.now);
}

export function notEnded(subscription: Subscription): void {
  if (hasEnded(subscription)) throw new Refusal('CONFLICT');
}
