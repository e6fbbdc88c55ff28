import type { GraphQLFormattedError } from 'graphql';

/** The header that says the same as `extensions.retryAfter`, for clients and proxies that read no body. */
export const RETRY_AFTER = 'retry-after';

/** When to come again, in seconds, for all that these errors refuse; null where none of them says so. */
export function retryAfterOf(errors: readonly GraphQLFormattedError[]): number | null {
  const seconds = errors
    .map(({ extensions }) => extensions?.['retryAfter'])
    .filter((one) => typeof one === 'number');
  return seconds.length === 0 ? null : Math.max(...seconds);
}
