import type { Feature } from '../catalog/catalog.js';
import { NO_CONTEXT, type RequestContext } from '../condition/facts.js';
import type { CustomerState, KnownState } from '../customer.js';
import type { Instant } from '../time/instant.js';
import { answerUnits } from './answer-units.js';
import { type Asked, askedKey, askedReads, keepAnswer } from './asked.js';
import { type Asker, askerOf, NOBODY } from './asker.js';
import { type CompiledFeature, type Counted, countedAt, earliest, type Settled, withEnd } from './compile.js';
import { decideAt, settledDecision, turnsAt } from './decide-at.js';
import type { CheckRequest, Decision } from './decision.js';
import { denied } from './denied.js';
import { entitlementOf } from './entitlement.js';
import { findFeature } from './find-feature.js';
import type { Answer } from './kept-answers.js';
import { Moment } from './moment.js';
import type { Subject } from './subject.js';
import { decideUnknown, stateAtHand } from './without-state.js';

/**
 * May this customer do this, now? The only place that says yes or no; docs/rules.md, "Decision codes".
 * What does not depend on the quantity is worked out once per state, feature and span of time, and kept with the
 * state, and so is the last answer with the quantities that it stands for.
 */
export function decide(state: CustomerState, request: CheckRequest, now: Instant): Decision {
  if (state.kind !== 'KNOWN') return decideUnknown(state, request);
  return (
    state.answers.find(request.feature, request.quantity, now) ?? decideAnew(new Moment(state, now), request)
  );
}

/** `decide` for many questions of one instant. */
export function decisionsAt(state: CustomerState, now: Instant): (request: CheckRequest) => Decision {
  if (state.kind !== 'KNOWN') return (request) => decideUnknown(state, request);
  const moment = new Moment(state, now);
  return (request) =>
    state.answers.find(request.feature, request.quantity, now) ?? decideAnew(moment, request);
}

/** As `decisionsAt`, for who asks once: it is not worked out until when an answer stands, and none is kept. */
export function answersAt(
  state: CustomerState,
  now: Instant,
): (request: CheckRequest) => Omit<Decision, 'validUntil'> {
  if (state.kind !== 'KNOWN') return (request) => decideUnknown(state, request);
  const moment = new Moment(state, now);
  return (request) => state.answers.find(request.feature, request.quantity, now) ?? answerAt(moment, request);
}

function answerAt(moment: Moment, request: CheckRequest): Omit<Decision, 'validUntil'> {
  const { release, account: stored } = moment.state;
  const feature = findFeature(release, request.feature);
  if (feature === null) return denied(stored.id, request, 'UNKNOWN_FEATURE');
  const asking = { context: request.context ?? NO_CONTEXT, asker: askerOf(request) };
  return decideAt({ account: moment.account, release, feature, ...asking }, request, moment.now);
}

/** `decide` for who is going to move the counter: the answer is not kept, because it will not stand. */
export function decideOnce(state: CustomerState, request: CheckRequest, now: Instant): Decision {
  if (state.kind !== 'KNOWN') return decideUnknown(state, request);
  const feature = findFeature(state.release, request.feature);
  if (feature === null) return denied(state.account.id, request, 'UNKNOWN_FEATURE');
  return answerFor(new Moment(state, now), feature, { asker: askerOf(request), ...request }).decision;
}

function decideAnew(moment: Moment, request: CheckRequest): Decision {
  const { state } = moment;
  const feature = findFeature(state.release, request.feature);
  if (feature === null) return denied(state.account.id, request, 'UNKNOWN_FEATURE');
  const answer = answerFor(moment, feature, { asker: askerOf(request), ...request });
  // What other facts decide is found again by those.
  if (state.compiled.get(feature.key)?.kind !== 'ASKED') state.answers.keep(feature.key, answer);
  return answer.decision;
}

/** As a part of another decision: of a feature that is there, asked by `asker`. */
export function decideFor(state: KnownState, feature: Feature, question: AskedBy, now: Instant): Decision {
  return answerFor(new Moment(state, now), feature, question).decision;
}

