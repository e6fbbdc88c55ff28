import { checkRevision } from '@licet/database';
import { decide, type CustomerId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { granted } from '../../errors/api-error.js';
import type { StampedState } from '../../loaders.js';
import { readCustomerId } from '../arguments.js';
import { requireDecided } from '../feature/require-decided.js';
import { toDecision, type DecisionType } from './decision-type.js';

/** A check whose customer the caller may ask about; `path`: its argument, for errors. */
export interface Check {
  readonly customerId: CustomerId;
  readonly feature: string;
  readonly quantity: number;
  readonly path: string;
}

interface CheckAsked {
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  readonly atLeast?: string | null | undefined;
}

/** Answers checks in order, all on states that are read together: one release for all, one state for each customer. */
export async function checkMany(
  context: GatewayContext,
  asked: readonly CheckAsked[],
  pathOf: (index: number) => string,
): Promise<DecisionType[]> {
  const checks = asked.map((check, index): Check => {
    const path = pathOf(index);
    const customerId = context.access.requireCustomer(readCustomerId(`${path}.customerId`, check.customerId));
    return { customerId, feature: check.feature, quantity: check.quantity, path };
  });
  await reachRevisions(context, asked, pathOf);
  const states = await Promise.all(checks.map(({ customerId }) => context.loaders.states.load(customerId)));
  return checks.map((check, index) => {
    const stamped = states[index];
    if (!stamped) throw new Error(`no state for the check at ${check.path}`);
    return decideOne(check, stamped);
  });
}

export function decideOne(check: Check, { state, revision, asOf }: StampedState): DecisionType {
  requireDecided(state.release, check.feature, fieldOf(check.path, 'feature'));
  const decision = decide(state, { feature: check.feature, quantity: check.quantity }, asOf);
  return toDecision(decision, { release: state.release.number, revision, asOf });
}

function fieldOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** What was read before a revision was asked for may be older than it, so it is read anew. */
async function reachRevisions(
  context: GatewayContext,
  asked: readonly CheckAsked[],
  pathOf: (index: number) => string,
): Promise<void> {
  const revisions = new Map<string, string>();
  asked.forEach(({ atLeast }, index) => {
    if (atLeast != null && !revisions.has(atLeast)) revisions.set(atLeast, pathOf(index));
  });
  for (const [revision, path] of revisions) await reachRevision(context, revision, fieldOf(path, 'atLeast'));
}

/** Afterwards states are read that hold `revision`; CONFLICT where this history has no such revision. */
export async function reachRevision(context: GatewayContext, revision: string, field: string): Promise<void> {
  const reached = await checkRevision(context.db, context.access.tenantId, revision);
  granted(reached.ok ? reached : { ...reached, field }, '');
  context.loaders.states.clearAll();
}
