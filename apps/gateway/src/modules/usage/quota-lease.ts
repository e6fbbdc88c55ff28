import { leaseIdOf, type LendRequest, type MadeHold, type ReturnRequest } from '@licet/database';
import { isLeaseTtl, type IsoDuration, type LeaseId, parseFeatureKey, parseLeaseId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, notFound } from '../../errors/api-error.js';
import { boundJson, parseIdempotencyKey, parseSpentQuantity, readCustomerId } from '../arguments.js';
import type { LeaseQuotaInput, QuotaLeaseResultType } from './quota-lease-types.js';
import { readSpender } from './spend-many.js';
import { submitOne } from './submit-one.js';
import type { ConsumeResultType } from './usage-types.js';

/** Hands out as much as fits, up to the quantity: it counts against the limit until it is returned, or its time is over. */
export async function leaseQuota(
  context: GatewayContext,
  input: LeaseQuotaInput,
): Promise<QuotaLeaseResultType> {
  const customerId = context.access.requireCustomer(readCustomerId('input.customerId', input.customerId));
  const request: LendRequest = {
    kind: 'lend',
    customerId,
    feature: input.feature,
    quantity: parseSpentQuantity('input.quantity', input.quantity),
    ttl: readTtl(input.ttl),
    idempotencyKey: parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey),
    context: boundJson('input.context', input.context ?? null),
    ...readSpender(input, 'input'),
  };
  const { answer, verdict } = await submitOne(context, 'leaseQuota', request, 'input');
  const { decision, revision } = answer;
  const feature = parseFeatureKey(input.feature);
  if (!verdict?.hold || feature === null) return { decision, lease: null, revision };
  const { decisionId, hold } = verdict;
  return { decision, lease: { id: leaseIdOf(decisionId), customerId, feature, ...hold, revision }, revision };
}

/** Says how much of a lease was spent, and gives the rest back. */
export async function returnQuota(
  context: GatewayContext,
  text: string,
  spent: number,
): Promise<ConsumeResultType> {
  const { id, customerId, feature, quantity } = await ownLease(context, text);
  if (spent > quantity)
    throw badInput(
      'spent',
      `${String(quantity)} were leased; return at most these, and consume what goes beyond`,
    );
  const request: ReturnRequest = { kind: 'return', customerId, feature, quantity: spent, idempotencyKey: id };
  const { answer } = await submitOne(context, 'returnQuota', request, '');
  return answer;
}

function readTtl(ttl: IsoDuration): IsoDuration {
  if (isLeaseTtl(ttl)) return ttl;
  throw badInput(
    'input.ttl',
    'a lease lasts a millisecond at least and a year at most; give a time such as `PT10M`',
  );
}

/** The lease, if the caller's key may touch it. */
async function ownLease(context: GatewayContext, text: string): Promise<MadeHold & { readonly id: LeaseId }> {
  const id = parseLeaseId(text);
  const found = id === null ? null : await context.spends.reservations.find(context.caller.tenantId, id);
  context.access.requireOwner(`the quota lease \`${text}\``, found?.customerId ?? null);
  if (found === null || id === null)
    throw notFound(
      'leaseId',
      `there is no quota lease \`${text}\`; \`leaseQuota\` answers with the ids of those it makes`,
    );
  return { ...found, id };
}
