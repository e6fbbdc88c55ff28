import type { ContextReads } from '../condition/context.js';
import type { RequestContext } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import type { FeatureKey } from '../ids.js';
import { isLive } from '../subscription/state.js';
import type { Instant } from '../time/instant.js';
import type { Counted, Settled } from './compile.js';
import { asksMember } from '../seats/seat-test.js';
import type { AskedBy } from './subject.js';

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
  /** Whether it depends on who asks. */
  readonly member: boolean;
}

const NOTHING_READ: ContextReads = new Set();

/** What the answer rests on besides the customer's state, by the rules that may come to speak of it; null: nothing. */
export function askedReads(
  account: CustomerAccount,
  release: Release,
  feature: FeatureKey,
): AskedReads | null {
  const asked = release.catalog.features.get(feature);
  const member = asked !== undefined && asksMember(asked);
  const reads = rulesThatMaySpeak(account, release)
    .filter((rule) => rule.feature === feature || rule.feature === asked?.needsSeat)
    .filter((rule) => rule.when.asksRequest)
    .map((rule) => rule.when.reads);
  if (reads.length === 0 && !member) return null;
  return {
    context: reads.map(({ context }) => context).reduce(union, NOTHING_READ),
    usage: new Set(reads.flatMap(({ usage }) => [...usage])),
    member,
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

/** The same for two requests of which the same is read, on counters that are read the same. */
export function askedKey(
  { context, usage, member }: AskedReads,
  request: RequestContext,
  account: CustomerAccount,
  by: AskedBy,
): string {
  const facts =
    context === 'ALL'
      ? request
      : Object.fromEntries(Object.entries(request).filter(([name]) => context.has(name)));
  const counters = [...usage].map((key) => {
    const meter = account.meters.get(key);
    return [meter?.used, meter?.reserved, meter?.window?.start];
  });
  return JSON.stringify(member ? [facts, counters, by] : [facts, counters]);
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
