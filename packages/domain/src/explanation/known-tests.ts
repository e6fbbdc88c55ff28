import { answerUnits } from '../decision/answer-units.js';
import { readCatalogRules } from '../decision/catalog-rules.js';
import { countedAt } from '../decision/compile.js';
import type { CheckRequest } from '../decision/decision.js';
import { adjustmentOf, type CompiledEntitlement, entitledBy } from '../decision/entitlement.js';
import { failureIn, readRule, type RuleFailure } from '../decision/rule-reading.js';
import { furthestFirst, type NamingSource, sourcesOf, takenAway } from '../decision/sources.js';
import type { Subject } from '../decision/subject.js';
import { asksMember, isMissing, seatTest } from '../seats/seat-test.js';
import { explainDenial } from '../decision/message.js';
import { holdingsOf } from '../holding.js';
import type { Instant } from '../time/instant.js';
import { combinationSteps } from './combination-steps.js';
import type { ExplanationStep } from './explanation.js';
import type { Inquiry } from './inquiry.js';
import { openGrants, testGrant, testHolding } from './source-tests.js';
import { failed, failedBy, hasFailed, passed, skipped, type Test } from './test.js';

/** All that is asked of a customer and a feature that are there. */
export interface KnownTests {
  readonly steps: readonly ExplanationStep[];
  /** The tests that stand in the way, the one that gives the code first. */
  readonly failures: readonly Test[];
  /** Sources that nothing but conditions stands in the way of: what these lack. */
  readonly conditions: readonly (readonly RuleFailure[])[];
}

/** Rows 4 to 19 of the decision codes, all of them. The account has been brought to `at` before. */
export function testKnown(subject: Subject, request: CheckRequest, at: Instant): KnownTests {
  const whole = sourcesOf(subject, at);
  const ruling = readCatalogRules(subject, at);
  const sources = ruling.broken === null ? whole : takenAway(whole, ruling.broken);
  const { feature } = subject;
  const adjustment = adjustmentOf(subject, ruling.cap, at);
  const right = entitledBy(sources, feature, adjustment);
  const unnamed = right.kind === 'DENIED' && sources.obstacles.length === 0;
  const surroundings = { subject, at, broken: brokenRules(subject, at), unnamed };
  const tested = [
    ...holdingsOf(subject.account).map((one) => testHolding(surroundings, one)),
    ...openGrants(subject, at)
      .filter(({ effect }) => effect.kind !== 'BLOCK')
      .map((grant) => testGrant(surroundings, grant)),
  ];
  const inquiry: Inquiry = { subject, request, at, whole, adjustment, sources, right, tested };
  const wide = [...blockTests(inquiry), ...denialTests(inquiry)];
  const plan = planTests(inquiry, unnamed);
  const asIf = rightAsked(inquiry);
  const seat = seatUnder(inquiry, asIf);
  const limit = limitUnder(inquiry, asIf);
  const failures = [...wide, ...plan, ...inOrderOfSpeaking(inquiry, unnamed), seat, limit].filter(hasFailed);
  return {
    steps: [
      ...wide,
      ...plan,
      ...tested.flatMap(({ tests }) => tests),
      ...combinationSteps(inquiry),
      seat,
      limit,
    ],
    failures,
    conditions: wide.some(hasFailed) ? [] : conditionsAlone(inquiry),
  };
}

function brokenRules(subject: Subject, at: Instant): RuleFailure[] {
  const rules = subject.release.catalog.rules.filter(({ feature }) => feature === subject.feature.key);
  return rules.flatMap((rule) => failureIn(rule, readRule(subject, rule, null, at)) ?? []);
}

/** Row 4. */
function blockTests({ subject, at }: Inquiry): Test[] {
  const { key } = subject.feature;
  const blocks = openGrants(subject, at).filter(({ effect }) => effect.kind === 'BLOCK');
  const holding = blocks.filter(({ status }) => status === 'ACTIVE');
  if (holding.length === 0) return [passed('BLOCKED', `no block of \`${key}\` is in force`)];
  return holding.map(({ id }) => failed('BLOCKED', key, { kind: 'GRANT', id, key: null }));
}

/** Row 5, of each rule that could deny. */
function denialTests({ subject, at }: Inquiry): Test[] {
  const { key } = subject.feature;
  const { rules } = subject.release.catalog;
  const denying = rules.filter(({ feature, then }) => feature === key && then === 'deny');
  if (denying.length === 0)
    return [skipped('DENIED_BY_RULE', `the catalog has no rule of its own that denies \`${key}\``)];
  return denying.map((rule) => {
    const reading = readRule(subject, rule, null, at);
    if (reading.kind === 'MET')
      return failed('DENIED_BY_RULE', key, null, { kind: 'DENIES', rule: rule.name });
    return failureIn(rule, reading) === null
      ? passed('DENIED_BY_RULE', `the rule \`${rule.name}\` does not deny it`)
      : skipped('DENIED_BY_RULE', `the rule \`${rule.name}\` cannot be evaluated, see CONDITION_NOT_MET`);
  });
}

