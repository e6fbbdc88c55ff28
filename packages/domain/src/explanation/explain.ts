import { NO_CONTEXT } from '../condition/facts.js';
import { type CustomerState, type KnownState, knownState } from '../customer.js';
import { askerOf } from '../decision/asker.js';
import { decide } from '../decision/decide.js';
import { findFeature } from '../decision/find-feature.js';
import { type CheckRequest, type Decision, DENYING_CODES, type DenyingCode } from '../decision/decision.js';
import { accountAt } from '../subscription/due.js';
import type { Subject } from '../decision/subject.js';
import type { Instant } from '../time/instant.js';
import type { DenialReason, Explanation } from './explanation.js';
import { testKnown } from './known-tests.js';
import { remediesFor } from './remedies/remedies.js';
import { failed, hasFailed, passed, skipped, type Test } from './test.js';

/**
 * Why `decide` answers as it does: every test that it asks and those that it need not ask any more, and what would
 * allow what it denies; docs/rules.md, "Why".
 */
export function explain(state: CustomerState, request: CheckRequest, now: Instant): Explanation {
  return reasoned(state, request, now, remediesFor);
}

/** As `explain`, of what cannot be changed any more: there is no remedy for it. */
export function explainWithoutRemedies(
  state: CustomerState,
  request: CheckRequest,
  now: Instant,
): Explanation {
  return reasoned(state, request, now, () => []);
}

function reasoned(
  state: CustomerState,
  request: CheckRequest,
  now: Instant,
  offer: typeof remediesFor,
): Explanation {
  if (state.kind !== 'KNOWN') return explainUnknown(decide(state, request, now), state, request);
  // What is worked out here is for another instant, perhaps: checks keep what they have worked out.
  const own = knownState(state.release, state.account);
  const decision = decide(own, request, now);
  const account = accountAt(state.account, state.release, now);
  return explainKnown({ decision, state: knownState(state.release, account), request, now, offer });
}

interface Asking {
  readonly decision: Decision;
  /** Brought to `now`. */
  readonly state: KnownState;
  readonly request: CheckRequest;
  readonly now: Instant;
  readonly offer: typeof remediesFor;
}

function explainKnown({ decision, state: { account, release }, request, now, offer }: Asking): Explanation {
  const feature = findFeature(release, request.feature);
  if (feature === null) {
    const missing = failed('UNKNOWN_FEATURE', request.feature);
    return withoutRemedies(decision, [missing, HOW_OLD, THERE, ...nothingToAsk(AFTER_CUSTOMER)]);
  }
  const subject: Subject = {
    ...{ account, release, feature },
    context: request.context ?? NO_CONTEXT,
    asker: askerOf(request),
  };
  const { steps, failures, conditions } = testKnown(subject, request, now);
  return {
    decision,
    steps: [inCatalog(request), AT_HAND, THERE, ...steps],
    reasons: failures.map(toReason),
    remedies: decision.allowed ? [] : offer({ account, release, feature, request, now }, conditions),
  };
}

/** Rows 1 to 3: without the customer there is nothing further to ask. */
function explainUnknown(
  decision: Decision,
  { kind, release }: Exclude<CustomerState, KnownState>,
  request: CheckRequest,
): Explanation {
  const feature = findFeature(release, request.feature);
  const first = feature === null ? failed('UNKNOWN_FEATURE', request.feature) : inCatalog(request);
  if (kind === 'UNKNOWN_CUSTOMER') {
    const second = feature === null ? HOW_OLD : AT_HAND;
    const missing = failed('UNKNOWN_CUSTOMER', request.feature);
    return withoutRemedies(decision, [first, second, missing, ...nothingToAsk(AFTER_CUSTOMER)]);
  }
  const rest = nothingToAsk(['UNKNOWN_CUSTOMER', ...AFTER_CUSTOMER]);
  if (feature === null) return withoutRemedies(decision, [first, HOW_OLD, ...rest]);
  const open = passed('UNAVAILABLE', 'what the customer has is out of reach, and the feature fails open');
  const second = decision.allowed ? open : failed('UNAVAILABLE', request.feature);
  return withoutRemedies(decision, [first, second, ...rest]);
}

function withoutRemedies(decision: Decision, tests: readonly Test[]): Explanation {
  return { decision, steps: tests, reasons: tests.filter(hasFailed).map(toReason), remedies: [] };
}

function toReason({ rule, detail, source }: Test): DenialReason {
  return { code: rule, message: detail, source };
}

const AT_HAND = passed('UNAVAILABLE', 'what the customer has is at hand');
const HOW_OLD = skipped('UNAVAILABLE', 'it is for the feature to say how old a state may be');
const THERE = passed('UNKNOWN_CUSTOMER', 'the customer is there');

function inCatalog({ feature }: CheckRequest): Test {
  return passed('UNKNOWN_FEATURE', `the catalog has \`${feature}\``);
}

const AFTER_CUSTOMER = DENYING_CODES.slice(DENYING_CODES.indexOf('UNKNOWN_CUSTOMER') + 1);

function nothingToAsk(codes: readonly DenyingCode[]): Test[] {
  return codes.map((code) => skipped(code, 'there is nothing that it could be asked of'));
}
