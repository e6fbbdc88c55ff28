import {
  DatabaseUnavailableError,
  ORIGIN,
  type Refused,
  type Result,
  type Revision,
  type SpendRequest,
  usageEventKey,
  type Verdict,
} from '@licet/database';
import type { Instant } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { ApiError, badInput } from '../../errors/api-error.js';
import { parseSpentQuantity, readCustomerId, requireStorable } from '../arguments.js';
import { type Rejection, rejectionOf } from './rejection.js';
import type { RecordUsageResultType, RejectedItemType } from './usage-types.js';

/** One usage event; `id` and `source` as in CloudEvents. */
export interface UsageEvent {
  readonly id: string;
  readonly source: string;
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  /** Null: now. */
  readonly at?: Instant | null;
}

type Recorded = { readonly kind: 'ACCEPTED' | 'DUPLICATE'; readonly revision: Revision };
type Ended = Recorded | ({ readonly kind: 'REJECTED' } & Readonly<Rejection>);

/** Each event for itself, in order: one that is rejected holds up no other, and can be sent again. What could not be read is rejected as it says. */
export async function recordUsage(
  context: GatewayContext,
  events: readonly (UsageEvent | ApiError)[],
): Promise<RecordUsageResultType> {
  const requests = events.map((event) => (event instanceof ApiError ? event : readEvent(context, event)));
  const valid = requests.filter((request): request is SpendRequest => !(request instanceof ApiError));
  const verdicts = (await context.spends.submitAll(context.caller, valid)).values();
  const ended = requests.map((request) => {
    return request instanceof ApiError
      ? { kind: 'REJECTED' as const, ...rejectionOf(request) }
      : endOf(context, verdicts.next().value);
  });
  const recorded = ended.filter((one): one is Recorded => one.kind !== 'REJECTED');
  return {
    accepted: recorded.filter(({ kind }) => kind === 'ACCEPTED').length,
    duplicates: recorded.filter(({ kind }) => kind === 'DUPLICATE').length,
    rejected: ended.flatMap((one, index): RejectedItemType[] =>
      one.kind === 'REJECTED' ? [{ index, code: one.code, field: one.field, message: one.message }] : [],
    ),
    revision: recorded.reduce<Revision>((last, { revision }) => (revision > last ? revision : last), ORIGIN),
  };
}

function readEvent({ access }: GatewayContext, event: UsageEvent): SpendRequest | ApiError {
  try {
    const { id, source, customerId, feature, quantity, at = null } = event;
    requireName('id', id);
    requireName('source', source);
    return {
      kind: 'record',
      customerId: access.requireCustomer(readCustomerId('customerId', customerId)),
      feature,
      quantity: parseSpentQuantity('quantity', quantity),
      idempotencyKey: usageEventKey(source, id),
      at,
    };
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** Of CloudEvents: whatever the sender names an event by. */
function requireName(field: 'id' | 'source', name: string): void {
  requireStorable(field, name);
  if (name.length >= 1 && name.length <= NAME_MAX) return;
  throw badInput(field, `1 to ${String(NAME_MAX)} characters are expected, not ${String(name.length)}`);
}

const NAME_MAX = 255;

function endOf({ metrics }: GatewayContext, verdict: Result<Verdict> | Error | undefined): Ended {
  if (verdict instanceof DatabaseUnavailableError)
    return { kind: 'REJECTED', code: 'UNAVAILABLE', field: null, message: verdict.message };
  if (verdict === undefined || verdict instanceof Error)
    throw verdict ?? new Error('an event had no verdict');
  if (!verdict.ok) return refusedBy(verdict);
  const { decision, replayed, revision } = verdict;
  metrics.spend(decision.code);
  if (decision.allowed) return { kind: replayed ? 'DUPLICATE' : 'ACCEPTED', revision };
  return decision.code === 'UNKNOWN_CUSTOMER'
    ? { kind: 'REJECTED', code: 'NOT_FOUND', field: 'customerId', message: decision.message }
    : { kind: 'REJECTED', code: 'BAD_USER_INPUT', field: 'quantity', message: decision.message };
}

function refusedBy({ code, field, message }: Refused): Ended {
  if (code !== 'CONFLICT') return { kind: 'REJECTED', code, field, message };
  const remedy =
    'an event with this `source` and `id` was recorded with other contents; give this one another `id`';
  return { kind: 'REJECTED', code, field: 'id', message: remedy };
}
