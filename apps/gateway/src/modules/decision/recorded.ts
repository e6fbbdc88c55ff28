import type { DecisionRecord } from '@licet/database';
import type { TenantId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';

/** What the request itself does not know. */
export type Attempt = Pick<DecisionRecord, 'operation' | 'input' | 'at' | 'decision'> & {
  /** Left out: the caller's. */
  readonly tenantId?: TenantId;
};

/**
 * Puts an attempt on record, and gives `answer` back: at once, or in `strict` when the record is durable. Every operation
 * that decides answers through this. `input`: with what was filled in, and nothing secret in it. Rejects with
 * DatabaseUnavailableError where `strict` cannot record.
 */
export function recorded<T>(context: GatewayContext, attempt: Attempt, answer: T): T | Promise<T> {
  const { operation, input, at, decision } = attempt;
  const { tenantId, actor, requestId } = context.caller;
  const durable = context.services.decisions.record(attempt.tenantId ?? tenantId, {
    ...{ operation, input, actor, requestId, at, decision },
  });
  return durable === null ? answer : durable.then(() => answer);
}

/** As `recorded`, of several at once. */
export async function allRecorded<T>(
  context: GatewayContext,
  attempts: readonly Attempt[],
  answer: T,
): Promise<T> {
  await Promise.all(attempts.map(async (attempt) => recorded(context, attempt, null)));
  return answer;
}
