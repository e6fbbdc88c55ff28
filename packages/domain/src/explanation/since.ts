import { NO_CONTEXT } from '../condition/facts.js';
import type { CustomerAccount, Release } from '../customer.js';
import { askerOf } from '../decision/asker.js';
import { decideAt } from '../decision/decide-at.js';
import { findFeature } from '../decision/find-feature.js';
import type { CheckRequest, Decision } from '../decision/decision.js';
import type { Grant } from '../grant/grant.js';
import type { Subscription } from '../subscription/subscription.js';
import { type Instant, instant } from '../time/instant.js';
import { type Past, type PastEvent, undone, withAfter } from './past.js';

export interface Answered {
  /** As it is written: what time has made due and nobody has written down is not in it. */
  readonly account: CustomerAccount;
  readonly release: Release;
  readonly request: CheckRequest;
  /** The answer now. */
  readonly decision: Pick<Decision, 'code' | 'value' | 'limit'>;
  /** Whether another limit is another answer, too. */
  readonly withLimit: boolean;
  readonly now: Instant;
}

/**
 * The place of the event after which the answer became what it is; null: it cannot be told.
 * `events`: of this customer, newest first, without a gap. They are taken back one by one, and the question is asked anew
 * before and after each: where the answer has turned between two events nobody has told of what turned it.
 */
export function turnedBy(answered: Answered, events: readonly PastEvent[]): number | null {
  const { account, release, request, decision, now } = answered;
  const wanted = nameOf(decision, answered.withLimit);
  const answerAt = (one: Past, at: Instant): string | null => {
    const answer = answerOf(one, request, at);
    return answer && nameOf(answer, answered.withLimit);
  };
  let past: Past = { account, release };
  if (answerAt(past, now) !== wanted) return null;
  for (const [index, event] of events.entries()) {
    const after = withAfter(past, event.undo);
    if (answerAt(after, event.at) !== wanted) return null;
    const before = undone(after, event.undo);
    if (before === null) return null;
    const answer = answerAt(before, instant(event.at - 1));
    if (answer === null) return null;
    const older = events[index + 1];
    const isBystander =
      isBackdated(event, older) &&
      answerAt(before, older.at) === wanted &&
      answerAt(after, instant(event.at - 1)) === answer;
    if (answer !== wanted && !isBystander) return isTwin(event, older) ? index + 1 : index;
    past = before;
  }
  return null;
}

/** A payment is told of as of when billing saw it: what was otherwise then, another event may have turned since. */
function isBackdated(event: PastEvent, older: PastEvent | undefined): older is PastEvent {
  return older !== undefined && older.at >= event.at;
}

/** A trial's end is told twice where it leads to another plan, or to none; it is heard by the first name. */
function isTwin(event: PastEvent, older: PastEvent | undefined): boolean {
  if (older?.at !== event.at || older.undo.kind !== 'SUBSCRIPTION' || event.undo.kind !== 'SUBSCRIPTION')
    return false;
  const [one, other] = [event.undo.after, older.undo.after];
  return one.id === other.id && one.status === other.status && isSamePlan(one, other);
}

type Answer = Answered['decision'];

function nameOf({ code, value, limit }: Answer, withLimit: boolean): string {
  return [code, value, withLimit ? limit : null].join(' ');
}

/** Null: by this release the feature is not decided. */
function answerOf({ account, release }: Past, request: CheckRequest, at: Instant): Answer | null {
  const feature = findFeature(release, request.feature);
  if (feature === null) return { code: 'UNKNOWN_FEATURE', value: null, limit: null };
  if (account === null) return { code: 'UNKNOWN_CUSTOMER', value: null, limit: null };
  const grants = account.grants.flatMap((grant) => asWritten(grant, at));
  const asking = { context: request.context ?? NO_CONTEXT, asker: askerOf(request) };
  return decideAt({ account: { ...account, grants }, release, feature, ...asking }, request, at);
}

/** Of what begins or ends at an instant the status says whether it has. */
function asWritten(grant: Grant, at: Instant): Grant[] {
  if (grant.status !== 'ACTIVE') return [];
  return [{ ...grant, startsAt: grant.startsAt < at ? grant.startsAt : at, expiresAt: null }];
}

function isSamePlan({ planVersion: one }: Subscription, { planVersion: other }: Subscription): boolean {
  return one.plan.key === other.plan.key && one.version === other.version;
}
