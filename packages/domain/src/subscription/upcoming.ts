import { thresholdText } from '../catalog/threshold.js';
import type { CustomerAccount, Release } from '../customer.js';
import { formatInstant, type Instant } from '../time/instant.js';
import type { CustomerEvent } from './command.js';
import { applyDue, nextDue } from './due.js';

export interface Ahead {
  /** Null: as far as there is anything. */
  readonly until: Instant | null;
  /** How many events at most. */
  readonly most: number;
}

/** Times that are looked at: rules may turn for ever, and most of their turns change nothing. */
const MOST_TIMES = 1000;

/**
 * What time alone will do to a customer after `now`, in due order, under the release that is live: worked out by
 * `applyDue`, which will do it.
 */
export function upcoming(
  account: CustomerAccount,
  release: Release,
  now: Instant,
  { until, most }: Ahead,
): CustomerEvent[] {
  const events: CustomerEvent[] = [];
  let state = applyDue(account, release, now).account;
  for (let times = 0; times < MOST_TIMES && events.length < most; times += 1) {
    const at = nextDue(state, release);
    if (at === null || (until !== null && at > until)) break;
    const change = applyDue(state, release, at);
    events.push(...change.events);
    state = change.account;
  }
  return events.slice(0, most);
}

/** For people: what the event will be. */
export function describeUpcoming(event: CustomerEvent): string {
  switch (event.type) {
    case 'usage.window_closed':
      return `the window of \`${event.feature}\` ends, and is counted anew`;
    case 'usage.reservation_expired':
      return `${String(event.reservation.quantity)} reserved of \`${event.reservation.feature}\` are free again`;
    case 'quota.expired':
      return `${String(event.lease.quantity)} leased of \`${event.lease.feature}\` are spent, unless they are returned before`;
    case 'quota.leased':
      return `${String(event.lease.quantity)} of \`${event.lease.feature}\` are leased`;
    case 'quota.returned':
      return `${String(event.returned)} leased of \`${event.lease.feature}\` come back`;
    case 'usage.threshold_reached':
      return `\`${event.feature}\` reaches the threshold ${thresholdText(event.threshold)}`;
    case 'usage.rollover_expired':
      return `${String(event.units)} units of \`${event.feature}\` that earlier windows have left over end`;
    case 'seat.expired':
      return `the lease of a seat of \`${event.seat.before?.feature ?? ''}\` ends`;
    case 'seat.freed':
      return `a seat of \`${event.seat.before?.feature ?? ''}\` that was given back is free`;
    case 'seat.released':
      return `a seat of \`${event.seat.before?.feature ?? ''}\` goes: there are more than the plan has`;
    case 'credits.added':
      return `${String(event.credits.after.quantity)} credits of \`${event.credits.after.feature}\` are given`;
    case 'credits.expired':
      return `${String(event.credits.lost)} credits of \`${event.credits.after.feature}\` expire`;
    case 'license.expiring_soon':
      return `the licence to \`${event.expires.planVersion.plan.key}\` ends at ${formatInstant(event.endsAt)}`;
    case 'license.started':
      return `the licence to ${planIn(event)} begins`;
    case 'license.grace_started':
      return `the licence to ${planIn(event)} ends, and its grace period begins`;
    case 'license.expired':
      return `the licence to ${planIn(event)} expires`;
    case 'license.archived':
      return `the former licence to ${planIn(event)} is no reason any more why something is denied`;
    case 'machine.place_expired':
      return 'a machine holds its place no more, unless its use is told of again';
    case 'grant.started':
      return `the grant of \`${event.grant.after.feature}\` begins`;
    case 'grant.expired':
      return `the grant of \`${event.grant.after.feature}\` ends`;
    case 'subscription.trial_expiring_soon':
      return `the trial of \`${event.trial.planVersion.plan.key}\` ends at ${formatInstant(event.endsAt)}`;
    case 'grant.expiring_soon':
      return `the grant of \`${event.expiring.feature}\` ends at ${formatInstant(event.endsAt)}`;
    case 'credits.expiring_soon':
      return `${String(event.block.remaining)} credits of \`${event.block.feature}\` expire at ${formatInstant(event.endsAt)}`;
    case 'rule.turned':
      return `the rule \`${event.turn.rule}\` turns for \`${event.turn.feature}\``;
    case 'seat.assigned':
    case 'credits.voided':
    case 'grant.created':
    case 'grant.revoked':
    case 'license.issued':
    case 'license.renewed':
    case 'license.adjusted':
    case 'license.suspended':
    case 'license.reinstated':
    case 'license.revoked':
    case 'license.key_rotated':
    case 'machine.activated':
    case 'machine.updated':
    case 'machine.deactivated':
    case 'machine.place_taken':
    case 'machine.seen':
    case 'license.file_issued':
    case 'license.file_settled':
      throw new Error(`${event.type} is nothing that time does`);
    default:
      return describeSubscription(event);
  }
}

function planIn({ license }: Extract<CustomerEvent, { readonly license: unknown }>): string {
  return `\`${license.after.planVersion.plan.key}\``;
}

type SubscriptionEvent = Extract<CustomerEvent, { readonly before: unknown }>;

function describeSubscription({ type, before, after }: SubscriptionEvent): string {
  const { plan } = after.planVersion;
  switch (type) {
    case 'subscription.started':
      return `the subscription to \`${plan.key}\` begins`;
    case 'subscription.trial_ended':
      return after.status === 'EXPIRED' ? 'the trial ends' : `the trial ends, and \`${plan.key}\` goes on`;
    case 'subscription.renewed':
      return `\`${plan.key}\` is renewed for another period`;
    case 'subscription.plan_changed':
      return `\`${before?.planVersion.plan.key ?? plan.key}\` becomes \`${plan.key}\``;
    case 'subscription.adjusted':
      return `what is bought with \`${plan.key}\` changes`;
    case 'subscription.change_refused':
      return `the scheduled change of \`${plan.key}\` cannot be made`;
    case 'subscription.resumed':
      return `the subscription to \`${plan.key}\` is resumed`;
    case 'subscription.canceled':
      return `the subscription to \`${plan.key}\` ends, as it was cancelled`;
    case 'subscription.expired':
      return `the subscription to \`${plan.key}\` expires`;
    case 'subscription.archived':
      return `the former subscription to \`${plan.key}\` is no reason any more why something is denied`;
    case 'subscription.scheduled':
    case 'subscription.trial_extended':
    case 'subscription.payment_failed':
    case 'subscription.payment_succeeded':
    case 'subscription.change_scheduled':
    case 'subscription.change_withdrawn':
    case 'subscription.cancel_scheduled':
    case 'subscription.cancel_withdrawn':
    case 'subscription.paused':
      throw new Error(`${type} is nothing that time does`);
  }
}
