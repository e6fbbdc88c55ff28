import type { CustomerAccount, Release } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { type Quantities, quantitiesUnder, refusedQuantities } from './bought.js';
import type { CommandOutcome, SubscriptionCommand } from './command.js';
import { movePlan, onPlan } from './move-plan.js';
import {
  boughtNow,
  refusedAddOns,
  noTransition,
  routeBetween,
  sellablePlan,
  takenAlong,
  type PlanRoute,
} from './plan-choice.js';
import { badInput, conflict, type Refused } from './refusal.js';
import { changeTime, schedule } from './scheduled-change.js';
import { otherInFamily, withSubscription } from './state.js';
import { endsAboveLimit } from '../seats/above-limit.js';
import type { BoughtAddOn, LiveSubscription, PlanVersion, ScheduledChange } from './subscription.js';

type ChangePlan = Extract<SubscriptionCommand, { kind: 'changePlan' }>;

/** A change to a version of a plan that is at hand. */
export interface PlanChange extends Pick<ChangePlan, 'addOns' | 'quantities' | 'timing' | 'at'> {
  readonly to: PlanVersion;
  /** What becomes of a change that is scheduled already. */
  readonly scheduled: 'replaced' | 'kept';
}

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
  const { plan } = subscription.planVersion;
  if (command.from !== null && command.from !== plan.key) {
    return conflict(
      'from',
      `the subscription is on \`${plan.key}\`, not on \`${command.from}\`; read it and ask again`,
    );
  }
  return changeTo(account, subscription, { ...command, to, scheduled: 'replaced' }, release, now);
}

/** The change itself, by whomever it is asked: a caller for one subscription, or a migration. */
export function changeTo(
  account: CustomerAccount,
  subscription: LiveSubscription,
  change: PlanChange,
  release: Release,
  now: Instant,
): CommandOutcome {
  const { to } = change;
  const route = allowedRoute(account, subscription, release, to);
  if ('ok' in route) return route;
  const timing = change.timing ?? (route.takesEffect === 'now' ? 'NOW' : 'PERIOD_END');
  const time = changeTime(account, subscription, { timing, at: change.at, toOtherPlan: true }, now);
  if ('ok' in time) return time;
  const addOns = addOnsUnder(subscription, change, release, route);
  if ('ok' in addOns) return addOns;
  const quantities = chosenQuantities(subscription, change);
  if ('ok' in quantities) return quantities;
  const { scheduled } = change;
  const moved = onPlan(subscription, { to, addOns, quantities }, now, account.timeZone);
  const above = seatsAbove(account, release, { route, after: moved, at: now });
  if (above !== null) return above;
  if (time.waits) {
    const named = change.addOns && addOns;
    const later = { to, at: time.at, addOns: named, quantities: change.quantities };
    return schedule(account, subscription, later, { scheduled, now });
  }
  const after = scheduled === 'kept' ? { ...moved, scheduledChange: keptChange(subscription, to) } : moved;
  return { ok: true, ...movePlan(account, release, { before: subscription, after, at: now }) };
}

/** `seatsAbove: refuse`: asked when the change is, also of one that is for later. */
function seatsAbove(
  account: CustomerAccount,
  release: Release,
  { route, after, at }: { readonly route: PlanRoute; readonly after: LiveSubscription; readonly at: Instant },
): Refused | null {
  if (route.seatsAbove.kind !== 'REFUSE') return null;
  const feature = endsAboveLimit(account, withSubscription(account, after), release, at);
  if (feature === null) return null;
  const { key } = after.planVersion.plan;
  return conflict(
    'plan',
    `more seats of \`${feature.key}\` are held than the plan \`${key}\` has; release some first`,
  );
}

/**
 * What remains of a scheduled change after a migration: the customer's choice of another plan. Of a change to another
 * version of its plan, which is the vendor's, or to where it is by now, what is bought with it remains.
 */
function keptChange(
  { planVersion, scheduledChange }: LiveSubscription,
  target: PlanVersion,
): ScheduledChange | null {
  const to = scheduledChange?.to ?? null;
  if (scheduledChange === null || to === null) return scheduledChange;
  const { key } = to.plan;
  const isThere = key === target.plan.key && to.version === target.version;
  if (!isThere && key !== planVersion.plan.key) return scheduledChange;
  const { addOns, quantities } = scheduledChange;
  return addOns === null && quantities === null ? null : { ...scheduledChange, to: null };
}

function allowedRoute(
  account: CustomerAccount,
  subscription: LiveSubscription,
  release: Release,
  to: PlanVersion,
): PlanRoute | Refused {
  const { plan, version } = subscription.planVersion;
  if (to.plan.key === plan.key && to.version === version) {
    return badInput('plan', `the subscription already is on \`${plan.key}\`, version ${String(version)}`);
  }
  const route = routeBetween(release.catalog, plan.key, to.plan.key);
  if (route === null) {
    return badInput('plan', noTransition(plan.key, to.plan.key));
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
  change: PlanChange,
  release: Release,
  route: PlanRoute,
): readonly BoughtAddOn[] | Refused {
  const { key } = change.to.plan;
  if (change.addOns !== null)
    return refusedAddOns(release.catalog, key, change.addOns) ?? boughtNow(release, change.addOns);
  const offered = takenAlong(release, key, subscription.addOns);
  if (offered.length === subscription.addOns.length || route.addOnsNotOffered === 'drop') return offered;
  return conflict(
    'plan',
    `the plan \`${key}\` is not sold with an add-on that the subscription has; name \`addOns\``,
  );
}

/** Those that are named, else the present ones that the new plan sells by number, too. */
function chosenQuantities(
  subscription: LiveSubscription,
  { quantities, to }: PlanChange,
): Quantities | Refused {
  const { plan } = to;
  if (quantities !== null) return refusedQuantities(plan, quantities) ?? quantities;
  const kept = quantitiesUnder(plan, subscription.quantities);
  const changed = [...kept].find(([key, quantity]) => quantity !== subscription.quantities.get(key));
  if (changed === undefined) return kept;
  return conflict(
    'plan',
    `the plan \`${plan.key}\` does not sell as many of \`${changed[0]}\` as the subscription has; name \`quantities\``,
  );
}
