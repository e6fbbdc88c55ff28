import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { ErrorScope } from './errors/format-error.js';

/**
 * The request that the running code belongs to. Only the error formatter of the GraphQL server reads it, which is given
 * no context; everything else is handed its GatewayContext.
 */
export const requestScope = new AsyncLocalStorage<ErrorScope>();

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** The caller's `x-request-id` where it is fit for logs and events, else a new one. */
export function requestIdOf(header: unknown): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : `req_${randomUUID()}`;
}
