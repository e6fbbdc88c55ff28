import type { CustomerAccount, Release } from '../customer.js';
import { addDuration } from '../time/calendar.js';
import { formatInstant, type Instant, type TimeZone } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import type { AccountChange, CommandOutcome, SubscriptionCommand } from './command.js';
import { active, fallenBack, movePlan } from './move-plan.js';
import { fallbackPlan } from './plan-choice.js';
import { badInput, unchanged } from './refusal.js';
import { ended, record } from './state.js';
import type { LiveSubscription, PastDueSubscription, PausedFrom } from './subscription.js';
import { refusedPast } from './timing.js';

type ReportPayment = Extract<SubscriptionCommand, { kind: 'reportPayment' }>;

/** How far billing's clock may be ahead. */
const CLOCK_SKEW = 5 * 60_000;

/**
 * Billing says that a payment failed or came in. An outcome older than the newest reported changes nothing; one from
 * before the subscription began counts from its beginning.
 */
export function reportPayment(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: ReportPayment,
  now: Instant,
): CommandOutcome {
  const reportedAt = command.at ?? now;
  if (reportedAt > now + CLOCK_SKEW) {
    return badInput(
      'at',
      `\`${formatInstant(reportedAt)}\` is more than 5 minutes ahead; report it when it has happened`,
    );
  }
  const tooOld = refusedPast('at', reportedAt, now, account.timeZone);
  if (tooOld !== null) return tooOld;
  const newest = subscription.lastPaymentAt;
  if (newest !== null && reportedAt < newest) return unchanged(account);
  const began = subscription.status === 'SCHEDULED' ? null : subscription.startedAt;
  const counted = began !== null && reportedAt < began ? began : reportedAt;
  const since = counted < now ? counted : now;
  const told = { ...subscription, lastPaymentAt: reportedAt };
  const succeeded = command.outcome === 'SUCCEEDED';
  const after = succeeded ? paid(told) : unpaid(told, { since, counted, zone: account.timeZone });
  if (reportedAt === newest && isSame(subscription, after)) return unchanged(account);
  const type = succeeded ? 'subscription.payment_succeeded' : 'subscription.payment_failed';
  return { ok: true, ...record(account, type, since, subscription, after) };
}

function paid(subscription: LiveSubscription): LiveSubscription {
  switch (subscription.status) {
    case 'SCHEDULED':
      return { ...subscription, paid: true, failed: false };
    case 'TRIALING':
      return { ...subscription, paid: true };
    case 'ACTIVE':
      return subscription;
    case 'PAUSED':
      return { ...subscription, from: noted(subscription.from, true) };
    case 'PAST_DUE':
      return active({ ...subscription, cancelAt: cancelAtOncePaid(subscription) }, subscription.period);
    default:
      return unreachable(subscription);
  }
}

/** A cancellation that was to come with the end of grace, the earlier one, comes at the period's end after all. */
function cancelAtOncePaid({ cancelAt, graceEndsAt, period }: PastDueSubscription): Instant | null {
  return cancelAt === graceEndsAt && period.end !== null && graceEndsAt < period.end ? period.end : cancelAt;
}

function unpaid(
  subscription: LiveSubscription,
  failure: { readonly since: Instant; readonly counted: Instant; readonly zone: TimeZone },
): LiveSubscription {
  switch (subscription.status) {
    case 'SCHEDULED':
      return { ...subscription, paid: false, failed: true };
    case 'TRIALING':
      return { ...subscription, paid: false };
    case 'ACTIVE': {
      const { grace } = subscription.planVersion.plan;
      const graceEndsAt = grace === null ? failure.since : addDuration(failure.counted, grace, failure.zone);
      return { ...subscription, status: 'PAST_DUE', graceEndsAt };
    }
    case 'PAUSED':
      return { ...subscription, from: noted(subscription.from, false) };
    case 'PAST_DUE':
      return subscription;
    default:
      return unreachable(subscription);
  }
}

/** Of a paused one: a trial is paid for or not, and a failure waits for the resume. */
function noted(from: PausedFrom, paid: boolean): PausedFrom {
  return from.status === 'TRIALING' ? { ...from, paid } : { ...from, failed: !paid };
}

function isSame(before: LiveSubscription, after: LiveSubscription): boolean {
  return before.status === after.status && noteOf(before) === noteOf(after);
}

function noteOf(subscription: LiveSubscription): boolean | null {
  if (subscription.status === 'SCHEDULED' && !subscription.paid) return subscription.failed ? false : null;
  if (subscription.status !== 'PAUSED') return 'paid' in subscription ? subscription.paid : null;
  const { from } = subscription;
  return from.status === 'TRIALING' ? from.paid : from.failed;
}

/** Grace is over: ACTIVE on the plan's `onExpiry`, else EXPIRED. */
export function endGrace(
  account: CustomerAccount,
  unpaidOne: PastDueSubscription,
  release: Release,
): AccountChange {
  const at = unpaidOne.graceEndsAt;
  const to = fallbackPlan(account, release, unpaidOne, unpaidOne.planVersion.plan.onExpiry);
  if (to === null) {
    const after = ended(unpaidOne, 'EXPIRED', at, account.timeZone);
    return record(account, 'subscription.expired', at, unpaidOne, after);
  }
  const after = fallenBack(account, release, unpaidOne, to, at);
  return movePlan(account, release, { before: unpaidOne, after, at });
}
