import { type Account, Refusal, type Subscription, tell } from './account.js';
import { notEnded } from './commands.js';
import { PLANS } from './plans.js';
import { fallDue, resume } from './subscription-dues.js';

/** `resumesAt` undefined: as it is; null: until it is resumed. */
export function pause(
  account: Account,
  subscription: Subscription,
  resumesAt: number | null | undefined,
): void {
  const { status } = subscription;
  if (status !== 'TRIALING' && status !== 'ACTIVE' && status !== 'PAUSED') throw new Refusal('CONFLICT');
  if (typeof resumesAt === 'number' && resumesAt <= account.now) throw new Refusal('BAD_USER_INPUT');
  if (subscription.pause) {
    if (resumesAt === undefined || subscription.pause.resumesAt === resumesAt) return;
    subscription.pause.resumesAt = resumesAt;
  } else {
    subscription.before = status === 'TRIALING' ? 'TRIALING' : 'ACTIVE';
    subscription.status = 'PAUSED';
    const stands = PLANS[subscription.plan].onPause?.clock === 'stops';
    subscription.pause = { since: account.now, resumesAt: resumesAt ?? null, stands };
  }
  tell(account, 'subscription.paused', subscription.id, account.now);
}

export function resumeNow(account: Account, subscription: Subscription): void {
  const { status } = subscription;
  if (status === 'TRIALING' || status === 'ACTIVE') return;
  if (status !== 'PAUSED') throw new Refusal('CONFLICT');
  resume(account, subscription, account.now);
}

export function reportPayment(
  account: Account,
  subscription: Subscription,
  outcome: 'SUCCEEDED' | 'FAILED',
  reportedAt: number,
): void {
  notEnded(subscription);
  const last = subscription.lastPayment;
  if (last && (reportedAt < last.at || (reportedAt === last.at && outcome === last.outcome))) return;
  subscription.lastPayment = { at: reportedAt, outcome };
  const at = Math.max(reportedAt, subscription.startedAt);
  const toldAt = subscription.status === 'SCHEDULED' ? reportedAt : at;
  tell(account, `subscription.payment_${outcome.toLowerCase()}`, subscription.id, toldAt);
  if (outcome === 'SUCCEEDED') succeed(subscription);
  else fail(account, subscription, at);
}

function succeed(subscription: Subscription): void {
  subscription.failed = false;
  if (subscription.trialEndsAt !== null || subscription.status === 'SCHEDULED') subscription.paid = true;
  if (subscription.status !== 'PAST_DUE') return;
  subscription.status = 'ACTIVE';
  const { cancel, graceEndsAt, periodEnd } = subscription;
  subscription.graceEndsAt = null;
  if (cancel?.withEnd && cancel.at === graceEndsAt && periodEnd !== null)
    subscription.cancel = { at: periodEnd, withEnd: true };
}

function fail(account: Account, subscription: Subscription, at: number): void {
  const { status } = subscription;
  if (status === 'ACTIVE') fallDue(account, subscription, at);
  if (status === 'PAST_DUE' || status === 'ACTIVE') return;
  subscription.paid = false;
  subscription.failed = true;
}
