import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { ErrorScope } from './errors/format-error.js';

/**
 * The request that the running code belongs to. Only the error formatter of the GraphQL server reads it, which is given
 * no context; everything else is handed its GatewayContext.
 */
export const requestScope = new AsyncLocalStorage<ErrorScope>();

let running = 0;

/**
 * Runs `work` as part of a request. What makes that known to all that it calls slows down every promise of the process
 * (three times, on Node 20), so it is off while no such work is running.
 */
export async function runInScope<T>(scope: ErrorScope, work: () => Promise<T>): Promise<T> {
  running++;
  try {
    return await requestScope.run(scope, work);
  } finally {
    if (--running === 0) requestScope.disable();
  }
}

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** What sets this process's requests apart from all others': a random number for each of them would cost more. */
const PROCESS = randomUUID();
let requests = 0;

/** Whether a text is fit to name a request in logs and events. */
export function isRequestId(header: unknown): header is string {
  return typeof header === 'string' && REQUEST_ID.test(header);
}

/** The caller's `x-request-id` where it is fit for logs and events, else a new one. */
export function requestIdOf(header: unknown): string {
  return isRequestId(header) ? header : `req_${PROCESS}-${String(++requests)}`;
}
