import { GraphQLError } from 'graphql';
import type { Refused } from '@licet/database';

/** The codes that clients may rely on; whatever else goes wrong is INTERNAL. */
export const ERROR_CODES = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'CURSOR_EXPIRED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

const RETRY_AFTER_SECONDS = 1;

/**
 * Thrown by resolvers: an answer that the caller may see as it stands. `field`: the full path of the argument;
 * `more`: further extensions, which format-error.ts must know.
 */
export class ApiError extends GraphQLError {
  constructor(
    code: ErrorCode,
    message: string,
    field: string | null = null,
    more: Readonly<Record<string, unknown>> = {},
  ) {
    const retryAfter =
      code === 'RATE_LIMITED' || code === 'UNAVAILABLE' ? { retryAfter: RETRY_AFTER_SECONDS } : {};
    super(message, { extensions: { code, ...(field === null ? {} : { field }), ...retryAfter, ...more } });
    this.name = 'ApiError';
  }
}

/** One text for every way in which a credential can be wrong, so that none tells whether it ever existed. */
export function unauthenticated(): ApiError {
  return new ApiError(
    'UNAUTHENTICATED',
    'no valid credential; send an API key, or a customer token, as `Authorization: Bearer …`',
  );
}

export function badInput(field: string, message: string): ApiError {
  return new ApiError('BAD_USER_INPUT', message, field);
}

export function notFound(field: string, message: string): ApiError {
  return new ApiError('NOT_FOUND', message, field);
}

/** `prefix`: the argument that holds the refused field (`input`, `inputs.3`); empty where the field is the argument. */
export function refusalError(refused: Refused, prefix: string): ApiError {
  const path = [prefix, refused.field ?? ''].filter((part) => part !== '').join('.');
  const field = refused.field === null && refused.code !== 'BAD_USER_INPUT' ? null : path;
  const more = refused.problems === undefined ? {} : { problems: refused.problems };
  return new ApiError(refused.code, refused.message, field === '' ? null : field, more);
}

/** The value of a result, or its refusal thrown. */
export function granted<T extends object>(result: ({ ok: true } & T) | Refused, prefix: string): T {
  if (!result.ok) throw refusalError(result, prefix);
  return result;
}
