import type { Plan } from '../catalog/catalog.js';
import type { ContextReads } from '../condition/context.js';
import type { RequestContext } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { holdingsOf, isLicense } from '../holding.js';
import { isLive } from '../subscription/state.js';
import type { Instant } from '../time/instant.js';
import type { Asker } from './asker.js';
import type { Counted, Settled } from './compile.js';

/**
 * A feature with rules that read more than a state holds: the facts of a request, or other counters. What is worked
 * out is kept by what these rules read, so that a request like one before costs little.
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
  /** Whether it depends on the machine that asks. */
  readonly machine: boolean;
}

/** What the rules that may come to speak of a customer, and its licences, read besides its state; null: nothing. */
export function askedReads(
  account: CustomerAccount,
  release: Release,
  feature: FeatureKey,
): AskedReads | null {
  const reads = rulesThatMaySpeak(account, release)
    .filter((rule) => rule.feature === feature && rule.when.asksRequest)
    .map((rule) => rule.when.reads);
  const productVersion = isMaintained(account, feature);
  const machine = isBound(account, feature);
  if (reads.length === 0 && !productVersion && !machine) return null;
  return {
    context: reads.map(({ context }) => context).reduce(union, new Set<string>()),
    usage: new Set(reads.flatMap(({ usage }) => [...usage])),
    productVersion,
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

/** Those of the catalog, of each plan that is sold, and of each that a holding is on, leads to or goes back to. */
function rulesThatMaySpeak(account: CustomerAccount, { catalog, planVersions }: Release) {
  const versions = holdingsOf(account).flatMap((holding) => {
    if (isLicense(holding)) return [holding.planVersion];
    const change = isLive(holding) ? holding.scheduledChange?.to : null;
    return [holding.planVersion, ...holding.moves.map(({ from }) => from), ...(change ? [change] : [])];
  });
  const plans = [...planVersions.values(), ...versions].map(({ plan }) => plan);
  return [...catalog.rules, ...plans.flatMap(({ rules }) => rules)];
}

function union(one: ContextReads, other: ContextReads): ContextReads {
  return one === 'ALL' || other === 'ALL' ? 'ALL' : new Set([...one, ...other]);
}

/** What a request brings with it. */
export interface Asking {
  readonly context: RequestContext;
  readonly asker: Asker;
}

/** The same for two requests of which these rules read the same, on counters that they read the same. */
export function askedKey(
  { context, usage, productVersion, machine }: AskedReads,
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
  const version = productVersion ? asker.productVersion : null;
  const identity = machine ? [asker.fingerprint, asker.components] : null;
  return JSON.stringify([facts, counters, version, identity]);
}

const MOST_ANSWERS = 16;
/** Characters: facts that are larger hardly come again, and a state is to stay small. */
const LONGEST_KEY = 1024;

export function keepAnswer({ answers }: Asked, key: string, answer: Settled | Counted): void {
  if (key.length > LONGEST_KEY) return;
  if (answers.size >= MOST_ANSWERS) answers.clear();
  answers.set(key, answer);
}
