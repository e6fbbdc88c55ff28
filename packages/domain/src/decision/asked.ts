import type { CatalogRule, Plan, PlanRule } from '../catalog/catalog.js';
import type { ContextReads } from '../condition/context.js';
import type { RequestContext } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { holdingsOf, isLicense } from '../holding.js';
import { isLive } from '../subscription/state.js';
import type { Instant } from '../time/instant.js';
import type { Asker } from './asker.js';
import type { Counted, Settled } from './compile.js';
import { asksMember } from '../seats/seat-test.js';

/**
 * A feature whose answer rests on more than a state holds: rules read the facts of a request, or other counters; it is, or
 * needs, a seat. What is worked out is kept by what is read, so that a request like one before costs little.
 */
export interface Asked {
  readonly kind: 'ASKED';
  readonly from: Instant;
  readonly until: null;
  readonly reads: AskedReads;
  readonly answers: Map<string, Settled | Counted>;
}

export interface AskedReads {
  readonly context: ContextReads;
  readonly usage: ReadonlySet<FeatureKey>;
  /** Whether it depends on the version of the vendor's software that asks. */
  readonly productVersion: boolean;
  /** Whether it depends on the member that asks. */
  readonly member: boolean;
  /** Whether it depends on the machine that asks. */
  readonly machine: boolean;
}

/** What the answer rests on besides the customer's state: by rules that may come to speak of it, and by its licences; null: nothing. */
export function askedReads(
  account: CustomerAccount,
  release: Release,
  feature: FeatureKey,
): AskedReads | null {
  const asked = release.catalog.features.get(feature);
  const member = asked !== undefined && asksMember(asked);
  const reads = askingRules(account, release)
    .filter((rule) => rule.feature === feature || rule.feature === asked?.needsSeat)
    .map((rule) => rule.when.reads);
  const productVersion =
    isMaintained(account, feature) ||
    (asked !== undefined && asked.needsSeat !== null && isMaintained(account, asked.needsSeat));
  const machine =
    isBound(account, feature) ||
    (asked !== undefined && asked.needsSeat !== null && isBound(account, asked.needsSeat));
  if (reads.length === 0 && !productVersion && !member && !machine) return null;
  return {
    context: reads.map(({ context }) => context).reduce(union, new Set<string>()),
    usage: new Set(reads.flatMap(({ usage }) => [...usage])),
    productVersion,
    member,
    machine,
  };
}

/** Whether a licence gives the feature to some versions of the product and not to others. */
function isMaintained({ licenses }: CustomerAccount, feature: FeatureKey): boolean {
  return licenses.some(
    ({ maintenanceUntil, planVersion: { plan } }) => maintenanceUntil !== null && speaksOf(plan, feature),
  );
}

/** Whether a licence gives the feature to some machines and not to others. */
function isBound({ licenses }: CustomerAccount, feature: FeatureKey): boolean {
  return licenses.some(({ planVersion: { plan } }) => plan.machines !== null && speaksOf(plan, feature));
}

function speaksOf(plan: Plan, feature: FeatureKey): boolean {
  return plan.entitlements.has(feature) || plan.rules.some((rule) => rule.feature === feature);
}

/** The rules that ask for a request's facts: of the catalog, of each plan that is sold, and of each that a holding is on, leads to or goes back to. */
function askingRules(account: CustomerAccount, release: Release): readonly Rule[] {
  const versions = holdingsOf(account).flatMap((holding) => {
    if (isLicense(holding)) return [holding.planVersion];
    const change = isLive(holding) ? holding.scheduledChange?.to : null;
    return [holding.planVersion, ...holding.moves.map(({ from }) => from), ...(change ? [change] : [])];
  });
  const own = versions.flatMap(({ plan }) => plan.rules.filter(asks));
  return own.length === 0 ? askingRulesOf(release) : [...askingRulesOf(release), ...own];
}

type Rule = CatalogRule | PlanRule;

function asks({ when }: Rule): boolean {
  return when.asksRequest;
}

/** Looked for once for all customers. */
const ASKING = new WeakMap<Release, readonly Rule[]>();

function askingRulesOf(release: Release): readonly Rule[] {
  const known = ASKING.get(release);
  if (known !== undefined) return known;
  const sold = [...release.planVersions.values()].flatMap(({ plan }) => plan.rules);
  const rules = [...release.catalog.rules, ...sold].filter(asks);
  ASKING.set(release, rules);
  return rules;
}

function union(one: ContextReads, other: ContextReads): ContextReads {
  return one === 'ALL' || other === 'ALL' ? 'ALL' : new Set([...one, ...other]);
}

/** What a request brings with it. */
export interface Asking {
  readonly context: RequestContext;
  readonly asker: Asker;
}

/** The same for two requests of which the same is read, on counters that are read the same. */
export function askedKey(
  { context, usage, productVersion, member, machine }: AskedReads,
  { context: request, asker }: Asking,
  account: CustomerAccount,
): string {
  const facts =
    context === 'ALL'
      ? request
      : Object.fromEntries(Object.entries(request).filter(([name]) => context.has(name)));
  const counters = [...usage].map((key) => {
    const meter = account.meters.get(key);
    return [meter?.used, meter?.reserved, meter?.window?.start];
  });
  return JSON.stringify([
    ...[facts, counters],
    productVersion ? asker.productVersion : null,
    member ? asker.member : null,
    machine ? [asker.fingerprint, asker.components] : null,
  ]);
}

const MOST_ANSWERS = 16;
/** Of those that depend on who asks: members are many. */
const MOST_OF_MEMBERS = 64;
/** Characters: facts that are larger hardly come again, and a state is to stay small. */
const LONGEST_KEY = 1024;

export function keepAnswer({ answers, reads }: Asked, key: string, answer: Settled | Counted): void {
  if (key.length > LONGEST_KEY) return;
  if (answers.size >= (reads.member ? MOST_OF_MEMBERS : MOST_ANSWERS)) answers.clear();
  answers.set(key, answer);
}
