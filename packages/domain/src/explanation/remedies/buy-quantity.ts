import { boughtOf } from '../../subscription/bought.js';
import { isLive } from '../../subscription/state.js';
import type { LiveSubscription } from '../../subscription/subscription.js';
import { accountAfter, type Candidate, type Denied, remedyOf } from './attempt.js';

/** More of what a plan sells by number: as many as are missing. */
export function* boughtQuantities(denied: Denied): Iterable<Candidate> {
  for (const subscription of denied.account.subscriptions.filter(isLive)) yield* moreOf(denied, subscription);
}

function* moreOf(denied: Denied, subscription: LiveSubscription): Iterable<Candidate> {
  const { account, feature, request } = denied;
  const bought = boughtOf(subscription);
  const held = bought.get(feature.key);
  if (held === undefined) return;
  const meter = account.meters.get(feature.key);
  const missing = (meter?.used ?? 0) + (meter?.reserved ?? 0) + request.quantity - held;
  const quantity = held + Math.max(1, missing);
  const { id, planVersion } = subscription;
  const after = accountAfter(denied, {
    kind: 'adjust',
    subscriptionId: id,
    addOns: null,
    quantities: new Map([...bought, [feature.key, quantity]]),
    timing: 'NOW',
    at: null,
  });
  if (after === null) return;
  const message = `buy ${String(quantity)} of \`${feature.key}\` with \`${planVersion.plan.key}\`, ${String(held)} of which it has`;
  yield { remedy: remedyOf('BUY_QUANTITY', message, { subscriptionId: id, quantity }), account: after };
}
