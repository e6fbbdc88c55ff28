import { type Account, type Subscription, tell } from './account.js';
import { boughtWith, type Lists, transitionOf } from './bought.js';
import { plus } from './calendar.js';
import type { FeatureKey } from './features.js';
import { limitOf, PLANS, type PlanKey, type Units } from './plans.js';
import { seatsReleaseAfter } from './seats.js';
import { beginWindows, featureKeys, meterOf, resetWindows } from './windows.js';

export const KEEP: Lists = { addOns: null, quantities: null };

/** The plan's period begins at this instant. */
export function beginPeriod(account: Account, subscription: Subscription, from: number): void {
  // A clock that stands shows when it was stopped.
  const at = subscription.pause?.stands ? subscription.pause.since : from;
  const { period } = PLANS[subscription.plan];
  const end = period === undefined ? null : plus(at, period, account.zone);
  const { cancel, periodEnd } = subscription;
  // It was to come with an end that there is no more.
  if (cancel?.withEnd && cancel.at === periodEnd && cancel.at !== end)
    subscription.cancel = { at: cancel.at + (from - at), withEnd: false };
  subscription.anchor = at;
  subscription.periodStart = at;
  subscription.periodEnd = end;
}

/** Another plan from now on; status and event are the caller's, the event first: windows that it resets close by it. */
export function movePlan(
  account: Account,
  subscription: Subscription,
  to: { readonly plan: PlanKey; readonly lists?: Lists },
  at: number,
): void {
  const from = subscription.plan;
  const usage = transitionOf(from, to.plan)?.usage ?? 'carry';
  // What has not begun has given nothing that a share of could stay.
  const begun = subscription.status !== 'SCHEDULED';
  const prorated = begun && usage === 'prorate' ? prorate(account, subscription, to.plan, at) : [];
  const lists = to.lists ?? KEEP;
  if (from !== to.plan)
    subscription.seatsRelease = seatsReleaseAfter(account, subscription, { plan: to.plan, lists }, at);
  Object.assign(subscription, boughtWith(subscription, to.plan, lists));
  subscription.plan = to.plan;
  // What was sold without a trial gets none by a change before the start.
  subscription.wantsTrial &&= PLANS[to.plan].trial !== undefined;
  subscription.prorated.clear();
  for (const [feature, number] of prorated) subscription.prorated.set(feature, number);
  if (begun) {
    if (usage === 'reset') resetWindows(account, [from, to.plan], at);
    beginWindows(account, at);
  }
  if (endsTrial(subscription)) {
    subscription.before = 'ACTIVE';
    if (subscription.status === 'TRIALING') subscription.status = 'ACTIVE';
    subscription.trialEndsAt = null;
    beginPeriod(account, subscription, at);
  } else if (PLANS[from].period !== PLANS[to.plan].period && subscription.trialEndsAt === null) {
    if (begun) beginPeriod(account, subscription, at);
  }
}

/** A trial goes on to the same end under a plan that has one, else it is over. */
function endsTrial({ plan, trialEndsAt }: Subscription): boolean {
  return trialEndsAt !== null && PLANS[plan].trial === undefined;
}

/** This window's own numbers: the old one by the share that is over, the new one by the rest. */
function prorate(
  account: Account,
  subscription: Subscription,
  plan: PlanKey,
  at: number,
): [FeatureKey, number][] {
  const numbers: [FeatureKey, number][] = [];
  for (const feature of featureKeys()) {
    const { window } = meterOf(account, feature);
    const old = ownNumber(subscription, feature);
    const next = limitOf(PLANS[plan].entitlements[feature])?.limit ?? null;
    // At its end a window is over, though the next one has not begun here.
    if (window === null || window.end <= at) continue;
    if (typeof old !== 'number' || typeof next !== 'number') continue;
    const [length, over, rest] = [window.end - window.start, at - window.start, window.end - at].map(BigInt);
    if (length === undefined || over === undefined || rest === undefined) continue;
    numbers.push([feature, Number((BigInt(old) * over + BigInt(next) * rest) / length)]);
  }
  return numbers;
}

function ownNumber({ plan, prorated }: Subscription, feature: FeatureKey): Units | null {
  return prorated.get(feature) ?? limitOf(PLANS[plan].entitlements[feature])?.limit ?? null;
}

/** A plan that follows by itself: ACTIVE on it, whatever was before. */
export function follow(account: Account, subscription: Subscription, plan: PlanKey, at: number): void {
  const wasTrial = subscription.trialEndsAt !== null;
  subscription.status = 'ACTIVE';
  subscription.before = 'ACTIVE';
  subscription.pause = null;
  subscription.change = null;
  subscription.graceEndsAt = null;
  subscription.failed = false;
  subscription.trialEndsAt = null;
  tell(account, 'subscription.plan_changed', subscription.id, at);
  movePlan(account, subscription, { plan }, at);
  if (wasTrial) beginPeriod(account, subscription, at);
}

export function end(
  account: Account,
  subscription: Subscription,
  status: 'CANCELED' | 'EXPIRED',
  at: number,
): void {
  subscription.status = status;
  subscription.endedAt = at;
  subscription.pause = null;
  subscription.change = null;
  subscription.cancel = null;
  subscription.seatsRelease = null;
  beginWindows(account, at);
  tell(account, `subscription.${status.toLowerCase()}`, subscription.id, at);
}
