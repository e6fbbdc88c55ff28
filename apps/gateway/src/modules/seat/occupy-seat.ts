import { DatabaseUnavailableError, newSeatId, ORIGIN, seatRequest, type Verdict } from '@licet/database';
import {
  type CustomerId,
  denyWithoutRules,
  instant,
  type License,
  licenseObstacles,
  occupy,
  parseFeatureKey,
  refuseSeat,
  type SeatRequest,
} from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { ApiError, granted, refusalError } from '../../errors/api-error.js';
import { readCustomerId, readMemberId } from '../arguments.js';
import { NO_RELEASE, toDecision, toldOfLicense } from '../check/decision-type.js';
import { recorded } from '../decision/recorded.js';
import { type SeatResultType, toSeat } from './seat-types.js';

/** Takes or renews a member's seat, or gives it back. */
export async function occupySeat(
  context: GatewayContext,
  customer: string,
  asked: SeatRequest,
): Promise<SeatResultType> {
  const customerId = context.access.requireCustomer(readCustomerId('input.customerId', customer));
  const request = await requireOwnSeat(context, customerId, {
    ...asked,
    memberId: readMemberId('input.memberId', asked.memberId),
  });
  try {
    const result = await context.spends.submit(context.caller, seatRequest(customerId, request));
    return await put(context, request, toResult(context, customerId, granted(result, 'input')));
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError) || error.outcome !== 'NOTHING_WRITTEN') throw error;
    return put(context, request, denyOutOfReach(context, customerId, request));
  }
}

const OPERATIONS = {
  assign: 'assignSeat',
  lease: 'leaseSeat',
  giveBack: 'releaseSeat',
} as const satisfies Record<SeatRequest['kind'], string>;

/** Puts it on record, and tells the caller what it may know of it. */
function put(
  context: GatewayContext,
  { kind, ...asked }: SeatRequest,
  result: SeatResultType,
): SeatResultType | Promise<SeatResultType> {
  const { decision } = result;
  const at = decision.stale ? context.feed.clock.now() : decision.asOf;
  const input = { customerId: decision.customerId, ...asked };
  return recorded(context, { operation: OPERATIONS[kind], input, at, decision }, told(context, result));
}

function told({ access: { ownLicense } }: GatewayContext, result: SeatResultType): SeatResultType {
  return ownLicense ? { ...result, decision: toldOfLicense(result.decision, ownLicense.licenseId) } : result;
}

/**
 * A licence key is for floating seats of what its licence's plan lists, while the licence is in force: the seats are others'
 * too. It speaks for its own licence's machines: another one is as none. Returns what it may ask.
 */
async function requireOwnSeat(
  { access, states }: GatewayContext,
  customerId: CustomerId,
  request: SeatRequest,
): Promise<SeatRequest> {
  const own = access.ownLicense;
  if (own === null) return request;
  const { feature: key } = request;
  const { state } = await states.load(customerId);
  const feature = parseFeatureKey(key);
  const known = feature && state.release.catalog.features.get(feature);
  const license =
    state.kind === 'KNOWN' ? state.account.licenses.find(({ id }) => id === own.licenseId) : undefined;
  const isListed = feature !== null && license?.planVersion.plan.entitlements.has(feature) === true;
  const [obstacle] = license ? licenseObstacles(license) : [];
  if (obstacle)
    throw new ApiError(
      'FORBIDDEN',
      `this key's licence is not in force (${obstacle.code}), and moves no seat; validateLicense says how to mend it`,
    );
  if (known?.type === 'SEATS' && known.seats.kind === 'FLOATING' && isListed)
    return onOwnMachine(request, license);
  throw new ApiError(
    'FORBIDDEN',
    `this licence key is for floating seats of its licence alone; ask for \`${key}\` with an API key`,
    'input.feature',
  );
}

function onOwnMachine(request: SeatRequest, { machines }: License): SeatRequest {
  if (request.kind === 'giveBack' || machines.some((one) => one.fingerprint === request.fingerprint))
    return request;
  return { ...request, fingerprint: null };
}

function toResult(
  { metrics, states }: GatewayContext,
  customerId: CustomerId,
  verdict: Verdict,
): SeatResultType {
  const { decisionId, decision, seat = null, revision, release, asOf } = verdict;
  metrics.spend(decision.code);
  states.wrote(revision);
  return {
    decision: toDecision(decision, { release, revision, asOf, stale: false }, decisionId),
    seat: seat && toSeat({ seat, customerId }),
    revision,
  };
}

/** Without the database no seat changes hands, by the rules as they are known. */
function denyOutOfReach(
  { store, access }: GatewayContext,
  customerId: CustomerId,
  request: SeatRequest,
): SeatResultType {
  const known = store.outOfReach(access.tenantId, customerId);
  if (known === null) {
    const stamp = { release: NO_RELEASE, revision: ORIGIN, asOf: instant(Date.now()), stale: true };
    const check = { feature: request.feature, quantity: 1 };
    return { decision: toDecision(denyWithoutRules(customerId, check), stamp), seat: null, revision: ORIGIN };
  }
  const { state, revision, asOf, now, stale } = known;
  const refusal = refuseSeat(state.release, request);
  if (refusal) throw refusalError({ ok: false, ...refusal }, 'input');
  const { decision } = occupy(state, request, newSeatId(), now);
  const release = state.release.number;
  return { decision: toDecision(decision, { release, revision, asOf, stale }), seat: null, revision };
}
