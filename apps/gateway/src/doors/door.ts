import type { FastifyError, FastifyRequest } from 'fastify';
import { GatewayContext, type Services } from '../context.js';
import type { ApiError } from '../errors/api-error.js';
import { formatError } from '../errors/format-error.js';
import { accessOf, refusalOf } from '../http.js';

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
  error: FastifyError | ApiError,
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
  access.requireOperation(operation, 'READER');
  return new GatewayContext(services, access, request.id, request.raw);
}

/** The parameters of the query string; of one that is given twice a list. */
export function queryOf({ query }: FastifyRequest): Readonly<Record<string, unknown>> {
  return typeof query === 'object' && query !== null ? { ...query } : {};
}
