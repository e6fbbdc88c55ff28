import type { Feature } from '../../catalog/catalog.js';
import { parseSubscriptionId, type SubscriptionId } from '../../ids.js';
import { isLive } from '../../subscription/state.js';
import type { PlanVersion } from '../../subscription/subscription.js';
import { formatInstant } from '../../time/instant.js';
import { accountAfter, type Candidate, candidateOf, type Denied, remedyOf } from './attempt.js';
import { sizeOf } from './size.js';

/**
 * Another plan: a change of a subscription, when the catalog's transition says, or a new subscription. The smallest first:
 * the one that gives least of the feature, then the one that lists fewest features.
 */
export function* changesOfPlan(denied: Denied): Iterable<Candidate> {
  for (const to of plansWith(denied)) {
    yield* changesTo(denied, to);
    yield* newSubscription(denied, to);
  }
}

function plansWith({ release, feature }: Denied): PlanVersion[] {
  return [...release.planVersions.values()]
    .filter(({ plan }) => names(feature, plan))
    .sort(({ plan: one }, { plan: other }) => {
      const bySize =
        sizeOf(feature, one.entitlements.get(feature.key)) -
        sizeOf(feature, other.entitlements.get(feature.key));
      // Of two that are unlimited the difference is no number.
      return bySize || one.entitlements.size - other.entitlements.size || (one.key < other.key ? -1 : 1);
    });
}

function names({ key }: Feature, { entitlements, rules }: PlanVersion['plan']): boolean {
  return entitlements.has(key) || rules.some((rule) => rule.feature === key && rule.then === 'allow');
}

function* changesTo(denied: Denied, { plan: { key } }: PlanVersion): Iterable<Candidate> {
  for (const { id, planVersion } of denied.account.subscriptions.filter(isLive)) {
    const account = accountAfter(denied, {
      kind: 'changePlan',
      subscriptionId: id,
      plan: key,
      from: null,
      addOns: null,
      quantities: null,
      timing: null,
      at: null,
    });
    const after = account?.subscriptions.find((one) => one.id === id);
    if (account === null || after === undefined) continue;
    const change = isLive(after) ? after.scheduledChange : null;
    const availableAt = change?.to?.plan.key === key ? change.at : null;
    const when = availableAt === null ? '' : `; it takes effect on ${formatInstant(availableAt)}`;
    const message = `change from \`${planVersion.plan.key}\` to \`${key}\`${when}`;
    yield {
      remedy: remedyOf('CHANGE_PLAN', message, { plan: key, subscriptionId: id, availableAt }),
      account,
    };
  }
}

/** Refused where a live subscription has the family. */
function newSubscription(denied: Denied, { plan: { key } }: PlanVersion): Candidate[] {
  const command = {
    kind: 'subscribe',
    subscriptionId: NEW,
    plan: key,
    addOns: [],
    quantities: new Map(),
    trial: true,
    startsAt: null,
  } as const;
  return candidateOf(denied, command, remedyOf('CHANGE_PLAN', `subscribe to \`${key}\``, { plan: key }));
}

/** It exists for as long as it is tried. */
const NEW = mustBeId('sub_tried');

function mustBeId(text: string): SubscriptionId {
  const id = parseSubscriptionId(text);
  if (id === null) throw new Error(`\`${text}\` is an id`);
  return id;
}
