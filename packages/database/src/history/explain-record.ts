import {
  type CheckRequest,
  explainPast,
  type Explanation,
  parseCustomerId,
  type PastCounter,
  type PastDecision,
  type RequestContext,
  type TenantId,
} from '@licet/domain';
import type { Database } from '../connection/database.js';
import type { DecisionRecord } from '../decision-log/record.js';
import { parseRevision, positionOf } from '../event-log/revision.js';
import { pastState } from './past-state.js';

/** What `decide` alone has answered. Machines, seats and what gives back are commands, and answered by them. */
const EXPLAINED: ReadonlySet<string> = new Set([
  ...['check', 'checkMany', 'explain', 'validateLicense'],
  ...['consume', 'consumeMany', 'reserve'],
]);
const SPENDING: ReadonlySet<string> = new Set(['consume', 'consumeMany', 'reserve']);

/** Whether a record is of a question that can be asked again: not of a command, nor of a time ahead. */
export function isExplained({ operation, input }: DecisionRecord): boolean {
  return EXPLAINED.has(operation) && input['at'] === undefined;
}

/** Why it was decided so, on the state that it was decided on; null: that cannot be told any more from what the log holds. */
export async function explainRecord(
  db: Database,
  tenantId: TenantId,
  record: DecisionRecord,
): Promise<Pick<Explanation, 'steps' | 'reasons'> | null> {
  const { decision } = record;
  const customerId = parseCustomerId(decision.customerId);
  const revision = parseRevision(decision.revision);
  if (customerId === null || revision === null) return null;
  const past = pastDecision(record);
  // What a spend has written is not what it was decided on.
  const position = positionOf(revision) - (isSpent(record) ? 1 : 0);
  const { feature } = decision;
  const state = await pastState(db, tenantId, { customerId, feature, position, at: past.at });
  return state && explainPast(state, past);
}

function isSpent({ operation, decision: { allowed } }: DecisionRecord): boolean {
  return SPENDING.has(operation) && allowed;
}

function pastDecision(record: DecisionRecord): PastDecision {
  const { input, decision } = record;
  const { allowed, code, asOf, stale } = decision;
  return {
    request: requestOf(record),
    // An answer that was given again was decided when it was given first.
    at: input['replayed'] === true ? asOf : record.at,
    decision: { allowed, code },
    counter: counterOf(record),
    staleSince: stale ? asOf : null,
  };
}

function requestOf({ input, decision: { feature } }: DecisionRecord): CheckRequest {
  return {
    feature,
    quantity: quantityOf(input),
    memberId: textOf(input['memberId']),
    context: isFacts(input['context']) ? input['context'] : null,
    productVersion: textOf(input['productVersion']),
    fingerprint: textOf(input['fingerprint']),
    components: textsOf(input['components']),
  };
}

/** As it was before: a spend is answered with what it has become. */
function counterOf(record: DecisionRecord): PastCounter | null {
  const { used, reserved, resetsAt } = record.decision;
  if (used === null || reserved === null) return null;
  const taken = isSpent(record) ? quantityOf(record.input) : 0;
  return record.operation === 'reserve'
    ? { used, reserved: reserved - taken, resetsAt }
    : { used: used - taken, reserved, resetsAt };
}

/** A validation asks for one. */
function quantityOf(input: DecisionRecord['input']): number {
  const quantity = input['quantity'];
  return typeof quantity === 'number' ? quantity : 1;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function isFacts(value: unknown): value is RequestContext {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
