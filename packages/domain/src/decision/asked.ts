import type { ContextReads } from '../condition/context.js';
import type { RequestContext } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { isLive } from '../subscription/state.js';
import type { Instant } from '../time/instant.js';
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
}

/** What the rules that may come to speak of a customer read besides its state; null: nothing. */
export function askedReads(
  account: CustomerAccount,
  release: Release,
  feature: FeatureKey,
): AskedReads | null {
  const reads = rulesThatMaySpeak(account, release)
    .filter((rule) => rule.feature === feature && rule.when.asksRequest)
    .map((rule) => rule.when.reads);
  if (reads.length === 0) return null;
  return {
    context: reads.map(({ context }) => context).reduce(union),
    usage: new Set(reads.flatMap(({ usage }) => [...usage])),
  };
}

/** Those of the catalog, of each plan that is sold, and of each that a subscription is on, leads to or goes back to. */
function rulesThatMaySpeak({ subscriptions }: CustomerAccount, { catalog, planVersions }: Release) {
  const versions = subscriptions.flatMap((subscription) => [
    subscription.planVersion,
    ...subscription.moves.map(({ from }) => from),
    ...(isLive(subscription) && subscription.scheduledChange?.to ? [subscription.scheduledChange.to] : []),
  ]);
  const plans = [...planVersions.values(), ...versions].map(({ plan }) => plan);
  return [...catalog.rules, ...plans.flatMap(({ rules }) => rules)];
}

function union(one: ContextReads, other: ContextReads): ContextReads {
  return one === 'ALL' || other === 'ALL' ? 'ALL' : new Set([...one, ...other]);
}

/** The same for two requests of which these rules read the same, on counters that they read the same. */
export function askedKey(
  { context, usage }: AskedReads,
  request: RequestContext,
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
  return JSON.stringify([facts, counters]);
}

const MOST_ANSWERS = 16;
/** Characters: facts that are larger hardly come again, and a state is to stay small. */
const LONGEST_KEY = 1024;

export function keepAnswer({ answers }: Asked, key: string, answer: Settled | Counted): void {
  if (key.length > LONGEST_KEY) return;
  if (answers.size >= MOST_ANSWERS) answers.clear();
  answers.set(key, answer);
}
