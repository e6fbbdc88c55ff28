import { type DecisionRecord, explainRecord, isExplained, lastDecision } from '@licet/database';
import type { Instant } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { granted, notFound } from '../../errors/api-error.js';
import type { Check } from '../check/check-many.js';
import { toAnswered } from '../decision/decision-record-types.js';
import type { ExplanationType } from './explanation-types.js';

/**
 * What was answered last at or before a time that is over, and why; docs/rules.md, "Why". Of the question it takes customer, feature and member; what
 * else was asked is on record. It decides nothing, and is not recorded itself.
 */
export async function explainPastCheck(
  { db, access: { tenantId } }: GatewayContext,
  { customerId, feature, memberId }: Check,
  at: Instant,
): Promise<ExplanationType> {
  const isWanted = (record: DecisionRecord): boolean =>
    (memberId === null || record.input['memberId'] === memberId) && isExplained(record);
  const sought = { customerId, feature, at, isWanted };
  const { record } = granted(await lastDecision(db, tenantId, sought), '');
  if (record === null)
    throw notFound(
      'at',
      `no answer about \`${feature}\` is on record for the customer \`${customerId}\`${memberId === null ? '' : ` and the member \`${memberId}\``} at or before that time; \`decisions\` lists those that are, so give the time of one of them, or a later one`,
    );
  const decision = toAnswered(record.decision);
  const { steps, reasons } = (await explainRecord(db, tenantId, record)) ?? asRecorded(decision);
  return { decision, steps, reasons, remedies: [], since: null };
}

/** Where it cannot be told what it was decided on: no more than was answered. */
function asRecorded({
  allowed,
  code,
  message,
}: ExplanationType['decision']): Pick<ExplanationType, 'steps' | 'reasons'> {
  return { steps: [], reasons: allowed ? [] : [{ code, message, source: null }] };
}
