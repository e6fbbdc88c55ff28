import type { FastifyRequest } from 'fastify';
import type { Role } from '@licet/database';
import { GatewayContext, type Services } from '../context.js';
import { formatError } from '../errors/format-error.js';
import type { HttpAnswer } from '../errors/http-failure.js';
import { accessOf, type Failing, refusalOf } from '../http.js';

/** Why a request to a door failed as a whole; each door says it in its own form. */
export interface DoorFailure {
  /** Of HTTP. */
  readonly status: number;
  /** As GraphQL names it. */
  readonly code: string;
  /** With the field that it is about. */
  readonly message: string;
  /** Seconds until another attempt makes sense; null: nobody knows. */
  readonly retryAfter: number | null;
}

/** The failure that an error is to the caller. What is nobody's to see is logged, and masked. */
export function doorFailure(
  error: Failing,
  { id, logger }: { readonly id: string; readonly logger: Services['logger'] },
): DoorFailure {
  const refusal = refusalOf(error);
  const { message, extensions = {} } = formatError(refusal.error, { requestId: id, logger });
  const { code, field, retryAfter } = extensions;
  return {
    status: code === 'UNAVAILABLE' ? 503 : refusal.status,
    code: String(code),
    message: typeof field === 'string' && field !== '' ? `\`${field}\`: ${message}` : message,
    retryAfter: typeof retryAfter === 'number' ? retryAfter : null,
  };
}

/** Headers that go with a failure. */
export function failureHeaders({ status, retryAfter }: DoorFailure): Record<string, string> {
  return {
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(retryAfter === null ? {} : { 'retry-after': String(retryAfter) }),
  };
}

/** What an operation of GraphQL is called that a door's request counts as, and who may ask it so. */
export interface DoorOperation {
  readonly door: 'ofrep' | 'authzen';
  readonly operation: 'check' | 'checkMany' | 'entitlementsChanged';
}

/** The least role that may ask at a door, as by the operation's own name. */
export const DOOR_ROLE: Role = 'READER';

/**
 * What decides for a request that `requireAccess` has let in; FORBIDDEN where its credential is not for the operation
 * that it counts as.
 */
export function doorContext(
  services: Services,
  request: FastifyRequest,
  { door, operation }: DoorOperation,
): GatewayContext {
  services.metrics.operation(door);
  const access = accessOf(request);
  access.requireOperation(operation, DOOR_ROLE);
  return new GatewayContext(services, access, request.id, request.raw);
}

/** The parameters of the query string; of one that is given twice a list. */
export function queryOf({ query }: FastifyRequest): Readonly<Record<string, unknown>> {
  return typeof query === 'object' && query !== null ? { ...query } : {};
}

/** What a door answers, as JSON; `retryAfter`: in seconds, where another attempt makes sense then. */
export interface DoorAnswer {
  readonly status: number;
  readonly body: object;
  readonly retryAfter?: number | null;
}

/**
 * An answer before the framework, as its routes would give it; at once where `evaluate` is. `failed`: the answer to what
 * `evaluate` throws, or rejects with.
 */
export function answerAtDoor<T>(
  evaluate: () => T | Promise<T>,
  told: (evaluated: T) => DoorAnswer,
  failed: (error: Failing) => DoorAnswer,
): HttpAnswer | Promise<HttpAnswer> {
  const fail = (error: unknown): HttpAnswer =>
    asJson(failed(error instanceof Error ? error : new Error(String(error))));
  try {
    const evaluated = evaluate();
    if (evaluated instanceof Promise) return evaluated.then((value) => asJson(told(value))).catch(fail);
    return asJson(told(evaluated));
  } catch (error) {
    return fail(error);
  }
}

function asJson({ status, body, retryAfter = null }: DoorAnswer): HttpAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body), retryAfter };
}
