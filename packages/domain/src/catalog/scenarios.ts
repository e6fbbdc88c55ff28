import type { AddOnKey, FeatureKey, PlanKey } from '../ids.js';
import { type Instant, parseInstant } from '../time/instant.js';
import { entriesOf, mustExist, type Report } from './build.js';
import type { AddOn, Feature, Plan, Scenario } from './catalog.js';
import type { ScenarioDocument } from './document.js';
import type { Path } from './problem.js';

export interface Known {
  readonly features: ReadonlyMap<FeatureKey, Feature>;
  readonly plans: ReadonlyMap<PlanKey, Plan>;
  readonly addOns: ReadonlyMap<AddOnKey, AddOn>;
}

/** When a scenario asks, where it does not say. */
const NOW = parseInstant('2026-01-15T12:00:00Z');

export function buildScenarios(
  documents: readonly ScenarioDocument[],
  known: Known,
  report: Report,
): Scenario[] {
  return documents.map((document, index) => buildScenario(document, known, ['scenarios', index], report));
}

function buildScenario(document: ScenarioDocument, known: Known, path: Path, report: Report): Scenario {
  checkReferences(document, known, path, report);
  const { given, check } = document;
  return {
    name: document.name,
    given: {
      plans: plansOf(given),
      addOns: given.addOns ?? [],
      quantities: new Map(entriesOf(given.quantities ?? {})),
      usage: new Map(entriesOf(given.usage ?? {})),
      customer: {
        attributes: given.customer?.attributes ?? {},
        timeZone: given.customer?.timeZone ?? null,
        createdAt: given.customer?.createdAt ?? null,
      },
      status: given.status ?? null,
      paidUntil: given.paidUntil ?? null,
      startedAt: given.startedAt ?? null,
      now: given.now ?? defaultNow(),
      grants: given.grants ?? [],
      blocks: given.blocks ?? [],
      seats: given.seats ?? [],
    },
    check: {
      feature: check.feature,
      quantity: check.quantity ?? 1,
      productVersion: check.productVersion ?? null,
      memberId: check.memberId ?? null,
      context: check.context ?? {},
    },
    expect: document.expect,
  };
}

function plansOf(given: ScenarioDocument['given']): PlanKey[] {
  return [...(given.plan === undefined ? [] : [given.plan]), ...(given.plans ?? [])];
}

function defaultNow(): Instant {
  if (NOW === null) throw new Error('the default is an instant');
  return NOW;
}

function checkReferences(
  { given, check, expect }: ScenarioDocument,
  known: Known,
  path: Path,
  report: Report,
): void {
  if (given.plan !== undefined) mustExist(known.plans, given.plan, [...path, 'given', 'plan'], report);
  given.plans?.forEach((plan, at) => mustExist(known.plans, plan, [...path, 'given', 'plans', at], report));
  given.addOns?.forEach((addOn, at) =>
    mustExist(known.addOns, addOn, [...path, 'given', 'addOns', at], report),
  );
  for (const [feature] of entriesOf(given.usage ?? {}))
    mustExist(known.features, feature, [...path, 'given', 'usage', feature], report);
  // A scenario may promise UNKNOWN_FEATURE.
  if (expect['code'] !== 'UNKNOWN_FEATURE')
    mustExist(known.features, check.feature, [...path, 'check', 'feature'], report);
}
