import { formatError, type ErrorScope } from './format-error.js';
import { retryAfterOf } from './retry-after.js';

/** What a request is answered with. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** For the header, in seconds; null: without it. */
  readonly retryAfter: number | null;
}

/** What answers a request that failed as a whole: the form of a GraphQL error, with `status`; 503 where it is an outage. */
export function httpFailure(error: unknown, status: number, scope: ErrorScope): HttpAnswer {
  const formatted = formatError(error, scope);
  return {
    status: formatted.extensions?.['code'] === 'UNAVAILABLE' ? 503 : status,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ errors: [formatted] }),
    retryAfter: retryAfterOf([formatted]),
  };
}
