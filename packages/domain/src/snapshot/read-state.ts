import type { AddOn, Catalog, CatalogRule, Plan, PlanRule } from '../catalog/catalog.js';
import type { Condition } from '../condition/condition.js';
import type { ConditionReading, Surroundings } from '../condition/read-condition.js';
import { type CustomerAccount, type KnownState, knownState, type Release } from '../customer.js';
import type { License } from '../license/license.js';
import type { AddOnVersion, BoughtAddOn, PlanVersion, Subscription } from '../subscription/subscription.js';
import { Misfit } from './codec.js';
import {
  type WireBought,
  type WireLicense,
  type WirePlanVersion,
  type WireRelease,
  wireState,
  type WireState,
  type WireSubscription,
} from './snapshot-wire.js';

/** A state that decides as the one that it was written from; else what is wrong with the document, and where. */
export type StateReading =
  | { readonly ok: true; readonly state: KnownState }
  | { readonly ok: false; readonly path: string; readonly message: string };

/** Reads the text of a condition, as `readCondition` does. */
export type ConditionReader = (text: string, surroundings: Surroundings) => ConditionReading;

/** Reads what `writeState` has written. Its signature has been verified before: this finds what is of another form. */
export function readState(document: unknown, readCondition: ConditionReader): StateReading {
  try {
    return { ok: true, state: stateOf(wireState.read(document), readCondition) };
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return { ok: false, path: error.path, message: error.message };
  }
}

interface Reading {
  readonly readCondition: ConditionReader;
  readonly plans: readonly PlanVersion[];
  readonly addOns: readonly AddOnVersion[];
}

function stateOf({ release, plans, addOns, account }: WireState, readCondition: ConditionReader): KnownState {
  const read = plans.map((plan, place) => planVersionOf(plan, place, readCondition));
  const reading: Reading = { plans: read, addOns, readCondition };
  return knownState(releaseOf(release, reading), accountOf(account, reading));
}

function at<T>(all: readonly T[], place: number, path: string): T {
  const found = all[place];
  if (found === undefined) throw new Misfit(`there is no version at the place ${String(place)}`, path);
  return found;
}

function planVersionOf(
  { version, plan }: WirePlanVersion,
  place: number,
  readCondition: ConditionReader,
): PlanVersion {
  const path = `plans.${String(place)}.plan.rules`;
  const rules = plan.rules.map((rule, index): PlanRule => ({
    ...rule,
    when: conditionOf(readCondition, rule.when, 'PLAN', `${path}.${String(index)}`),
  }));
  return { version, plan: { ...plan, rules } };
}

/** It was read before it was published, among features that may be gone since. */
function conditionOf(
  readCondition: ConditionReader,
  text: string,
  scope: Surroundings['scope'],
  path: string,
): Condition {
  const reading = readCondition(text, { scope, features: 'ANY' });
  if (reading.ok) return reading.condition;
  throw new Misfit(reading.faults[0]?.message ?? 'the condition cannot be read', `${path}.when`);
}

function releaseOf(
  { number, publication, catalog, plansSold, addOnsSold }: WireRelease,
  reading: Reading,
): Release {
  const plans = plansSold.map((place) => at(reading.plans, place, 'release.plansSold'));
  const addOns = addOnsSold.map((place) => at(reading.addOns, place, 'release.addOnsSold'));
  return {
    number,
    publication,
    catalog: catalogOf(catalog, { ...reading, plans, addOns }),
    planVersions: new Map(plans.map((sold) => [sold.plan.key, sold])),
    addOnVersions: new Map(addOns.map((sold) => [sold.addOn.key, sold])),
  };
}

function catalogOf(wire: WireRelease['catalog'], { plans, addOns, readCondition }: Reading): Catalog {
  const { features, rules, addOnsWith, ...rest } = wire;
  const catalogRule = (rule: (typeof rules)[number], index: number): CatalogRule => {
    const path = `release.catalog.rules.${String(index)}`;
    return { ...rule, when: conditionOf(readCondition, rule.when, 'CATALOG', path) };
  };
  return {
    features: new Map(features.map((feature) => [feature.key, feature])),
    places: new Map(features.map(({ key }, place) => [key, place])),
    plans: new Map(plans.map(({ plan }): [Plan['key'], Plan] => [plan.key, plan])),
    addOns: new Map(
      addOns.flatMap(({ addOn }): [AddOn['key'], AddOn][] => {
        const sold = addOnsWith.get(addOn.key);
        return sold === undefined ? [] : [[addOn.key, { ...addOn, with: sold }]];
      }),
    ),
    rules: rules.map(catalogRule),
    scenarios: [],
    ...rest,
  };
}

function accountOf(wire: WireState['account'], reading: Reading): CustomerAccount {
  const { id: customerId } = wire;
  return {
    reservations: [],
    leases: [],
    ...wire,
    subscriptions: wire.subscriptions.map((one, index) =>
      subscriptionOf({ customerId, ...one }, reading, `account.subscriptions.${String(index)}`),
    ),
    licenses: wire.licenses.map((one, index) =>
      licenseOf({ customerId, ...one }, reading, `account.licenses.${String(index)}`),
    ),
    grants: wire.grants.map((grant) => ({ reason: '', ...grant })),
    seats: wire.seats.map((seat) => ({ borrowedUntil: null, ...seat })),
  };
}

type Owned<T> = T & Pick<License, 'customerId'>;

function subscriptionOf(wire: Owned<WireSubscription>, reading: Reading, path: string): Subscription {
  const { plans } = reading;
  const bought = (addOns: readonly WireBought[]): readonly BoughtAddOn[] =>
    addOns.map((one) => boughtOf(one, reading, path));
  const base = {
    planVersion: at(plans, wire.planVersion, path),
    addOns: bought(wire.addOns),
    moves: wire.moves.map(({ publication, from, addOns }) => ({
      publication,
      from: at(plans, from, path),
      addOns: addOns.map((move) => ({ from: boughtOf(move.from, reading, path), to: move.to })),
    })),
  };
  if (!('scheduledChange' in wire)) return { ...wire, ...base };
  const { scheduledChange: change } = wire;
  const scheduledChange = change && {
    ...change,
    to: change.to === null ? null : at(plans, change.to, path),
    addOns: change.addOns && bought(change.addOns),
  };
  return { ...wire, ...base, scheduledChange };
}

function boughtOf({ of, quantity }: WireBought, { addOns }: Reading, path: string): BoughtAddOn {
  return { ...at(addOns, of, path), quantity };
}

function licenseOf(wire: Owned<WireLicense>, { plans }: Reading, path: string): License {
  const machines = wire.machines.map((machine) => ({ name: null, ...machine }));
  const planVersion = at(plans, wire.planVersion, path);
  return { keyHint: '', keyDigest: '', ...wire, planVersion, machines };
}
