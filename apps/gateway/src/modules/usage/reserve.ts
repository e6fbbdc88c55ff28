import { type MadeReservation, reservationOf, type ReserveRequest } from '@licet/database';
import { type IsoDuration, parseFeatureKey, parseReservationId } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { badInput, notFound } from '../../errors/api-error.js';
import type { JsonObject } from '../../scalars/index.js';
import {
  boundJson,
  parseIdempotencyKey,
  parseSpentQuantity,
  readCustomerId,
  readHoldingTime,
} from '../arguments.js';
import type { ReservationResultType, ReservationType } from './reservation-types.js';
import { readSpender } from './spend-many.js';
import { submitOne } from './submit-one.js';
import type { ConsumeResultType } from './usage-types.js';

interface ReserveAsked {
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  readonly ttl: IsoDuration;
  readonly idempotencyKey: string;
  readonly context?: JsonObject | null;
  readonly memberId?: string | null;
  readonly fingerprint?: string | null;
}

/** Units that are held until they are committed or released, or their time is over. */
export async function reserve(context: GatewayContext, input: ReserveAsked): Promise<ReservationResultType> {
  const customerId = context.access.requireCustomer(readCustomerId('input.customerId', input.customerId));
  const request: ReserveRequest = {
    kind: 'reserve',
    customerId,
    feature: input.feature,
    quantity: parseSpentQuantity('input.quantity', input.quantity),
    ttl: readHoldingTime('input.ttl', input.ttl),
    idempotencyKey: parseIdempotencyKey('input.idempotencyKey', input.idempotencyKey),
    context: boundJson('input.context', input.context ?? null),
    ...readSpender(input, 'input'),
  };
  const { answer, verdict } = await submitOne(context, 'reserve', request, 'input');
  const { decision, revision } = answer;
  const feature = parseFeatureKey(input.feature);
  const isMade = verdict?.decision.allowed === true && feature !== null;
  const reservation = isMade ? reservationOf(request, { customerId, feature }, verdict) : null;
  return { decision, reservation: reservation && toReservation(reservation), revision };
}

/** Spends what was really used, all of it where `quantity` is null, and frees the rest. */
export async function commitReservation(
  context: GatewayContext,
  text: string,
  quantity: number | null,
): Promise<ConsumeResultType> {
  const reservation = await ownReservation(context, text);
  const spent = quantity ?? reservation.quantity;
  if (spent > reservation.quantity)
    throw badInput(
      'quantity',
      `${String(reservation.quantity)} were reserved; commit at most these, and consume what goes beyond`,
    );
  return settle(context, 'commit', reservation, spent);
}

export async function releaseReservation(
  context: GatewayContext,
  text: string,
): Promise<ReservationResultType> {
  const reservation = await ownReservation(context, text);
  const { decision, revision } = await settle(context, 'free', reservation, 0);
  return { decision, reservation: toReservation(reservation), revision };
}

async function settle(
  context: GatewayContext,
  kind: 'commit' | 'free',
  { id, customerId, feature }: MadeReservation,
  quantity: number,
): Promise<ConsumeResultType> {
  const request = { kind, customerId, feature, quantity, idempotencyKey: id };
  const operation = kind === 'commit' ? 'commitReservation' : 'releaseReservation';
  const { answer } = await submitOne(context, operation, request, '');
  return answer;
}

/** The reservation, if the caller's key may touch it. */
async function ownReservation(context: GatewayContext, text: string): Promise<MadeReservation> {
  const id = parseReservationId(text);
  const found = id === null ? null : await context.spends.reservations.find(context.caller.tenantId, id);
  context.access.requireOwner(`the reservation \`${text}\``, found?.customerId ?? null);
  if (found === null || id === null)
    throw notFound(
      'reservationId',
      `there is no reservation \`${text}\`; \`reserve\` answers with the ids of those it makes`,
    );
  return { ...found, id };
}

function toReservation({ id, customerId, feature, quantity, expiresAt }: MadeReservation): ReservationType {
  return { id, customerId, feature, quantity, expiresAt };
}
