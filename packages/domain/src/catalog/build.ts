import type { AddOnKey, FeatureKey, PlanKey } from '../ids.js';
import { parseDuration, type IsoDuration } from '../time/instant.js';
import { parsePlanFamily } from '../ids.js';
import type {
  AddOn,
  Catalog,
  CatalogRule,
  ExistingSubscriptions,
  Feature,
  LimitOutcome,
  Plan,
  PlanRule,
  TrialOutcome,
} from './catalog.js';
import type { AddOnDocument, CatalogDocument, PlanDocument } from './document.js';
import { readEnforcement, readEntitlements } from './entitlements.js';
import { buildFeatures } from './features.js';
import type { Finding, Path } from './problem.js';
import { buildScenarios } from './scenarios.js';
import { buildTransitions } from './transitions.js';

const ONE_HOUR = durationOrThrow('PT1H');

function durationOrThrow(text: string): IsoDuration {
  const duration = parseDuration(text);
  if (duration === null) throw new Error(`${text} is a duration`);
  return duration;
}

export type Report = (path: Path, message: string, atKey?: boolean) => void;

/** Makes a catalog of a document whose shape is right; what does not fit together is reported. */
export function buildCatalog(document: CatalogDocument): { catalog: Catalog; findings: Finding[] } {
  const findings: Finding[] = [];
  const report: Report = (path, message, atKey = false) => findings.push({ path, message, atKey });
  const collect = (found: readonly Finding[]): void => void findings.push(...found);
  const features = buildFeatures(document.features, report);
  const plans = new Map<PlanKey, Plan>();
  for (const [key, plan] of entriesOf(document.plans))
    plans.set(key, buildPlan(key, plan, features, report, collect));
  const addOns = new Map<AddOnKey, AddOn>();
  for (const [key, addOn] of entriesOf(document.addOns ?? {})) {
    addOns.set(key, buildAddOn(key, addOn, features, collect));
    addOn.with.forEach((plan, index) => mustExist(plans, plan, ['addOns', key, 'with', index], report));
  }
  for (const plan of plans.values()) checkPlan(plan, plans, report);
  const catalog: Catalog = {
    name: document.name,
    timeZone: document.timeZone ?? null,
    staleFor: document.staleFor ?? ONE_HOUR,
    expiringSoon: document.expiringSoon ?? [],
    features,
    plans,
    addOns,
    rules: (document.rules ?? []).map((rule, index) =>
      buildCatalogRule(rule, features, ['rules', index], report),
    ),
    transitions: buildTransitions(document.transitions, plans, report),
    existingSubscriptions: buildExisting(document.existingSubscriptions, plans, report),
    scenarios: buildScenarios(document.scenarios ?? [], { features, plans, addOns }, report),
  };
  return { catalog, findings };
}

/** Entries of a record whose keys have passed their parser. */
export function entriesOf<K extends string, V>(record: Readonly<Partial<Record<K, V>>>): [K, V][] {
  const entries: [K, V][] = [];
  for (const key in record) {
    const value = record[key];
    if (value !== undefined) entries.push([key, value]);
  }
  return entries;
}

export function mustExist<K extends string>(
  known: ReadonlyMap<K, unknown>,
  key: K,
  path: Path,
  report: Report,
): void {
  if (known.has(key)) return;
  report(path, `there is no such key \`${key}\`; known are: ${[...known.keys()].join(', ') || 'none'}`);
}

function buildPlan(
  key: PlanKey,
  plan: PlanDocument,
  features: ReadonlyMap<FeatureKey, Feature>,
  report: Report,
  collect: (found: readonly Finding[]) => void,
): Plan {
  const path: Path = ['plans', key];
  const family = plan.family ?? parsePlanFamily(key);
  if (family === null) throw new Error('a plan key can be a family');
  return {
    key,
    name: plan.name ?? key,
    family,
    model: MODELS[plan.model],
    period: plan.period ?? null,
    trial: plan.trial ? { for: plan.trial.for, then: trialOutcome(plan.trial.then) } : null,
    grace: plan.grace ?? null,
    onExpiry: plan.onExpiry ?? null,
    onCancel: plan.onCancel ?? null,
    onPause: plan.onPause ?? { clock: 'runs' },
    offline: plan.offline ?? null,
    maintenance: plan.maintenance ?? null,
    machines: plan.machines ? machinesOf(plan.machines) : null,
    entitlements: readEntitlements(plan.entitlements ?? {}, features, [...path, 'entitlements'], collect),
    rules: (plan.rules ?? []).map((rule, index) =>
      buildPlanRule(rule, features, [...path, 'rules', index], report),
    ),
  };
}

