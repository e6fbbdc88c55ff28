import type { AddOnKey, PlanKey } from '../ids.js';
import { parseDuration, type IsoDuration } from '../time/instant.js';
import { buildAddOn } from './add-ons.js';
import type { AddOn, Catalog, ExistingSubscriptions, Plan } from './catalog.js';
import type { CatalogDocument } from './document.js';
import { buildFeatures } from './features.js';
import { refuseTwice } from './refuse-twice.js';
import { buildPlan, checkPlans } from './plans.js';
import { finding, type Finding, type Report } from './problem.js';
import { entriesOf, mustExist } from './references.js';
import { buildCatalogRules } from './rules.js';
import { buildScenarios } from './scenarios.js';
import { buildTransitions } from './transitions.js';

const ONE_HOUR = durationOrThrow('PT1H');

function durationOrThrow(text: string): IsoDuration {
  const duration = parseDuration(text);
  if (duration === null) throw new Error(`${text} is a duration`);
  return duration;
}

/** Makes a catalog of a document whose shape is right; what does not fit together is reported. */
export function buildCatalog(document: CatalogDocument): { catalog: Catalog; findings: Finding[] } {
  const findings: Finding[] = [];
  const report: Report = (path, message, details) => findings.push(finding(path, message, details));
  const features = buildFeatures(document.features, report);
  const plans = new Map<PlanKey, Plan>();
  for (const [key, plan] of entriesOf(document.plans)) plans.set(key, buildPlan(key, plan, features, report));
  checkPlans(plans, document.plans, report);
  const addOns = new Map<AddOnKey, AddOn>();
  for (const [key, addOn] of entriesOf(document.addOns ?? {}))
    addOns.set(key, buildAddOn(key, addOn, features, plans, report));
  const { expiringSoon = [] } = document;
  refuseTwice(expiringSoon, ['expiringSoon'], report);
  const catalog: Catalog = {
    name: document.name,
    timeZone: document.timeZone ?? null,
    staleFor: document.staleFor ?? ONE_HOUR,
    expiringSoon,
    features,
    places: new Map([...features.keys()].map((key, place) => [key, place])),
    plans,
    addOns,
    rules: buildCatalogRules(document.rules ?? [], features, report),
    transitions: buildTransitions(document.transitions, plans, report),
    existingSubscriptions: buildExisting(document.existingSubscriptions, plans, report),
    scenarios: buildScenarios(document.scenarios ?? [], { features, plans, addOns }, report),
  };
  return { catalog, findings };
}

function buildExisting(
  existing: CatalogDocument['existingSubscriptions'],
  plans: ReadonlyMap<PlanKey, Plan>,
  report: Report,
): ExistingSubscriptions {
  if (existing === undefined) return { default: 'stay', byPlan: new Map() };
  if (typeof existing === 'string') return { default: existing, byPlan: new Map() };
  const byPlan = new Map<PlanKey, ExistingSubscriptions['default']>();
  const keys: ReadonlyMap<string, PlanKey> = new Map([...plans.keys()].map((key) => [key, key]));
  for (const [key, policy] of Object.entries(existing)) {
    if (key === 'default' || policy === undefined) continue;
    const plan = keys.get(key);
    if (plan !== undefined) byPlan.set(plan, policy);
    else
      mustExist(
        { kind: 'plan', known: keys, words: ['default'] },
        key,
        ['existingSubscriptions', key],
        report,
        true,
      );
  }
  return { default: existing.default ?? 'stay', byPlan };
}
