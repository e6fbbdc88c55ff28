import type { CustomerAccount, Release } from '../customer.js';
import type { Instant } from '../time/instant.js';
import type { AccountChange, CommandOutcome, SubscriptionCommand } from './command.js';
import { movePlan, onPlan } from './move-plan.js';
import {
  boughtNow,
  refusedAddOns,
  refusedQuantities,
  routeBetween,
  routeOfDueChange,
  sellablePlan,
  takenAlong,
  type PlanRoute,
} from './plan-choice.js';
import { badInput, conflict, unchanged, type Refused } from './refusal.js';
import { promisedVersion } from '../release/version-move.js';
import { isStanding, otherInFamily, periodEnd, record } from './state.js';
import type { BoughtAddOn, LiveSubscription, PlanVersion, ScheduledChange } from './subscription.js';
import { effectiveTime } from './timing.js';

type ChangePlan = Extract<SubscriptionCommand, { kind: 'changePlan' }>;

/** A change of plan, now or later; docs/rules.md, "Plan changes". */
export function changePlan(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: ChangePlan,
  release: Release,
  now: Instant,
): CommandOutcome {
  const to = sellablePlan(release, command.plan);
  if ('ok' in to) return to;
  const route = allowedRoute(account, subscription, command, release, to);
  if ('ok' in route) return route;
  const timing = command.timing ?? (route.takesEffect === 'now' ? 'NOW' : 'PERIOD_END');
  const at = effectiveTime(timing, command.at, () => periodEnd(subscription, account.timeZone), now);
  if (typeof at !== 'number') return at;
  if (subscription.cancelAt !== null && at >= subscription.cancelAt) {
    return conflict(
      command.at === null ? 'timing' : 'at',
      'the subscription is cancelled by then; take that back first',
    );
  }
  const addOns = addOnsUnder(subscription, command, release, route, to);
  if ('ok' in addOns) return addOns;
  // While the clock stands the period's end is ahead, whatever the time.
  const waits =
    at > now || (timing === 'PERIOD_END' && isStanding(subscription) && at === subscription.period.end);
  if (waits) return schedule(account, subscription, command, { to, at }, now);
  const after = onPlan(subscription, to, addOns, at, account.timeZone);
  return { ok: true, ...movePlan(account, release, { before: subscription, after, at }) };
}

function allowedRoute(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: ChangePlan,
  release: Release,
  to: PlanVersion,
): PlanRoute | Refused {
  const { plan, version } = subscription.planVersion;
  if (command.from !== null && command.from !== plan.key) {
    return conflict(
      'from',
      `the subscription is on \`${plan.key}\`, not on \`${command.from}\`; read it and ask again`,
    );
  }
  const quantities = refusedQuantities(command.quantities);
  if (quantities !== null) return quantities;
  if (to.plan.key === plan.key && to.version === version) {
    return badInput('plan', `the subscription already is on \`${plan.key}\`, version ${String(version)}`);
  }
  const route = routeBetween(release.catalog, plan.key, to.plan.key);
  if (route === null) {
    return badInput('plan', `no transition of the catalog leads from \`${plan.key}\` to \`${to.plan.key}\``);
  }
  if (route.usage === 'prorate') {
    return badInput(
      'plan',
      `\`usage: prorate\` from \`${plan.key}\` to \`${to.plan.key}\` is not supported yet`,
    );
  }
  const other = otherInFamily(account, to.plan.family, subscription.id);
  if (other === undefined) return route;
  return conflict(
    'plan',
    `\`${other.id}\` is live in the plan family \`${to.plan.family}\`; cancel it first`,
  );
}

function addOnsUnder(
  subscription: LiveSubscription,
  command: ChangePlan,
  release: Release,
  route: PlanRoute,
  to: PlanVersion,
): readonly BoughtAddOn[] | Refused {
  const { key } = to.plan;
  if (command.addOns !== null)
    return refusedAddOns(release.catalog, key, command.addOns) ?? boughtNow(release, command.addOns);
  const offered = takenAlong(release, key, subscription.addOns);
  if (offered.length === subscription.addOns.length || route.addOnsNotOffered === 'drop') return offered;
  return conflict(
    'plan',
    `the plan \`${key}\` is not sold with an add-on that the subscription has; name \`addOns\``,
  );
}

function schedule(
  account: CustomerAccount,
  subscription: LiveSubscription,
  command: ChangePlan,
  change: ScheduledChange,
  now: Instant,
): CommandOutcome {
  if (command.addOns !== null) {
    return badInput(
      'addOns',
      'a later change with other add-ons is not supported yet; leave them as they are',
    );
  }
  const same = subscription.scheduledChange;
  const isSame =
    same?.at === change.at &&
    same.to.plan.key === change.to.plan.key &&
    same.to.version === change.to.version;
  if (isSame) return unchanged(account);
  const after = { ...subscription, scheduledChange: change };
  return { ok: true, ...record(account, 'subscription.change_scheduled', now, subscription, after) };
}

/** Takes a scheduled change back; where there is none nothing changes. */
export function withdrawScheduledChange(
  account: CustomerAccount,
  subscription: LiveSubscription,
  now: Instant,
): CommandOutcome {
  if (subscription.scheduledChange === null) return unchanged(account);
  const after = { ...subscription, scheduledChange: null };
  return { ok: true, ...record(account, 'subscription.change_withdrawn', now, subscription, after) };
}

/** A scheduled change whose time has come: made, or refused where the catalog has changed so that it cannot be. */
export function makeScheduledChange(
  account: CustomerAccount,
  subscription: LiveSubscription,
  change: ScheduledChange,
  release: Release,
): AccountChange {
  const { at } = change;
  const to = promisedVersion(change.to, release);
  const { key, family } = to.plan;
  const route = routeOfDueChange(release.catalog, subscription.planVersion.plan.key, key);
  const addOns = takenAlong(release, key, subscription.addOns);
  const losesAddOns = addOns.length < subscription.addOns.length && route.addOnsNotOffered === 'refuse';
  if (losesAddOns || otherInFamily(account, family, subscription.id) !== undefined) {
    const after = { ...subscription, scheduledChange: null };
    return record(account, 'subscription.change_refused', at, subscription, after);
  }
  const after = onPlan(subscription, to, addOns, at, account.timeZone);
  return movePlan(account, release, { before: subscription, after, at });
}
