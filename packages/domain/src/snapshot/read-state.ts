import type { AddOn, Catalog, CatalogRule, Plan, PlanRule } from '../catalog/catalog.js';
import type { Condition } from '../condition/condition.js';
import { readCondition, type Surroundings } from '../condition/read-condition.js';
import { type CustomerAccount, type KnownState, knownState, type Release } from '../customer.js';
import type { License } from '../license/license.js';
import type { AddOnVersion, BoughtAddOn, PlanVersion, Subscription } from '../subscription/subscription.js';
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

/** Reads what `writeState` has written. Its signature has been verified before: this finds what is of another form. */
export function readState(document: unknown): StateReading {
  const read = wireState.safeParse(document);
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = issue?.path.map(String).join('.') ?? '';
    return { ok: false, path, message: issue?.message ?? 'it is of another form' };
  }
  try {
    return { ok: true, state: stateOf(read.data) };
  } catch (error) {
    if (!(error instanceof BrokenPart)) throw error;
    return { ok: false, path: error.path, message: error.message };
  }
}

/** Parts that do not go together, or a condition that cannot be read. */
class BrokenPart extends Error {
  constructor(
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}

interface Reading {
  readonly plans: readonly PlanVersion[];
  readonly addOns: readonly AddOnVersion[];
}

function stateOf({ release, plans, addOns, account }: WireState): KnownState {
  const reading: Reading = { plans: plans.map(planVersionOf), addOns };
  return knownState(releaseOf(release, reading), accountOf(account, reading));
}

function at<T>(all: readonly T[], place: number, path: string): T {
  const found = all[place];
  if (found === undefined) throw new BrokenPart(path, `there is no version at the place ${String(place)}`);
  return found;
}

function planVersionOf({ version, plan }: WirePlanVersion, place: number): PlanVersion {
  const path = `plans.${String(place)}.plan.rules`;
  const rules = plan.rules.map((rule, index): PlanRule => ({
    ...rule,
    when: conditionOf(rule.when, 'PLAN', `${path}.${String(index)}`),
  }));
  return { version, plan: { ...plan, rules } };
}

/** It was read before it was published, among features that may be gone since. */
function conditionOf(text: string, scope: Surroundings['scope'], path: string): Condition {
  const reading = readCondition(text, { scope, features: 'ANY' });
  if (reading.ok) return reading.condition;
  throw new BrokenPart(`${path}.when`, reading.faults[0]?.message ?? 'the condition cannot be read');
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
    catalog: catalogOf(catalog, { plans, addOns }),
    planVersions: new Map(plans.map((sold) => [sold.plan.key, sold])),
    addOnVersions: new Map(addOns.map((sold) => [sold.addOn.key, sold])),
  };
}

function catalogOf(wire: WireRelease['catalog'], { plans, addOns }: Reading): Catalog {
  const { features, rules, addOnsWith, ...rest } = wire;
  const catalogRule = (rule: (typeof rules)[number], index: number): CatalogRule => {
    const path = `release.catalog.rules.${String(index)}`;
    return { ...rule, when: conditionOf(rule.when, 'CATALOG', path) };
  };
  return {
    ...rest,
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
  };
}

function accountOf(wire: WireState['account'], reading: Reading): CustomerAccount {
  const { id: customerId } = wire;
  return {
    ...wire,
    subscriptions: wire.subscriptions.map((one, index) =>
      subscriptionOf({ ...one, customerId }, reading, `account.subscriptions.${String(index)}`),
    ),
    licenses: wire.licenses.map((one, index) =>
      licenseOf({ ...one, customerId }, reading, `account.licenses.${String(index)}`),
    ),
    grants: wire.grants.map((grant) => ({ ...grant, reason: '' })),
    reservations: [],
    leases: [],
    seats: wire.seats.map((seat) => ({ ...seat, borrowedUntil: null })),
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
  const machines = wire.machines.map((machine) => ({ ...machine, name: null }));
  const planVersion = at(plans, wire.planVersion, path);
  return { ...wire, planVersion, machines, keyHint: '', keyDigest: '' };
}
