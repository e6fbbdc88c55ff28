import type { StampedState } from '@licet/database';
import { decide, decideStale, type CustomerId, type MemberId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import type { JsonObject } from '../../scalars/index.js';
import { boundJson, boundText, readCustomerId, readMemberId } from '../arguments.js';
import { readFingerprint } from '../machine/read-machine.js';
import { recorded } from '../decision/recorded.js';
import { toDecision, type DecisionType } from './decision-type.js';

/** A check whose customer the caller may ask about; `path`: its argument, for errors. */
export interface Check {
  readonly customerId: CustomerId;
  readonly feature: string;
  readonly quantity: number;
  /** Who asks; null: nobody is named. */
  readonly memberId: MemberId | null;
  /** Facts for rules. */
  readonly context: JsonObject | null;
  /** Of the vendor's software. */
  readonly productVersion: string | null;
  /** Of the machine. */
  readonly fingerprint: string | null;
  readonly path: string;
}

export interface CheckAsked {
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  readonly memberId?: string | null | undefined;
  readonly context?: JsonObject | null | undefined;
  readonly productVersion?: string | null | undefined;
  readonly fingerprint?: string | null | undefined;
  readonly atLeast?: string | null | undefined;
}

/** Answers checks in order, all on states that are read together: one release for all, one state for each customer. */
export async function checkMany(
  context: GatewayContext,
  asked: readonly CheckAsked[],
  pathOf: (index: number) => string,
  operation = 'checkMany',
): Promise<DecisionType[]> {
  const checks = asked.map((check, index) => readCheck(context, check, pathOf(index)));
  await reachRevisions(context, checks, asked);
  const states = await Promise.all(checks.map(async ({ customerId }) => context.states.load(customerId)));
  return Promise.all(
    checks.map(async (check, index) => {
      const stamped = states[index];
      if (!stamped) throw new Error(`no state for the check at ${check.path}`);
      return decideOne(context, operation, check, stamped);
    }),
  );
}

/** One check; answered at once where the customer's state is in memory. */
export function checkOne(
  context: GatewayContext,
  asked: CheckAsked,
  path: string,
): DecisionType | Promise<DecisionType> {
  if (asked.atLeast != null) return checkAtLeast(context, asked, path);
  return answerCheck(context, readCheck(context, asked, path));
}

/** As `checkOne`, of a check that has been read. */
export function answerCheck(context: GatewayContext, check: Check): DecisionType | Promise<DecisionType> {
  const stamped = context.states.load(check.customerId);
  return 'then' in stamped
    ? stamped.then((loaded) => decideOne(context, 'check', check, loaded))
    : decideOne(context, 'check', check, stamped);
}

async function checkAtLeast(context: GatewayContext, asked: CheckAsked, path: string): Promise<DecisionType> {
  const [decision] = await checkMany(context, [asked], () => path, 'check');
  if (!decision) throw new Error('a check had no answer');
  return decision;
}

/** Reads what is asked; FORBIDDEN where the caller may not ask about the customer, or the member. */
export function readCheck(
  { access }: Pick<GatewayContext, 'access'>,
  asked: CheckAsked,
  path: string,
): Check {
  const customerId = access.requireCustomer(readCustomerId(`${path}.customerId`, asked.customerId));
  const facts = asked.context == null ? null : boundJson(fieldOf(path, 'context'), asked.context);
  const productVersion = boundText(fieldOf(path, 'productVersion'), asked.productVersion) ?? null;
  const fingerprint = readFingerprint(fieldOf(path, 'fingerprint'), asked.fingerprint);
  const memberField = fieldOf(path, 'memberId');
  const named = asked.memberId == null ? null : readMemberId(memberField, asked.memberId);
  const memberId = access.requireMember(memberField, named);
  const { feature, quantity } = asked;
  return { customerId, feature, quantity, memberId, context: facts, productVersion, fingerprint, path };
}

/** Decides, and puts the decision on record; `operation`: as the log names it. */
export function decideOne(
  context: GatewayContext,
  operation: string,
  check: Check,
  stamped: StampedState,
): DecisionType | Promise<DecisionType> {
  const { state, revision, asOf, now, stale } = stamped;
  const { customerId, feature, quantity, memberId, productVersion, fingerprint } = check;
  const asked = {
    customerId,
    feature,
    quantity,
    memberId,
    context: check.context,
    productVersion,
    fingerprint,
  };
  const decision = stale ? decideStale(state, asked, now, asOf) : decide(state, asked, now);
  context.metrics.check(decision.code);
  const answer = toDecision(decision, { release: state.release.number, revision, asOf, stale });
  return recorded(context, { operation, input: asked, at: now, decision: answer }, answer);
}

function fieldOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** States from here on hold every revision that a check wants to have seen. */
async function reachRevisions(
  { states }: GatewayContext,
  checks: readonly Check[],
  asked: readonly CheckAsked[],
): Promise<void> {
  for (const [index, { atLeast }] of asked.entries()) {
    const check = checks[index];
    if (atLeast != null && check)
      await states.reach(atLeast, fieldOf(check.path, 'atLeast'), [check.customerId]);
  }
}