/** Row 6; row 7 is asked of each plan. */
function planTests({ subject, sources }: Inquiry, unnamed: boolean): Test[] {
  const { key } = subject.feature;
  const noPlan = skipped('NOT_IN_PLAN', 'there is no plan that could have it');
  if (sources.anyLive) return [passed('NO_ACTIVE_PLAN', 'the customer has a plan')];
  if (unnamed) return [failed('NO_ACTIVE_PLAN', key), noPlan];
  const given = passed('NO_ACTIVE_PLAN', `no plan is live, and \`${key}\` comes from elsewhere`);
  return holdingsOf(subject.account).length === 0 ? [given, noPlan] : [given];
}

/** The failures of sources where none passes, of the one that got furthest first. */
function inOrderOfSpeaking({ sources, right, tested }: Inquiry, unnamed: boolean): Test[] {
  if (right.kind === 'ENTITLED') return [];
  if (unnamed) return tested.flatMap(({ tests }) => tests);
  const bySource = new Map(tested.map(({ id, tests }) => [id, tests]));
  return furthestFirst(sources.obstacles).flatMap(
    ({ sources: [source] }) => (source && bySource.get(source.id)) ?? [],
  );
}

/** What rows 18 and 19 are asked of. Where no source passes: as if the one that speaks did. */
function rightAsked(inquiry: Inquiry): CompiledEntitlement {
  const { right, sources, tested } = inquiry;
  if (right.kind === 'ENTITLED') return right;
  const speaking = furthestFirst(sources.obstacles)[0]?.sources[0]?.id;
  const naming = tested.find(({ id }) => id === speaking)?.naming ?? null;
  return naming === null ? grantsAlone(inquiry) : asIfPassing(inquiry, naming);
}

function asIfPassing(inquiry: Inquiry, naming: NamingSource): CompiledEntitlement {
  const { subject, whole, adjustment } = inquiry;
  return entitledBy({ ...whole, passing: [naming] }, subject.feature, adjustment);
}

/** What grants give where a rule of the catalog has taken them away. */
function grantsAlone({ subject, whole, adjustment }: Inquiry): CompiledEntitlement {
  return entitledBy({ ...whole, passing: [] }, subject.feature, adjustment);
}

/** Row 18. */
function seatUnder({ subject, request, at }: Inquiry, right: CompiledEntitlement): Test {
  const { feature } = subject;
  if (!asksMember(feature)) return skipped('NO_SEAT', 'it is no seat, and needs none');
  if (right.kind !== 'ENTITLED') return skipped('NO_SEAT', 'there is nothing that a seat could be of');
  const test = seatTest(subject, at);
  if (isMissing(test)) return failedBy('NO_SEAT', explainDenial('NO_SEAT', feature.key, { seat: test }));
  if (test === 'HELD') return passed('NO_SEAT', 'the member holds a seat');
  if (test === 'NOT_ASKED')
    return passed(
      'NO_SEAT',
      request.quantity === 0 ? 'no seat is asked for' : 'the member holds the seat that it needs',
    );
  if (right.allowance.kind !== 'UNITS')
    return skipped('NO_SEAT', 'there is no pool that could have one free');
  const { decision } = answerUnits(countedAt(subject, right, right.allowance, at), request.quantity);
  return decision.code === 'NO_SEAT'
    ? failedBy('NO_SEAT', decision.message)
    : passed('NO_SEAT', `${String(request.quantity)} are free`);
}

/** Row 19. */
function limitUnder({ subject: asked, request, at }: Inquiry, right: CompiledEntitlement): Test {
  if (asked.feature.type === 'SEATS')
    return skipped('LIMIT_EXCEEDED', 'whether seats are free is asked before');
  // Whether there is a seat does not matter here.
  const subject = { ...asked, asker: { ...asked.asker, member: 'ANYBODY' as const } };
  if (right.kind !== 'ENTITLED') return skipped('LIMIT_EXCEEDED', 'there is no limit to compare with');
  if (right.allowance.kind !== 'UNITS') return skipped('LIMIT_EXCEEDED', 'it is not counted');
  const counted = countedAt(subject, right, right.allowance, at);
  const { decision } = answerUnits(counted, request.quantity);
  if (decision.code === 'LIMIT_EXCEEDED') return failedBy('LIMIT_EXCEEDED', decision.message);
  const of = decision.limit === null ? 'without a limit' : `of ${String(decision.limit)}`;
  const taken = counted.used + counted.reserved;
  return passed('LIMIT_EXCEEDED', `${String(request.quantity)} on top of ${String(taken)} fit, ${of}`);
}

function conditionsAlone(inquiry: Inquiry): RuleFailure[][] {
  return inquiry.tested.flatMap(({ naming, tests }) => {
    const failures = tests.filter(hasFailed);
    const unmet = failures.flatMap(({ rule, failure }) => (rule === 'CONDITION_NOT_MET' && failure) || []);
    if (unmet.length === 0 || unmet.length < failures.length) return [];
    const right = naming === null ? grantsAlone(inquiry) : asIfPassing(inquiry, naming);
    const rest = [seatUnder(inquiry, right), limitUnder(inquiry, right)];
    return rest.some(hasFailed) ? [] : [unmet];
  });
}
