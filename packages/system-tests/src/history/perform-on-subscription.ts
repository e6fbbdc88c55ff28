import type { Account, Subscription } from '../model/account.js';
import * as commands from '../model/commands.js';
import * as pauses from '../model/pauses.js';
import type { SubscriptionAction } from './actions/subscription-actions.js';
import { bought, lists, time, timingInput, timingText } from './inputs.js';
import type { Performed } from './performed.js';
import { instantOf, MINUTE, timingOf } from './resolve.js';
import { day } from './texts.js';
import type { World } from './world.js';

/** What is done to a subscription that is there. */
export async function performOnSubscription(
  account: Account,
  world: World,
  action: SubscriptionAction,
  subscription: Subscription,
  key: { readonly idempotencyKey: string },
): Promise<Performed> {
  const subscriptionId = subscription.id;
  switch (action.kind) {
    case 'changePlan': {
      const { plan, from } = action;
      const timing = action.timing && timingOf(account, action.timing);
      const input = {
        subscriptionId,
        plan,
        from: from ?? undefined,
        ...lists(action),
        ...timingInput(timing),
        ...key,
      };
      const change = { plan, from, timing, addOns: action.addOns, quantities: action.quantities };
      return {
        line: `change to ${plan} ${timing ? timingText(timing) : 'by its transition'}${from ? ` if on ${from}` : ''}${bought(action)}`,
        product: await world.mutate('changePlan', 'ChangePlanInput', input, ''),
        model: () => commands.changePlan(account, subscription, change),
      };
    }
    case 'adjust': {
      const timing = timingOf(account, action.timing);
      const { addOns, quantities } = action;
      const input = { subscriptionId, ...lists(action), ...timingInput(timing), ...key };
      return {
        line: `adjust ${timingText(timing)}${bought(action)}`,
        product: await world.mutate('adjustSubscription', 'AdjustSubscriptionInput', input, ''),
        model: () => commands.adjust(account, subscription, { addOns, quantities }, timing),
      };
    }
    case 'withdraw':
      return {
        line: 'withdraw the scheduled change',
        product: await world.call('withdrawScheduledChange', 'subscriptionId: ID!', { subscriptionId }),
        model: () => commands.withdrawChange(account, subscription),
      };
    case 'uncancel':
      return {
        line: 'uncancel',
        product: await world.call('uncancelSubscription', 'subscriptionId: ID!', { subscriptionId }),
        model: () => commands.uncancel(account, subscription),
      };
    case 'resume':
      return {
        line: 'resume',
        product: await world.call('resumeSubscription', 'subscriptionId: ID!', { subscriptionId }),
        model: () => pauses.resumeNow(account, subscription),
      };
    case 'cancel': {
      const timing = timingOf(account, action.timing);
      return {
        line: `cancel ${timingText(timing)}`,
        product: await world.mutate(
          'cancelSubscription',
          'CancelInput',
          { subscriptionId, ...timingInput(timing) },
          '',
        ),
        model: () => commands.cancel(account, subscription, timing),
      };
    }
    case 'extendTrial': {
      const until = instantOf(account, action.until);
      return {
        line: `extend the trial until ${day(until)}`,
        product: await world.call('extendTrial', 'subscriptionId: ID!, until: DateTime!', {
          subscriptionId,
          until: time(until),
        }),
        model: () => commands.extendTrial(account, subscription, until),
      };
    }
    case 'pause': {
      const resumesAt = action.resumesAt ? instantOf(account, action.resumesAt) : action.resumesAt;
      const values = { subscriptionId, resumeAt: resumesAt === undefined ? undefined : time(resumesAt) };
      return {
        line: `pause${resumesAt === undefined ? '' : ` until ${resumesAt === null ? 'it is resumed' : day(resumesAt)}`}`,
        product: await world.call('pauseSubscription', 'subscriptionId: ID!, resumeAt: DateTime', values),
        model: () => pauses.pause(account, subscription, resumesAt),
      };
    }
    case 'payment': {
      const { outcome, minutesAgo } = action;
      const at = account.now - minutesAgo * MINUTE;
      return {
        line: `payment ${outcome}${minutesAgo === 0 ? '' : ` at ${day(at)}`}`,
        product: await world.mutate(
          'reportPayment',
          'ReportPaymentInput',
          { subscriptionId, outcome, at: minutesAgo === 0 ? undefined : time(at), ...key },
          '',
        ),
        model: () => pauses.reportPayment(account, subscription, outcome, at),
      };
    }
  }
}