const MODELS = {
  subscription: 'SUBSCRIPTION',
  usage: 'USAGE',
  seats: 'SEATS',
  perpetual: 'PERPETUAL',
} as const;

/** `continue` is a word of the language; no plan can be called so. */
function trialOutcome(then: PlanKey | undefined): TrialOutcome {
  if (then === undefined) return { kind: 'EXPIRE' };
  return String(then) === 'continue' ? { kind: 'CONTINUE' } : { kind: 'PLAN', plan: then };
}

function machinesOf(machines: NonNullable<PlanDocument['machines']>): NonNullable<Plan['machines']> {
  return {
    limit: machines.limit,
    match: machines.match ?? 'all',
    atOnce: machines.atOnce ?? null,
    deactivations: machines.deactivations ?? null,
    per: machines.per ?? null,
    whenFull: machines.whenFull ?? 'refuse',
    offlineFiles: machines.offlineFiles ?? null,
  };
}

function checkPlan(plan: Plan, plans: ReadonlyMap<PlanKey, Plan>, report: Report): void {
  const path: Path = ['plans', plan.key];
  if (plan.trial?.then.kind === 'PLAN')
    mustExist(plans, plan.trial.then.plan, [...path, 'trial', 'then'], report);
  if (plan.onExpiry !== null) mustExist(plans, plan.onExpiry, [...path, 'onExpiry'], report);
  if (plan.onCancel !== null) mustExist(plans, plan.onCancel, [...path, 'onCancel'], report);
  if (String(plan.key) === 'continue')
    report(path, 'no plan can be called `continue`: it is a word of the language', true);
  if (plan.model === 'PERPETUAL' && plan.period !== null)
    report([...path, 'period'], 'a perpetual plan has no period');
  if (plan.model === 'PERPETUAL' && plan.trial !== null)
    report([...path, 'trial'], 'a perpetual plan has no trial');
  if (plan.model !== 'PERPETUAL' && plan.maintenance !== null) {
    report([...path, 'maintenance'], 'only a perpetual plan has maintenance');
  }
}

function buildAddOn(
  key: AddOnKey,
  addOn: AddOnDocument,
  features: ReadonlyMap<FeatureKey, Feature>,
  collect: (found: readonly Finding[]) => void,
): AddOn {
  const path: Path = ['addOns', key, 'entitlements'];
  return {
    key,
    name: addOn.name ?? key,
    with: addOn.with,
    entitlements: readEntitlements(addOn.entitlements, features, path, collect),
  };
}

function buildPlanRule(
  rule: NonNullable<PlanDocument['rules']>[number],
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: Report,
): PlanRule {
  mustExist(features, rule.feature, [...path, 'feature'], report);
  if (typeof rule.then === 'string') {
    if (rule.then === 'allow' && features.get(rule.feature)?.type !== 'BOOLEAN') {
      report([...path, 'then'], '`allow` applies to boolean features alone');
    }
    return { ...rule, then: rule.then };
  }
  return { ...rule, then: limitOutcome(rule.then, path, report) };
}

function limitOutcome(
  then: Exclude<NonNullable<PlanDocument['rules']>[number]['then'], string>,
  path: Path,
  report: Report,
): LimitOutcome {
  const enforcement = readEnforcement(then.enforce, then.overage);
  if (typeof enforcement !== 'string') return { limit: then.limit, enforcement };
  report([...path, 'then'], enforcement);
  return { limit: then.limit, enforcement: { kind: 'HARD' } };
}

function buildCatalogRule(
  rule: NonNullable<CatalogDocument['rules']>[number],
  features: ReadonlyMap<FeatureKey, Feature>,
  path: Path,
  report: Report,
): CatalogRule {
  mustExist(features, rule.feature, [...path, 'feature'], report);
  return rule;
}

function buildExisting(
  existing: CatalogDocument['existingSubscriptions'],
  plans: ReadonlyMap<PlanKey, Plan>,
  report: Report,
): ExistingSubscriptions {
  if (existing === undefined) return { default: 'stay', byPlan: new Map() };
  if (typeof existing === 'string') return { default: existing, byPlan: new Map() };
  const byPlan = new Map<PlanKey, ExistingSubscriptions['default']>();
  for (const [key, policy] of Object.entries(existing)) {
    if (key === 'default' || policy === undefined) continue;
    const plan = [...plans.keys()].find((candidate) => String(candidate) === key);
    if (plan === undefined) report(['existingSubscriptions', key], `there is no plan \`${key}\``, true);
    else byPlan.set(plan, policy);
  }
  return { default: existing.default ?? 'stay', byPlan };
}
