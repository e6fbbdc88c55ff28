import type { DecisionRecord } from '@licet/database';
import type { GatewayContext } from '../../context.js';

/** What the request itself does not know; `input`: with what was filled in, and nothing secret in it. */
export type Attempt = Pick<DecisionRecord, 'operation' | 'input' | 'at' | 'decision'>;

/**
 * Puts an attempt on record, and gives `answer` back: at once, or in `strict` when the record is durable. Every operation
 * that decides answers through this. Rejects with DatabaseUnavailableError where `strict` cannot record.
 */
export function recorded<T>(context: GatewayContext, attempt: Attempt, answer: T): T | Promise<T> {
  const { operation, input, at, decision } = attempt;
  const { tenantId, actor, requestId } = context.caller;
  const durable = context.services.decisions.record(tenantId, {
    operation,
    input,
    actor,
    requestId,
    at,
    decision,
  });
  return durable === null ? answer : durable.then(() => answer);
}
