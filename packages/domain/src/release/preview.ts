import type { Feature } from '../catalog/catalog.js';
import type { ParsedCatalog } from '../catalog/parse.js';
import { type CatalogProblem, finding } from '../catalog/problem.js';
import type { Release } from '../customer.js';
import { runScenario, type ScenarioResult } from '../scenario/run-scenario.js';
import type { AddOnVersion, PlanVersion } from '../subscription/subscription.js';
import { type DocumentChange, changesBetween } from './changes.js';
import { leadsOn, policyOf } from './policy.js';

/** A release that is not live, or would not be: its document, and what it would decide by. */
export interface Candidate {
  readonly parsed: ParsedCatalog;
  readonly release: Release;
}

/** The release that it is compared with, and what hangs on it. */
export interface Baseline {
  readonly document: Readonly<Record<string, unknown>>;
  /** What each feature that was ever published counts as, by key; see `countsAs`. */
  readonly features: ReadonlyMap<string, string>;
  /** Live subscriptions, grouped. */
  readonly subscriptions: readonly SubscriptionGroup[];
}

export interface SubscriptionGroup {
  readonly planVersion: PlanVersion;
  readonly addOns: readonly AddOnVersion[];
  /** The last publication that has moved them to other versions; null: none. */
  readonly movedBy: number | null;
  readonly count: number;
}

export interface CatalogChange extends DocumentChange {
  /** Live subscriptions that would be decided on otherwise: those that stay on their version are not. */
  readonly subscriptionsAffected: number;
}

/** What publishing a document would do. */
export interface CatalogPreview {
  readonly problems: readonly CatalogProblem[];
  readonly changes: readonly CatalogChange[];
  readonly scenarios: readonly ScenarioResult[];
}

/** Of a document that does not parse. */
export function unparsedPreview(problems: readonly CatalogProblem[]): CatalogPreview {
  return { problems, changes: [], scenarios: [] };
}

/** Compares a candidate with what is live and runs its scenarios. Pure: from the documents and the given counts alone. */
export function previewRelease(candidate: Candidate, baseline: Baseline): CatalogPreview {
  const { parsed, release } = candidate;
  return {
    problems: [...parsed.problems, ...changedTypes(parsed, baseline.features)],
    changes: changesBetween(baseline.document, parsed.document).map((change) => ({
      ...change,
      subscriptionsAffected: affected(change, candidate, baseline),
    })),
    scenarios: parsed.catalog.scenarios.map((scenario) => runScenario(release, scenario)),
  };
}

/** What units of a feature mean: neither its type nor, for METERED, prepaid or windowed, ever changes. */
export function countsAs(feature: Feature): string {
  return feature.type === 'METERED' && feature.window === null ? 'METERED, prepaid' : feature.type;
}

function changedTypes(
  { catalog, locate }: ParsedCatalog,
  published: ReadonlyMap<string, string>,
): CatalogProblem[] {
  return [...catalog.features.values()].flatMap((feature) => {
    const was = published.get(feature.key);
    const is = countsAs(feature);
    if (was === undefined || was === is) return [];
    const message = `the feature \`${feature.key}\` was published as ${was} and cannot become ${is}; take another key`;
    return [locate(finding(['features', feature.key, 'type'], message))];
  });
}

function affected(change: DocumentChange, { release }: Candidate, { subscriptions }: Baseline): number {
  const [part, key] = change.steps;
  const touched = (fits: (group: SubscriptionGroup) => boolean): number =>
    subscriptions.filter(fits).reduce((sum, group) => sum + group.count, 0);
  switch (part) {
    case 'plans':
      return touched((group) => group.planVersion.plan.key === key && planMoves(group, release));
    case 'addOns':
      return touched((group) => addOnMoves(group, release, key));
    case 'features':
      return touched((group) => names(group, [String(key)]));
    case 'rules':
      return touched((group) => names(group, [...featuresIn(change)]));
    case 'timeZone':
      return touched(() => true);
    default:
      return 0;
  }
}

function planMoves(group: SubscriptionGroup, release: Release): boolean {
  const sold = release.planVersions.get(group.planVersion.plan.key);
  if (isTakenBack(group, release)) return true;
  return sold !== undefined && isMigrated(group, release) && leadsOn(group.planVersion, sold, release);
}

/** `key` left out: any add-on. */
function addOnMoves(group: SubscriptionGroup, release: Release, key?: string | number): boolean {
  return group.addOns.some((held) => {
    if (key !== undefined && held.addOn.key !== key) return false;
    if (isTakenBack(group, release)) return true;
    const sold = release.addOnVersions.get(held.addOn.key);
    return sold !== undefined && isMigrated(group, release) && leadsOn(held, sold, release);
  });
}

function isTakenBack({ movedBy }: SubscriptionGroup, { publication }: Release): boolean {
  const { undoesAfter } = publication;
  return undoesAfter !== null && movedBy !== null && movedBy > undoesAfter;
}

/** A plan that is sold no more keeps its subscriptions as they are. */
function isMigrated({ planVersion }: SubscriptionGroup, release: Release): boolean {
  const { key } = planVersion.plan;
  return release.planVersions.has(key) && policyOf(release, key) !== 'stay';
}

function names({ planVersion, addOns }: SubscriptionGroup, keys: readonly string[]): boolean {
  const { entitlements, rules } = planVersion.plan;
  const named: string[] = [
    ...entitlements.keys(),
    ...rules.flatMap((rule) => (rule.then === 'allow' ? [rule.feature] : [])),
    ...addOns.flatMap(({ addOn }) => [...addOn.entitlements.keys()]),
  ];
  return named.some((feature) => keys.includes(feature));
}

function featuresIn({ before, after }: DocumentChange): Set<string> {
  const rules: unknown[] = [before, after].flatMap((value: unknown) => value);
  return new Set(
    rules.flatMap((rule) =>
      typeof rule === 'object' && rule !== null && 'feature' in rule ? [String(rule.feature)] : [],
    ),
  );
}
