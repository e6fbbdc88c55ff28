import { answersSince } from '@licet/database';
import {
  explain,
  type Explanation,
  formatInstant,
  type Instant,
  isPlannable,
  stateAtHand,
} from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput } from '../../errors/api-error.js';
import { type CheckAsked, readCheck } from '../check/check-many.js';
import { toDecision } from '../check/decision-type.js';
import { recorded } from '../decision/recorded.js';
import { toCause } from '../event/touches.js';
import { explainPastCheck } from './explain-past.js';
import type { ExplanationType } from './explanation-types.js';

/** What `check` would answer now, or at a time ahead, or did answer at a time that is over, and why. */
export async function explainCheck(
  context: GatewayContext,
  asked: CheckAsked,
  at: Instant | null,
): Promise<ExplanationType> {
  const { states, access, db, feed } = context;
  const check = readCheck(context, asked, 'input');
  const { customerId, feature, quantity, memberId, productVersion, fingerprint } = check;
  if (asked.atLeast != null) await states.reach(asked.atLeast, 'input.atLeast', [customerId]);
  if (at !== null && at < feed.clock.now()) return explainPastCheck(context, check, at);
  const { state, revision, asOf, now, stale } = await states.load(customerId);
  if (at !== null) requirePlannable(at, now);
  const { context: facts } = check;
  const request = { feature, quantity, memberId, context: facts, productVersion, fingerprint };
  const held = stale ? stateAtHand(state, request, now, asOf) : state;
  const explanation = explain(held, request, at ?? now);
  const answers = at === null && !stale ? [{ request, decision: explanation.decision }] : [];
  const asOfNow = { customerId, answers, withLimit: false };
  const [since = null] = await answersSince(db, access.tenantId, asOfNow);
  const stamp = { release: state.release.number, revision, asOf, stale };
  const decision = toDecision(explanation.decision, stamp);
  const input = { customerId, ...request, ...(at === null ? {} : { at: formatInstant(at) }) };
  return recorded(
    context,
    { operation: 'explain', input, at: now, decision },
    {
      ...toExplanation(explanation),
      decision,
      since: since && toCause(since.event, { id: customerId, subject: since.subject }, access),
    },
  );
}

/** Nothing is planned beyond a century. */
function requirePlannable(at: Instant, now: Instant): void {
  if (!isPlannable(at, now))
    throw badInput('at', 'nothing is known of what lies more than a century ahead; give an earlier time');
}

function toExplanation({
  steps,
  reasons,
  remedies,
}: Explanation): Pick<ExplanationType, 'steps' | 'reasons' | 'remedies'> {
  return { steps, reasons, remedies: remedies.map((remedy) => ({ ...remedy, feature: null })) };
}
