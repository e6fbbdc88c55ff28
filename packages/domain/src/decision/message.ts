import { formatInstant } from '../time/instant.js';
import { isMissing, type MissingSeat, type SeatTest } from '../seats/seat-test.js';
import type { Decision, DenyingCode } from './decision.js';
import type { RuleFailure } from './rule-reading.js';

/** For people: why it is allowed. */
export const ALLOWED = {
  ENTITLED: 'allowed',
  ENTITLED_OVERAGE: 'allowed beyond the limit',
  ENTITLED_GRACE:
    'allowed during a grace period; it ends unless the payment comes in, or the licence is renewed',
  ENTITLED_GRANT: 'allowed because of a grant made for this customer',
  ENTITLED_FALLBACK: 'allowed although it is out of reach what the customer has: the feature fails open',
};

/** What a sentence may have to name, besides the code and the feature. */
interface Details extends Partial<Counted> {
  readonly rule?: RuleFailure | null;
  /** Whether as much would fit if nothing were used. */
  readonly fitsAlone?: boolean;
  readonly seat?: SeatTest;
  /** Nothing of it can be freed, and no time brings more. */
  readonly isPrepaid?: boolean;
}
type Counted = Pick<Decision, 'limit' | 'used' | 'reserved' | 'resetsAt'>;

/** For people: what is missing, and what would have to change. */
export function explainDenial(code: DenyingCode, feature: string, details: Details = {}): string {
  switch (code) {
    case 'DENIED_BY_RULE':
    case 'CONDITION_NOT_MET':
      return ruleSentence(feature, details.rule ?? null);
    case 'UNKNOWN_FEATURE':
      return `the catalog has no feature \`${feature}\`; see \`features\` for those it has`;
    case 'UNAVAILABLE':
      return `what the customer has of \`${feature}\` is out of reach; try again`;
    case 'UNKNOWN_CUSTOMER':
      return 'there is no such customer; create it by upsertCustomer';
    case 'BLOCKED':
      return `\`${feature}\` is blocked for this customer; lift the block`;
    case 'NO_ACTIVE_PLAN':
      return `the customer has no plan; subscribe to one that has \`${feature}\`${details.isPrepaid ? ', or add credits' : ''}`;
    case 'NOT_IN_PLAN':
      return `the customer's plan does not have \`${feature}\`; change to one that has it, or add it`;
    case 'LICENSE_REVOKED':
      return `the licence that gave \`${feature}\` was revoked; issue another one`;
    case 'LICENSE_EXPIRED':
      return `the licence that gave \`${feature}\` has ended; renew it`;
    case 'LICENSE_SUSPENDED':
      return `the licence that gives \`${feature}\` is suspended; reinstate it`;
    case 'VERSION_NOT_COVERED':
      return `this version came out when the maintenance of the licence that gives \`${feature}\` was over; renew the licence, or use an older version`;
    case 'NOT_ACTIVATED':
      return `the licence that gives \`${feature}\` is bound to machines, and this one is not activated on it, or was not named; activate it by activateMachine, and name it by its fingerprint`;
    case 'MACHINE_IN_USE':
      return `the licence that gives \`${feature}\` is in use on as many machines at once as it allows; end it on one of them, or wait until its place ends`;
    case 'SUBSCRIPTION_EXPIRED':
      return `the subscription that gave \`${feature}\` has ended; subscribe again`;
    case 'NOT_STARTED':
      return `what gives \`${feature}\` has not begun yet`;
    case 'SUBSCRIPTION_PAUSED':
      return `the subscription that gives \`${feature}\` is paused; resume it`;
    case 'NO_SEAT':
      return noSeat(feature, details);
    case 'LIMIT_EXCEEDED':
      return limitExceeded(feature, details);
  }
}

function ruleSentence(feature: string, failure: RuleFailure | null): string {
  if (failure === null) return `a rule of the catalog denies \`${feature}\``;
  switch (failure.kind) {
    case 'DENIES':
      return `the rule \`${failure.rule}\` denies \`${feature}\``;
    case 'NOT_MET':
      return `\`${feature}\` needs what the rule \`${failure.rule}\` asks for, and it is not met`;
    case 'MISSING':
      return missingFacts(feature, failure);
    case 'BROKEN':
      return `the rule \`${failure.rule}\` for \`${feature}\` cannot be evaluated: ${failure.detail}; correct the facts or the rule`;
  }
}

function missingFacts(feature: string, { rule, fields }: Extract<RuleFailure, { kind: 'MISSING' }>): string {
  const [is, it] = fields.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const alike = (one: string): string[] => fields.filter((other) => supply(other) === supply(one));
  const remedies = fields.map((field) => {
    const group = alike(field);
    return supply(field, group.length === fields.length ? it : listed(group));
  });
  return `${listed(fields)} ${is} missing, which the rule \`${rule}\` for \`${feature}\` needs; ${[...new Set(remedies)].join('; ')}`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

/** For people: how a fact that a rule needs is given. */
export function supply(field: string, it = 'it'): string {
  if (field.startsWith('context')) return `send ${it} with the request`;
  return field.startsWith('customer')
    ? `set ${it} by upsertCustomer`
    : `ask for ${it} by \`has\` in the rule`;
}

function noSeat(feature: string, { seat, fitsAlone = true, ...counted }: Details): string {
  if (seat !== undefined && isMissing(seat)) return missingSeat(feature, seat);
  const remedy = fitsAlone ? 'release one or raise the limit' : 'ask for fewer or raise the limit';
  return `\`${feature}\`: ${String(counted.used ?? 0)} of ${String(counted.limit ?? 0)} seats taken; ${remedy}`;
}

/** Members are persons: their ids are left out of what is written down. */
function missingSeat(feature: string, { missing, isNamed }: MissingSeat): string {
  if (!isNamed) return `\`${feature}\` needs a seat of \`${missing}\`; name the member that asks`;
  return missing === feature
    ? `the member holds no seat of \`${feature}\`; give it one`
    : `\`${feature}\` needs a seat of \`${missing}\`, and the member holds none; give it one`;
}

function limitExceeded(
  feature: string,
  { fitsAlone = true, isPrepaid = false, ...counted }: Details,
): string {
  const taken = `${String(counted.used ?? 0)} of ${String(counted.limit ?? 0)} used`;
  const held = counted.reserved ? `, ${String(counted.reserved)} reserved` : '';
  if (isPrepaid) return `\`${feature}\`: ${taken}${held}; add credits or change to a larger plan`;
  const sooner = counted.resetsAt ? `wait for ${formatInstant(counted.resetsAt)}` : 'free some';
  // What is more than all that there is fits at no time.
  const remedy = fitsAlone
    ? `${sooner} or change to a larger plan`
    : 'ask for less or change to a larger plan';
  return `\`${feature}\`: ${taken}${held}; ${remedy}`;
}
