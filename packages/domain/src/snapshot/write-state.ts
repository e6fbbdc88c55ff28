import type { CatalogRule, PlanRule } from '../catalog/catalog.js';
import type { ContextReads } from '../condition/context.js';
import type { CustomerAccount, Profile, Release } from '../customer.js';
import type { License } from '../license/license.js';
import { withOneEnd } from '../seats/seat.js';
import type { AddOnVersion, BoughtAddOn, PlanVersion, Subscription } from '../subscription/subscription.js';
import { reachedBy } from './reached-plans.js';
import {
  type StateDocument,
  type WireBought,
  type WireLicense,
  type WirePlanVersion,
  type WireRelease,
  wireState,
  type WireSubscription,
} from './snapshot-wire.js';
import { addOnVersions, planVersions, type Versions } from './versions.js';

/**
 * A customer's state as a snapshot holds it: what `decide` needs and no more. Plans and add-ons that the customer does not
 * come to by time alone are left out, attributes that no rule reads, reservations (their sums stand in the counters), and
 * what is for people or secret. `readState` makes a state of it that decides the same.
 */
export function writeState(release: Release, account: CustomerAccount): StateDocument {
  const versions: Writing = { plans: planVersions(), addOns: addOnVersions() };
  const wireAccount = {
    ...account,
    subscriptions: account.subscriptions.map((one) => subscriptionOf(one, versions)),
    licenses: account.licenses.map((one) => licenseOf(one, versions)),
    seats: account.seats.map(withOneEnd),
    meters: new Map([...account.meters].sort(([one], [other]) => (one < other ? -1 : 1))),
  };
  const wireRelease = releaseOf(release, account, versions);
  const rules = [...release.catalog.rules, ...versions.plans.all.flatMap(({ plan }) => plan.rules)];
  return wireState.write({
    release: wireRelease,
    plans: versions.plans.all.map(planVersionOf),
    addOns: versions.addOns.all,
    account: { ...wireAccount, profile: profileOf(account.profile, rules) },
  });
}

interface Writing {
  readonly plans: Versions<PlanVersion>;
  readonly addOns: Versions<AddOnVersion>;
}

function releaseOf(release: Release, account: CustomerAccount, { plans, addOns }: Writing): WireRelease {
  const reached = reachedBy(account, release);
  const { catalog } = release;
  const { transitions, existingSubscriptions } = catalog;
  const isReached = (key: PlanVersion['plan']['key']): boolean => reached.plans.has(key);
  const offered = [...catalog.addOns.values()].filter(({ key }) => reached.addOns.has(key));
  return {
    number: release.number,
    publication: release.publication,
    catalog: {
      name: catalog.name,
      timeZone: catalog.timeZone,
      staleFor: catalog.staleFor,
      expiringSoon: catalog.expiringSoon,
      features: [...catalog.features.values()],
      rules: catalog.rules.map(ruleOf),
      transitions:
        transitions &&
        transitions
          .map((one) => ({ ...one, from: one.from.filter(isReached), to: one.to.filter(isReached) }))
          .filter(({ from, to }) => from.length > 0 && to.length > 0),
      existingSubscriptions: {
        default: existingSubscriptions.default,
        byPlan: new Map([...existingSubscriptions.byPlan].filter(([key]) => isReached(key))),
      },
      addOnsWith: new Map(offered.map((addOn) => [addOn.key, addOn.with.filter(isReached)])),
    },
    plansSold: [...release.planVersions.values()]
      .filter(({ plan }) => isReached(plan.key))
      .map((sold) => plans.placeOf(sold)),
    addOnsSold: [...release.addOnVersions.values()]
      .filter(({ addOn }) => reached.addOns.has(addOn.key))
      .map((sold) => addOns.placeOf(sold)),
  };
}

function planVersionOf({ version, plan }: PlanVersion): WirePlanVersion {
  return { version, plan: { ...plan, rules: plan.rules.map(ruleOf) } };
}

function ruleOf<Then>({ name, feature, when, then }: Omit<PlanRule, 'then'> & { readonly then: Then }) {
  return { name, feature, when: when.text, then };
}

function subscriptionOf(subscription: Subscription, versions: Writing): WireSubscription {
  const { plans } = versions;
  const bought = (addOns: readonly BoughtAddOn[]) => addOns.map((one) => boughtOf(one, versions));
  const base = {
    planVersion: plans.placeOf(subscription.planVersion),
    addOns: bought(subscription.addOns),
    moves: subscription.moves.map(({ publication, from, addOns }) => ({
      publication,
      from: plans.placeOf(from),
      addOns: addOns.map((move) => ({ from: boughtOf(move.from, versions), to: move.to })),
    })),
  };
  if (!('scheduledChange' in subscription)) return { ...subscription, ...base };
  const { scheduledChange: change } = subscription;
  const scheduledChange = change && {
    ...change,
    to: change.to && plans.placeOf(change.to),
    addOns: change.addOns && bought(change.addOns),
  };
  return { ...subscription, ...base, scheduledChange };
}

function boughtOf(bought: BoughtAddOn, { addOns }: Writing): WireBought {
  return { of: addOns.placeOf(bought), quantity: bought.quantity };
}

function licenseOf(license: License, { plans }: Writing): WireLicense {
  return { ...license, planVersion: plans.placeOf(license.planVersion) };
}

/** Without what no rule reads. */
function profileOf(
  { name, attributes, createdAt }: Profile,
  rules: readonly (PlanRule | CatalogRule)[],
): Profile {
  const reads = rules.map(({ when }) => when.reads.customer);
  const isRead = (field: string, read: ContextReads): boolean => read === 'ALL' || read.has(field);
  const read = Object.entries(attributes).filter(([key]) => reads.some((one) => isRead(key, one.attributes)));
  return {
    name: reads.some(({ fields }) => isRead('name', fields)) ? name : null,
    attributes: Object.fromEntries(read),
    createdAt,
  };
}
