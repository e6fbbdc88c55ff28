import type { DenyingCode, EntitlementSource } from '../decision/decision.js';
import { readEveryPlanRule } from '../decision/plan-rules.js';
import type { RuleFailure } from '../decision/rule-reading.js';
import {
  askerObstacle,
  licenseObstacles,
  namingOf,
  type NamingSource,
  type Obstacle,
  obstacleOf,
  planSource,
  sourcesIn,
} from '../decision/sources.js';
import type { Subject } from '../decision/subject.js';
import { isInForce, isOpen, type Grant } from '../grant/grant.js';
import { endedAt, type Holding, isLicense } from '../holding.js';
import { formatInstant, type Instant } from '../time/instant.js';
import { failed, passed, skipped, type Test } from './test.js';

/** What was asked of one source. */
export interface SourceTests {
  /** Its id: of the subscription, the licence or the grant. */
  readonly id: string;
  readonly tests: readonly Test[];
  /** The holding where it names the feature and may speak; null: it does not, or it is a grant. */
  readonly naming: NamingSource | null;
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

/** Rows 7 to 15 of the decision codes, all of them, of one subscription or licence. */
export function testHolding({ subject, at, broken, unnamed }: Surroundings, holding: Holding): SourceTests {
  const { id } = holding;
  const { key: feature } = subject.feature;
  const naming = namingOf(holding, feature, at);
  if (naming === null) return { id, tests: [notNaming(holding, feature, unnamed)], naming };
  const source = firstSource(naming);
  const named = passed('NOT_IN_PLAN', `\`${String(source.key)}\` has \`${feature}\``, source);
  const standing = STANDING[isLicense(holding) ? 'LICENSE' : 'SUBSCRIPTION'];
  const obstacle = obstacleOf(naming, subject.account, at);
  if (obstacle === 'SILENT') {
    const over = skipped(standing[0].rule, 'it has ended more than 90 days ago', source);
    return { id, tests: [named, over], naming: null };
  }
  const failing = failingCodes(holding, obstacle);
  const stands = standing.map(({ rule, detail }) =>
    failing.has(rule) ? failed(rule, feature, source) : passed(rule, detail, source),
  );
  const rules = ruleTests(subject, naming, broken, at);
  return { id, tests: [named, ...stands, ...rules, ...versionTests(subject, naming, at)], naming };
}

const STANDING = {
  LICENSE: [
    { rule: 'LICENSE_REVOKED', detail: 'it was not revoked' },
    { rule: 'LICENSE_EXPIRED', detail: 'it has not ended' },
    { rule: 'NOT_STARTED', detail: 'it has begun' },
    { rule: 'LICENSE_SUSPENDED', detail: 'it is not suspended' },
  ],
  SUBSCRIPTION: [
    { rule: 'SUBSCRIPTION_EXPIRED', detail: 'it has not ended' },
    { rule: 'NOT_STARTED', detail: 'it has begun' },
    { rule: 'SUBSCRIPTION_PAUSED', detail: 'it is not paused' },
  ],
} as const;

/** What stands in the way of a holding: of a licence that may be more than the first. */
function failingCodes(holding: Holding, obstacle: Obstacle | 'NONE'): ReadonlySet<DenyingCode> {
  if (isLicense(holding)) return new Set(licenseObstacles(holding).map(({ code }) => code));
  return new Set(obstacle === 'NONE' ? [] : [obstacle.code]);
}

/** Row 15, of licences. */
function versionTests(subject: Subject, naming: NamingSource, at: Instant): Test[] {
  if (!isLicense(naming.holding)) return [];
  const source = firstSource(naming);
  if (askerObstacle(naming, subject, at) !== null)
    return [failed('VERSION_NOT_COVERED', subject.feature.key, source)];
  return [
    subject.asker.productVersion === null || naming.holding.maintenanceUntil === null
      ? skipped('VERSION_NOT_COVERED', 'it covers every version, or none was named', source)
      : passed('VERSION_NOT_COVERED', 'its maintenance covers the version', source),
  ];
}

/** By which a source is named where one name is wanted: its plan, or the first add-on that gives the feature. */
export function firstSource(naming: NamingSource): EntitlementSource {
  return sourcesIn(naming)[0] ?? planSource(naming.holding);
}

/** Where another source has the feature, nothing is wrong with that. */
function notNaming(holding: Holding, feature: string, unnamed: boolean): Test {
  const source = planSource(holding);
  const isLive = endedAt(holding) === null;
  if (unnamed && isLive) return failed('NOT_IN_PLAN', feature, source);
  const ended = isLive ? '' : ', and has ended';
  return skipped('NOT_IN_PLAN', `\`${String(source.key)}\` does not have \`${feature}\`${ended}`, source);
}

/** Rows 13 and 14. */
function ruleTests(
  subject: Subject,
  naming: NamingSource,
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
