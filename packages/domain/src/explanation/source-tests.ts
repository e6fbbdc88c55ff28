import type { EntitlementSource } from '../decision/decision.js';
import { readEveryPlanRule } from '../decision/plan-rules.js';
import type { RuleFailure } from '../decision/rule-reading.js';
import { namingOf, type NamingSubscription, obstacleOf, sourcesIn } from '../decision/sources.js';
import type { Subject } from '../decision/subject.js';
import { isInForce, isOpen, type Grant } from '../grant/grant.js';
import { isLive } from '../subscription/state.js';
import type { Subscription } from '../subscription/subscription.js';
import { formatInstant, type Instant } from '../time/instant.js';
import { failed, passed, skipped, type Test } from './test.js';

/** What was asked of one source. */
export interface SourceTests {
  /** Its id: of the subscription or the grant. */
  readonly id: string;
  readonly tests: readonly Test[];
  /** The subscription where it names the feature and may speak; null: it does not, or it is a grant. */
  readonly naming: NamingSubscription | null;
}

/** What is known before one source is looked at. */
export interface Surroundings {
  readonly subject: Subject;
  readonly at: Instant;
  /** Rules of the catalog that cannot be evaluated: row 14, of every source. */
  readonly broken: readonly RuleFailure[];
  /** No source names the feature. */
  readonly unnamed: boolean;
}

/** Rows 7 to 14 of the decision codes, all of them, of one subscription. */
export function testSubscription(
  { subject, at, broken, unnamed }: Surroundings,
  subscription: Subscription,
): SourceTests {
  const { id } = subscription;
  const { key: feature } = subject.feature;
  const naming = namingOf(subscription, feature, at);
  if (naming === null) return { id, tests: [notNaming(subscription, feature, unnamed)], naming };
  const source = firstSource(naming);
  const named = passed('NOT_IN_PLAN', `\`${String(source.key)}\` has \`${feature}\``, source);
  const obstacle = obstacleOf(naming, subject.account, at);
  if (obstacle === 'SILENT') {
    const over = skipped('SUBSCRIPTION_EXPIRED', 'it has ended more than 90 days ago', source);
    return { id, tests: [named, over], naming: null };
  }
  const code = obstacle === 'NONE' ? null : obstacle.code;
  const standing = STANDING.map(({ rule, detail }) =>
    rule === code ? failed(rule, feature, source) : passed(rule, detail, source),
  );
  return { id, tests: [named, ...standing, ...ruleTests(subject, naming, broken, at)], naming };
}

const STANDING = [
  { rule: 'SUBSCRIPTION_EXPIRED', detail: 'it has not ended' },
  { rule: 'NOT_STARTED', detail: 'it has begun' },
  { rule: 'SUBSCRIPTION_PAUSED', detail: 'it is not paused' },
] as const;

/** By which a source is named where one name is wanted: its plan, or the first add-on that gives the feature. */
export function firstSource(naming: NamingSubscription): EntitlementSource {
  return sourcesIn(naming)[0] ?? planOf(naming.subscription);
}

function planOf({ id, planVersion }: Subscription): EntitlementSource {
  return { kind: 'SUBSCRIPTION', id, key: planVersion.plan.key };
}

/** Where another source has the feature, nothing is wrong with that. */
function notNaming(subscription: Subscription, feature: string, unnamed: boolean): Test {
  const source = planOf(subscription);
  if (unnamed && isLive(subscription)) return failed('NOT_IN_PLAN', feature, source);
  const ended = isLive(subscription) ? '' : ', and has ended';
  return skipped('NOT_IN_PLAN', `\`${String(source.key)}\` does not have \`${feature}\`${ended}`, source);
}

/** Rows 13 and 14. */
function ruleTests(
  subject: Subject,
  naming: NamingSubscription,
  broken: readonly RuleFailure[],
  at: Instant,
): Test[] {
  const { key: feature } = subject.feature;
  const source = firstSource(naming);
  const { rules, obstacles } = readEveryPlanRule(subject, naming, at);
  const denying = rules.filter(({ then }) => then === 'deny');
  const others = rules.length - denying.length + broken.length;
  const denials = obstacles.filter(({ row }) => row === 13).map(({ failure }) => failure);
  const unmet = obstacles.filter(({ row }) => row === 14).map(({ failure }) => failure);
  return [
    ...orElse(
      denials.map((failure) => failed('DENIED_BY_RULE', feature, source, failure)),
      denying.length === 0
        ? skipped('DENIED_BY_RULE', 'its plan has no rule that denies it', source)
        : passed('DENIED_BY_RULE', 'no rule of its plan denies it', source),
    ),
    ...orElse(
      [...unmet, ...broken].map((failure) => failed('CONDITION_NOT_MET', feature, source, failure)),
      others === 0
        ? skipped('CONDITION_NOT_MET', 'it has no conditions', source)
        : passed('CONDITION_NOT_MET', 'its conditions can be evaluated and allow it', source),
    ),
  ];
}

function orElse(tests: readonly Test[], otherwise: Test): readonly Test[] {
  return tests.length > 0 ? tests : [otherwise];
}

/** Of a grant that gives: rows 10 and 14. One that begins later is no source yet. */
export function testGrant({ subject, broken }: Surroundings, { id, startsAt, status }: Grant): SourceTests {
  const { key: feature } = subject.feature;
  const source = { kind: 'GRANT', id, key: null } as const;
  const begins = `it is no source before it begins on ${formatInstant(startsAt)}`;
  const tests =
    status === 'SCHEDULED'
      ? [skipped('NOT_STARTED', begins, source)]
      : [
          passed('NOT_STARTED', 'it has begun', source),
          ...broken.map((failure) => failed('CONDITION_NOT_MET', feature, source, failure)),
        ];
  return { id, tests, naming: null };
}

/** The grants of the feature that hold at `at` or will, as their status says there. */
export function openGrants({ account, feature }: Subject, at: Instant): readonly Grant[] {
  return account.grants
    .filter((grant) => grant.feature === feature.key && isOpen(grant))
    .filter(({ expiresAt }) => expiresAt === null || at < expiresAt)
    .map((grant) => ({ ...grant, status: isInForce(grant, at) ? 'ACTIVE' : 'SCHEDULED' }));
}
