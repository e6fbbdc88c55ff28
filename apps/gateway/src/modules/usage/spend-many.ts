import {
  DatabaseUnavailableError,
  ORIGIN,
  type Result,
  type SpendRequest,
  type Verdict,
} from '@licet/database';
import { denyWithoutRules, instant, refuseSpend, spend, type Spender } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { ApiError, refusalError } from '../../errors/api-error.js';
import type { JsonObject } from '../../scalars/index.js';
import {
  boundJson,
  parseIdempotencyKey,
  parseSpentQuantity,
  readCustomerId,
  readMemberId,
} from '../arguments.js';
import { NO_RELEASE, toDecision } from '../check/decision-type.js';
import { recorded } from '../decision/recorded.js';
import { readFingerprint } from '../machine/read-machine.js';
import type { ConsumeResultType } from './usage-types.js';

interface SpendAsked {
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  readonly idempotencyKey: string;
  readonly context?: JsonObject | null;
  readonly memberId?: string | null;
  readonly fingerprint?: string | null;
}

/** One request of its own; its refusal is thrown. */
export async function spendOne(
  context: GatewayContext,
  kind: 'consume' | 'release',
  input: SpendAsked,
): Promise<ConsumeResultType> {
  const operation = kind === 'consume' ? 'consume' : 'releaseUsage';
  const [answer] = await spendMany(context, kind, [input], () => 'input', operation);
  if (answer === undefined || answer instanceof Error) throw answer ?? new Error('a spend had no answer');
  return answer;
}

/** Requests in order, each with its own answer or error: one that is refused does not hold up the others. */
export async function spendMany(
  context: GatewayContext,
  kind: 'consume' | 'release',
  inputs: readonly SpendAsked[],
  pathOf: (index: number) => string,
  operation = 'consumeMany',
): Promise<(ConsumeResultType | Error)[]> {
  const requests = inputs.map((input, index) =>
    orApiError(() => readRequest(context, kind, input, pathOf(index))),
  );
  const valid = requests.filter((request): request is SpendRequest => !(request instanceof ApiError));
  const positions = new Map(valid.map((request, position) => [request, position]));
  const verdicts = await context.spends.submitAll(context.caller, valid);
  return Promise.all(
    requests.map(async (request, index) => {
      if (request instanceof ApiError) return request;
      const verdict = verdicts[positions.get(request) ?? -1];
      return answerTo(context, { operation, request, verdict, path: pathOf(index) });
    }),
  );
}

/** A request on its way back. */
interface Spent {
  /** As the log of decisions names it. */
  readonly operation: string;
  readonly request: SpendRequest;
  readonly verdict: Result<Verdict> | Error | undefined;
  /** Of its input, for errors. */
  readonly path: string;
}

/** What a request has come to; a decision is put on record. */
export async function answerTo(
  context: GatewayContext,
  { operation, request, verdict, path }: Spent,
): Promise<ConsumeResultType | Error> {
  if (verdict && 'decision' in verdict) context.metrics.spend(verdict.decision.code);
  const answer = wroteNothing(verdict) ? denyOutOfReach(context, request, path) : toAnswer(verdict, path);
  if (answer instanceof Error) return answer;
  const { decision, replayed } = answer;
  // An answer that is given again is an attempt of now.
  const at = replayed || decision.stale ? context.feed.clock.now() : decision.asOf;
  return recorded(context, { operation, input: { replayed, ...inputOf(request) }, at, decision }, answer);
}

/** What was asked. An idempotency key is the client's own, and is kept nowhere; the id of a reservation, or of a lease, is ours. */
function inputOf(request: SpendRequest): Readonly<Record<string, unknown>> {
  const { customerId, feature, quantity } = request;
  switch (request.kind) {
    case 'consume':
      return { customerId, feature, quantity, ...factsOf(request) };
    case 'reserve':
    case 'lend':
      return { customerId, feature, quantity, ttl: request.ttl, ...factsOf(request) };
    case 'commit':
    case 'free':
      return { customerId, feature, quantity, reservationId: request.idempotencyKey };
    case 'return':
      return { customerId, feature, quantity, leaseId: request.idempotencyKey };
    case 'release':
    case 'record':
      return { customerId, feature, quantity };
  }
}

function factsOf({
  context = null,
  memberId = null,
  fingerprint = null,
}: Extract<SpendRequest, { kind: 'consume' | 'reserve' | 'lend' }>): Readonly<Record<string, unknown>> {
  return { context, memberId, fingerprint };
}

function wroteNothing(verdict: unknown): verdict is DatabaseUnavailableError {
  return verdict instanceof DatabaseUnavailableError && verdict.outcome === 'NOTHING_WRITTEN';
}

/** Without the database nothing is spent, by the rules as they are known. */
function denyOutOfReach(
  { store, access }: GatewayContext,
  request: SpendRequest,
  path: string,
): ConsumeResultType | Error {
  const unknown = store.outOfReach(access.tenantId, request.customerId);
  if (unknown === null) return deniedWithoutRules(request);
  const { state, revision, asOf, now, stale } = unknown;
  const refusal = refuseSpend(state.release, request);
  if (refusal) return refusalError({ ok: false, ...refusal }, path);
  const { feature, quantity } = request;
  const { decision } = spend(state, { kind: 'consume', feature, quantity }, now);
  const release = state.release.number;
  return {
    decision: toDecision(decision, { release, revision, asOf, stale }),
    consumed: 0,
    replayed: false,
    revision,
  };
}

/** Where this gateway has not answered for the tenant before: it is sure that nothing was spent, and of nothing else. */
function deniedWithoutRules(request: SpendRequest): ConsumeResultType {
  const stamp = { release: NO_RELEASE, revision: ORIGIN, asOf: instant(Date.now()), stale: true };
  const decision = toDecision(denyWithoutRules(request.customerId, request), stamp);
  return { decision, consumed: 0, replayed: false, revision: ORIGIN };
}

function readRequest(
  context: GatewayContext,
  kind: 'consume' | 'release',
  input: SpendAsked,
  path: string,
): SpendRequest {
  return {
    kind,
    customerId: context.access.requireCustomer(readCustomerId(`${path}.customerId`, input.customerId)),
    feature: input.feature,
    quantity: parseSpentQuantity(`${path}.quantity`, input.quantity),
    idempotencyKey: parseIdempotencyKey(`${path}.idempotencyKey`, input.idempotencyKey),
    context: boundJson(`${path}.context`, input.context ?? null),
    ...readSpender(input, path),
  };
}

interface NamedSpender {
  readonly memberId?: string | null;
  readonly fingerprint?: string | null;
}

/** Who spends, where somebody is named. `path`: of the input, for errors. */
export function readSpender({ memberId, fingerprint }: NamedSpender, path: string): Spender {
  return {
    memberId: memberId == null ? null : readMemberId(`${path}.memberId`, memberId),
    fingerprint: readFingerprint(`${path}.fingerprint`, fingerprint),
  };
}

function toAnswer(verdict: Result<Verdict> | Error | undefined, path: string): ConsumeResultType | Error {
  if (!verdict) return new Error(`no verdict for the request at ${path}`);
  if (verdict instanceof Error) return verdict;
  if (!verdict.ok) return refusalError(verdict, path);
  const { decisionId, decision, consumed, replayed, revision, release, asOf } = verdict;
  return {
    decision: toDecision(decision, { release, revision, asOf, stale: false }, decisionId),
    consumed,
    replayed,
    revision,
  };
}

function orApiError<T>(read: () => T): T | ApiError {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}
