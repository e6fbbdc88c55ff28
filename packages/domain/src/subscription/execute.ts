import type { CustomerAccount, Release } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { unreachable } from '../unreachable.js';
import { adjust } from './adjust.js';
import { giveCredits } from '../credits/give-credits.js';
import { reconcileAnchors } from './anchors.js';
import { cancel, uncancel } from './cancel.js';
import { changePlan } from './change-plan.js';
import type { AccountChange, CommandOutcome, SubscriptionCommand } from './command.js';
import { applyDue } from './due.js';
import { pause, resume } from './pause.js';
import { reportPayment } from './payment.js';
import { conflict, notFound, unchanged } from './refusal.js';
import { withdrawScheduledChange } from './scheduled-change.js';
import { subscribe } from './start.js';
import { isLive } from './state.js';
import type { LiveSubscription } from './subscription.js';
import { COMMAND_TABLE } from './table.js';
import { extendTrial } from './trial.js';

type CommandOnSubscription = Exclude<SubscriptionCommand, { kind: 'subscribe' }>;

/**
 * What a command makes of a customer's account at `now`; docs/rules.md, "Subscription" and "Plan changes".
 * Everything due until `now` must have been applied; what the command itself makes due is applied here.
 */
export function execute(
  account: CustomerAccount,
  command: SubscriptionCommand,
  release: Release,
  now: Instant,
): CommandOutcome {
  if (command.kind === 'subscribe') {
    return settled(subscribe(account, command, release, now), release, command.startsAt ?? now, now);
  }
  const subscription = account.subscriptions.find(({ id }) => id === command.subscriptionId);
  if (subscription === undefined) {
    return notFound('subscriptionId', `there is no subscription \`${command.subscriptionId}\``);
  }
  const { status } = subscription;
  const cell = COMMAND_TABLE[command.kind][status];
  if (cell === 'same') return unchanged(account);
  if (cell === 'refused' || !isLive(subscription)) return conflict(null, refusedIn(command.kind, status));
  return settled(perform(account, subscription, command, release, now), release, now, now);
}

function perform(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: CommandOnSubscription,
  release: Release,
  now: Instant,
): CommandOutcome {
  switch (command.kind) {
    case 'changePlan':
      return changePlan(account, subscription, command, release, now);
    case 'adjust':
      return adjust(account, subscription, command, release, now);
    case 'withdrawScheduledChange':
      return withdrawScheduledChange(account, subscription, now);
    case 'cancel':
      return cancel(account, subscription, command, release, now);
    case 'uncancel':
      return uncancel(account, subscription, now);
    case 'pause':
      return pause(account, subscription, command, now);
    case 'resume':
      return subscription.status === 'PAUSED'
        ? { ok: true, ...resume(account, subscription, now) }
        : conflict(null, refusedIn(command.kind, subscription.status));
    case 'extendTrial':
      return extendTrial(account, subscription, command, now);
    case 'reportPayment':
      return reportPayment(account, subscription, command, now);
    default:
      return unreachable(command);
  }
}

/** Chains what the command has made due: a past start, a grace that is already over. */
export function settled(
  outcome: CommandOutcome,
  release: Release,
  at: Instant,
  now: Instant,
): CommandOutcome {
  if (!outcome.ok || outcome.events.length === 0) return outcome;
  const begun = at > now ? { account: outcome.account, events: [] } : begin(outcome.account, release, at);
  // What rules said before is past; only what they turn to from here on is told.
  const due = applyDue({ ...begun.account, turnedUntil: now }, release, now);
  return { ok: true, account: due.account, events: [...outcome.events, ...begun.events, ...due.events] };
}

/** What follows from what the customer has now: anchors of windows, credits that plans give. */
function begin(account: CustomerAccount, release: Release, at: Instant): AccountChange {
  return giveCredits(reconcileAnchors(account, release, at), release, at);
}

function refusedIn(verb: CommandOnSubscription['kind'], status: string): string {
  return `\`${verb}\` cannot be done to a subscription that is ${status}${wayOut(status)}`;
}

function wayOut(status: string): string {
  if (status === 'CANCELED' || status === 'EXPIRED') return '; subscribe again';
  return status === 'PAUSED' ? '; resume it first' : '';
}
