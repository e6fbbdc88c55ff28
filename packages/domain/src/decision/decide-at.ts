import { isPrepaid } from '../credits/credit-block.js';
import { isMissing, seatTest } from '../seats/seat-test.js';
import { accountAt } from '../subscription/due.js';
import type { Instant } from '../time/instant.js';
import { windowAt } from '../usage/window.js';
import { answerUnits } from './answer-units.js';
import { countedAt, earliest, freesAfter, sameSources } from './compile.js';
import type { CheckRequest, Decision } from './decision.js';
import { NOTHING_COUNTED } from './denied.js';
import { type CompiledEntitlement, type Entitled, entitlementOf, nextBoundary } from './entitlement.js';
import { ALLOWED, explainDenial } from './message.js';
import { counterOf, type Subject } from './subject.js';

/** The decision at one instant, without how long it holds. The account has been brought to it before. */
export function decideAt(subject: Subject, { quantity }: CheckRequest, at: Instant): Decision {
  const entitlement = entitlementOf(subject, at);
  if (entitlement.kind === 'ENTITLED' && entitlement.allowance.kind === 'UNITS') {
    return answerUnits(countedAt(subject, entitlement, entitlement.allowance, at), quantity).decision;
  }
  return settledDecision(subject, entitlement, at);
}

/** An answer that is the same for every quantity. */
export function settledDecision(subject: Subject, entitlement: CompiledEntitlement, at: Instant): Decision {
  const { account, feature } = subject;
  const base = {
    customerId: account.id,
    feature: feature.key,
    ...NOTHING_COUNTED,
    sources: entitlement.sources,
  };
  if (entitlement.kind === 'DENIED') {
    // What is used of a feature that the customer has no right to any more.
    const meter = counterOf(account, feature, at);
    const counted = meter === null ? {} : { used: meter.used, reserved: meter.reserved };
    const details = { rule: entitlement.rule, isPrepaid: isPrepaid(feature) };
    const message = explainDenial(entitlement.code, feature.key, details);
    return { allowed: false, code: entitlement.code, message, ...base, ...counted };
  }
  const seat = seatTest(subject, at);
  if (isMissing(seat)) {
    const message = explainDenial('NO_SEAT', feature.key, { seat });
    return { allowed: false, code: 'NO_SEAT', message, ...base };
  }
  const { allowance } = entitlement;
  const code = flatCode(entitlement);
  const value = allowance.kind === 'VALUE' ? allowance.value : null;
  return { allowed: true, code, message: ALLOWED[code], ...base, value };
}

function flatCode({
  withoutGrace,
  withoutGrants,
}: Entitled): 'ENTITLED' | 'ENTITLED_GRACE' | 'ENTITLED_GRANT' {
  if (withoutGrace === null) return 'ENTITLED_GRACE';
  return withoutGrants === null ? 'ENTITLED_GRANT' : 'ENTITLED';
}

const MOST_BOUNDARIES = 64;

/**
 * The first instant at which time alone makes the decision another one. Only at a boundary can it turn, so
 * they are tried in order; after 64 that change nothing the last one tried is named, which is on the safe side.
 */
export function turnsAt(
  subject: Subject,
  request: CheckRequest,
  now: Instant,
  decision: Decision,
): Instant | null {
  let { account } = subject;
  let at = now;
  let current = decision;
  for (let tried = 0; tried < MOST_BOUNDARIES; tried += 1) {
    const then = { ...subject, account };
    const frees = freesAfter(counterOf(account, subject.feature, at), at);
    const next = earliest(earliest(nextBoundary(then, at), windowEnd(then, at, current)), frees);
    // How much is free then is not known here.
    if (next === null || next === frees) return next;
    at = next;
    account = accountAt(account, subject.release, at);
    current = decideAt({ ...subject, account }, request, at);
    if (!sameDecision(decision, current)) return at;
  }
  return at;
}

/** Null where the end of the window shows in nothing: the right is not there, and nothing is counted. */
function windowEnd({ feature, account }: Subject, at: Instant, current: Decision): Instant | null {
  const counted = account.meters.get(feature.key)?.window ?? null;
  const countsLater = counted !== null && counted.start > at;
  const shows = countsLater || current.resetsAt !== null || (current.used ?? 0) + (current.reserved ?? 0) > 0;
  return feature.type === 'METERED' && shows ? (windowAt(feature, account, at)?.end ?? null) : null;
}

/** Whether two decisions say the same, but for how long. */
export function sameDecision(one: Decision, other: Decision): boolean {
  return (
    one.allowed === other.allowed &&
    one.code === other.code &&
    one.value === other.value &&
    one.limit === other.limit &&
    one.unlimited === other.unlimited &&
    one.used === other.used &&
    one.reserved === other.reserved &&
    one.remaining === other.remaining &&
    one.resetsAt === other.resetsAt &&
    one.message === other.message &&
    sameSources(one.sources, other.sources)
  );
}
