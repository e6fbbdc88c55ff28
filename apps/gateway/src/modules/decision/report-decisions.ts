import { type DecisionRecord, decisionsKept, REPORTED } from '@licet/database';
import { ALLOWING_CODES, DENYING_CODES, formatInstant, type Instant, refuseTold } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { ApiError, badInput, refusalError } from '../../errors/api-error.js';
import { boundText, readCustomerId, requireStorable } from '../arguments.js';
import { readCheck } from '../check/check-many.js';
import { rejectionOf } from '../usage/rejection.js';
import type { LocalDecisionInput, ReportDecisionsResultType } from './reported-types.js';

/**
 * Decisions that were made by an SDK while nothing answered, taken into the log: each for itself, in order, once. What they say is the
 * SDK's word; what is not there any more, as a feature, may have been when it was decided.
 */
export async function reportDecisions(
  context: GatewayContext,
  reported: readonly LocalDecisionInput[],
): Promise<ReportDecisionsResultType> {
  const { access, db, services, feed } = context;
  const kept = await decisionsKept(db, access.tenantId);
  const read = reported.map((one) => readReport(context, one, { ...kept, now: feed.clock.now() }));
  const records = read.filter((one): one is DecisionRecord => !(one instanceof ApiError));
  const { size: accepted } = await services.reports.take(access.tenantId, records);
  return {
    accepted,
    duplicates: records.length - accepted,
    rejected: read.flatMap((one, index) => (one instanceof ApiError ? [{ index, ...rejectionOf(one) }] : [])),
  };
}

interface Times {
  readonly now: Instant;
  /** Since when, and how long, decisions are kept. */
  readonly since: Instant;
  readonly retention: string;
}

function readReport(
  context: GatewayContext,
  { id, customerId: customer, ...report }: LocalDecisionInput,
  times: Times,
): DecisionRecord | ApiError {
  try {
    requireOwnId(id);
    const customerId = context.access.requireCustomer(readCustomerId('customerId', customer));
    const feature = boundText('feature', report.feature);
    const { allowed, code, revision, release, at } = report;
    requireAnswer(allowed, code);
    if (release < 0) throw badInput('release', 'a release has a number from 0 on');
    boundText('revision', revision);
    requireTime(at, times);
    const { actor, requestId } = context.caller;
    return {
      ...{ operation: REPORTED, actor, requestId, at },
      input: inputOf(context, { customerId, feature }, report.input),
      decision: {
        ...{ id, allowed, code, message: messageOf(allowed, code), customerId, feature, ...NOT_TOLD },
        ...{ release, revision, asOf: at },
      },
    };
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** What an SDK does not report. */
const NOT_TOLD = {
  ...{ value: null, limit: null, unlimited: false, used: null, reserved: null, remaining: null },
  ...{ resetsAt: null, validUntil: null, sources: [], stale: false },
};

const ID_MAX = 255;
/** Of the ids that are given here. */
const OURS = 'dec_';

function requireOwnId(id: string): void {
  requireStorable('id', id);
  if (id.length < 1 || id.length > ID_MAX)
    throw badInput('id', `1 to ${String(ID_MAX)} characters are expected, not ${String(id.length)}`);
  if (id.startsWith(OURS))
    throw badInput('id', `\`${OURS}\` begins the ids of the gateway's own decisions; send the SDK's own id`);
}

const ALLOWING: ReadonlySet<string> = new Set(ALLOWING_CODES.filter((code) => code !== 'DONE'));
const DENYING: ReadonlySet<string> = new Set(DENYING_CODES);

/** An SDK answers checks, by the codes of checks. */
function requireAnswer(allowed: boolean, code: string): void {
  const allows = ALLOWING.has(code);
  if (!allows && !DENYING.has(code))
    throw badInput(
      'code',
      `no check is answered by \`${code}\`, which is for commands; send the check's code`,
    );
  if (allows !== allowed)
    throw badInput(
      'allowed',
      `\`${code}\` ${allows ? 'allows' : 'denies'}; send the answer with its own code`,
    );
}

function requireTime(at: Instant, { now, since, retention }: Times): void {
  const refusal = refuseTold(at, now);
  if (refusal) throw refusalError({ ok: false, ...refusal }, '');
  if (at < since)
    throw badInput(
      'at',
      `decisions are kept for \`${retention}\`, since ${formatInstant(since)}; report sooner, or keep them for longer by \`updateTenant\``,
    );
}

const FACTS: ReadonlySet<string> = new Set([
  ...['customerId', 'feature', 'quantity', 'memberId', 'context', 'productVersion', 'fingerprint'],
]);

/** What a check records of its input, so that what is secret or personal in it is where it is looked for. */
function inputOf(
  context: GatewayContext,
  about: Pick<DecisionRecord['decision'], 'customerId' | 'feature'>,
  input: LocalDecisionInput['input'],
): DecisionRecord['input'] {
  for (const [name, value] of Object.entries(input)) {
    if (!FACTS.has(name))
      throw badInput(`input.${name}`, `a check takes no \`${name}\`; put facts for rules into \`context\``);
    const named = name === 'customerId' || name === 'feature' ? about[name] : value;
    if (named !== value)
      throw badInput(`input.${name}`, `it is not the \`${name}\` of the decision; leave it out`);
  }
  const { path: _path, ...check } = readCheck(
    context,
    {
      ...about,
      quantity: quantityIn(input['quantity']),
      memberId: textIn(input, 'memberId'),
      context: factsIn(input['context']),
      productVersion: textIn(input, 'productVersion'),
      fingerprint: textIn(input, 'fingerprint'),
    },
    'input',
  );
  const license = context.access.ownLicense;
  return license === null ? check : { ...check, licenseId: license.licenseId };
}

function quantityIn(value: unknown): number {
  if (value === undefined || value === null) return 1;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw badInput('input.quantity', 'a quantity is a whole number from 0 on');
}

function textIn(input: LocalDecisionInput['input'], name: string): string | null {
  const value = input[name] ?? null;
  if (value === null || typeof value === 'string') return value;
  throw badInput(`input.${name}`, 'text is expected, or nothing');
}

function factsIn(value: unknown): LocalDecisionInput['input'] | null {
  if (value === undefined || value === null) return null;
  if (isObject(value)) return value;
  throw badInput('input.context', 'an object is expected, or nothing');
}

function isObject(value: unknown): value is LocalDecisionInput['input'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The reasons stayed with the SDK. */
function messageOf(allowed: boolean, code: string): string {
  return allowed
    ? 'allowed by an SDK, on the state that it had'
    : `denied by an SDK, with \`${code}\` on the state that it had; \`explain\` says what would have to change now`;
}