type AskedBy = Pick<CheckRequest, 'quantity' | 'context'> & { readonly asker: Asker };

function answerFor(moment: Moment, feature: Feature, { quantity, context, asker }: AskedBy): Answer {
  const question: Question = { moment, feature, quantity, context: context ?? NO_CONTEXT, asker };
  const right = rightAt(moment, feature);
  return answerOf(right.kind === 'ASKED' ? rightOf(right, question) : right, question);
}

function rightAt(moment: Moment, feature: Feature): CompiledFeature {
  const { state, now } = moment;
  const kept = state.compiled.get(feature.key);
  if (kept !== undefined && holds(kept, now)) return kept;
  const compiled = compile(moment, feature);
  state.compiled.set(feature.key, compiled);
  return compiled;
}

/**
 * `decide` on a state that was last known to be current at `knownAt` and cannot be renewed: one that is older than
 * the feature allows counts as out of reach; docs/rules.md, "Without state".
 */
export function decideStale(
  state: CustomerState,
  request: CheckRequest,
  now: Instant,
  knownAt: Instant,
): Decision {
  return decide(stateAtHand(state, request, now, knownAt), request, now);
}

function compile(moment: Moment, feature: Feature): CompiledFeature {
  const { state, now } = moment;
  const { account: stored, release } = state;
  const reads = askedReads(stored, release, feature.key);
  if (reads !== null) return { kind: 'ASKED', from: now, until: null, reads, answers: new Map() };
  const { account } = moment;
  return compileFor({ account, release, feature, context: NO_CONTEXT, asker: NOBODY }, now);
}

/** What the subject has of the feature, as long as the same is asked by the same. */
function compileFor(subject: Subject, now: Instant): Settled | Counted {
  const { feature } = subject;
  const entitlement = entitlementOf(subject, now);
  if (entitlement.kind === 'ENTITLED' && entitlement.allowance.kind === 'UNITS') {
    return withEnd(countedAt(subject, entitlement, entitlement.allowance, now), subject);
  }
  const settled = settledDecision(subject, entitlement, now);
  const until = turnsAt(subject, { feature: feature.key, quantity: 0 }, now, settled);
  return { kind: 'SETTLED', from: now, until, decision: { ...settled, validUntil: until } };
}

interface Question {
  readonly moment: Moment;
  readonly feature: Feature;
  readonly quantity: number;
  readonly context: RequestContext;
  readonly asker: Asker;
}

function answerOf(right: Settled | Counted, question: Question): Answer {
  const { feature, quantity } = question;
  if (right.kind === 'SETTLED') {
    const { decision, from, until } = right;
    return { decision, least: 0, most: Number.MAX_SAFE_INTEGER, from, until };
  }
  const answer = answerUnits(right, quantity);
  if (right.turnsForAll) return answer;
  const asked = { feature: feature.key, quantity };
  const validUntil = turnsAt(subjectOf(question), asked, question.moment.now, answer.decision);
  return { ...answer, decision: { ...answer.decision, validUntil }, least: quantity, most: quantity };
}

/** The right of a request whose own facts, or other counters, decide. */
function rightOf(asked: Asked, question: Question): Settled | Counted {
  const { state, now } = question.moment;
  const key = askedKey(asked.reads, question, state.account);
  const kept = asked.answers.get(key);
  if (kept !== undefined && holds(kept, now)) return kept;
  const compiled = compileFor(subjectOf(question), now);
  keepAnswer(asked, key, compiled);
  return compiled;
}

function subjectOf({ moment, feature, context, asker }: Question): Subject {
  return { account: moment.account, release: moment.state.release, feature, context, asker };
}

function holds(right: CompiledFeature, now: Instant): boolean {
  const until = right.kind === 'COUNTED' ? earliest(right.until, right.freesAt) : right.until;
  return right.from <= now && (until === null || now < until);
}
