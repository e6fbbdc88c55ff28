import { formatError, type ErrorScope } from './format-error.js';

/** What a request is answered with that failed as a whole. */
export interface HttpFailure {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** In the form of a GraphQL error, with `status`; 503 where it is an outage. */
export function httpFailure(error: unknown, status: number, scope: ErrorScope): HttpFailure {
  const formatted = formatError(error, scope);
  return {
    status: formatted.extensions?.['code'] === 'UNAVAILABLE' ? 503 : status,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ errors: [formatted] }),
  };
}
