import type { Feature } from '../catalog/catalog.js';
import { NO_CONTEXT, type RequestContext } from '../condition/facts.js';
import { isPrepaid } from '../credits/credit-block.js';
import type { CustomerState, KnownState, Release } from '../customer.js';
import { parseFeatureKey } from '../ids.js';
import { isMissing, seatTest } from '../seats/seat-test.js';
import { accountAt } from '../subscription/due.js';
import { addDuration } from '../time/calendar.js';
import { type Instant, type IsoDuration, parseTimeZone, type TimeZone } from '../time/instant.js';
import { windowAt } from '../usage/window.js';
import { answerUnits } from './answer-units.js';
import { type Asked, askedKey, askedReads, keepAnswer } from './asked.js';
import { type Asker, askerOf, NOBODY } from './asker.js';
import {
  type CompiledFeature,
  type Counted,
  countedAt,
  earliest,
  freesAfter,
  sameSources,
  type Settled,
  withEnd,
} from './compile.js';
import type { CheckRequest, Decision, DenyingCode } from './decision.js';
import { type CompiledEntitlement, type Entitled, entitlementOf, nextBoundary } from './entitlement.js';
import type { Answer } from './kept-answers.js';
import { ALLOWED, explainDenial } from './message.js';
import { Moment } from './moment.js';
import { counterOf, type Subject } from './subject.js';

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

/** Rows 1 to 3 of the decision codes. */
function decideUnknown(
  { kind, release, customerId }: Exclude<CustomerState, KnownState>,
  request: CheckRequest,
): Decision {
  const feature = findFeature(release, request.feature);
  if (feature === null) return denied(customerId, request, 'UNKNOWN_FEATURE');
  if (kind === 'UNKNOWN_CUSTOMER') return denied(customerId, request, 'UNKNOWN_CUSTOMER');
  if (feature.whenUnknown.kind !== 'OPEN') return denied(customerId, request, 'UNAVAILABLE');
  const code = 'ENTITLED_FALLBACK';
  return {
    allowed: true,
    code,
    message: ALLOWED[code],
    customerId,
    feature: feature.key,
    ...NOTHING_COUNTED,
  };
}

/** What needs the database itself, as spending does, while that is out of reach: denied, whatever `whenUnknown` says. */
export function denyOutOfReach(
  { release, customerId }: Exclude<CustomerState, KnownState>,
  request: CheckRequest,
): Decision {
  const isKnown = findFeature(release, request.feature) !== null;
  return denied(customerId, request, isKnown ? 'UNAVAILABLE' : 'UNKNOWN_FEATURE');
}

/** A spend while not even the rules are at hand: nothing was spent, whatever the feature is. */
export function denyWithoutRules(customerId: string, request: CheckRequest): Decision {
  return denied(customerId, request, 'UNAVAILABLE');
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

/** The state that counts where it was last known to be current at `knownAt`: itself, or OUT_OF_REACH. */
export function stateAtHand(
  state: CustomerState,
  request: CheckRequest,
  now: Instant,
  knownAt: Instant,
): CustomerState {
  const { release } = state;
  const feature = findFeature(release, request.feature);
  if (feature === null || isYoungEnough(feature, release, now, knownAt)) return state;
  const customerId = state.kind === 'KNOWN' ? state.account.id : state.customerId;
  return { kind: 'OUT_OF_REACH', release, customerId };
}

function isYoungEnough(
  { whenUnknown }: Feature,
  { catalog }: Release,
  now: Instant,
  knownAt: Instant,
): boolean {
  const age = whenUnknown.kind === 'LAST_KNOWN' ? whenUnknown.maxAge : catalog.staleFor;
  return isYoung(age, knownAt, now);
}

/** Whether what was last known to be current at `knownAt` is no older than `age`. */
export function isYoung(age: IsoDuration, knownAt: Instant, now: Instant): boolean {
  return now < addDuration(knownAt, age, utc());
}

/** An age is no matter of the customer's calendar. */
function utc(): TimeZone {
  const zone = parseTimeZone('UTC');
  if (zone === null) throw new Error('UTC is a time zone');
  return zone;
}

export function findFeature(release: Release, text: string): Feature | null {
  const key = parseFeatureKey(text);
  return key === null ? null : (release.catalog.features.get(key) ?? null);
}

/** A denial that rests on nothing that the customer has. */
export function denied(customerId: string, request: CheckRequest, code: DenyingCode): Decision {
  return {
    allowed: false,
    code,
    message: explainDenial(code, request.feature),
    customerId,
    feature: request.feature,
    ...NOTHING_COUNTED,
  };
}

const NOTHING_COUNTED = {
  value: null,
  limit: null,
  unlimited: false,
  used: null,
  reserved: null,
  remaining: null,
  resetsAt: null,
  validUntil: null,
  sources: [],
};

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

/** The decision at one instant, without how long it holds. The account has been brought to it before. */
export function decideAt(subject: Subject, { quantity }: CheckRequest, at: Instant): Decision {
  const entitlement = entitlementOf(subject, at);
  if (entitlement.kind === 'ENTITLED' && entitlement.allowance.kind === 'UNITS') {
    return answerUnits(countedAt(subject, entitlement, entitlement.allowance, at), quantity).decision;
  }
  return settledDecision(subject, entitlement, at);
}

function settledDecision(subject: Subject, entitlement: CompiledEntitlement, at: Instant): Decision {
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
function turnsAt(subject: Subject, request: CheckRequest, now: Instant, decision: Decision): Instant | null {
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
