import { ApiError } from '../../errors/api-error.js';
import type { DoorFailure } from '../door.js';

/** Of OpenFeature, as far as a flag's evaluation is answered with them. */
export type OfrepErrorCode =
  'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL';

/** Bad input that has a code of its own in OpenFeature. */
export class OfrepError extends ApiError {
  constructor(
    readonly errorCode: OfrepErrorCode,
    field: string,
    message: string,
  ) {
    super('BAD_USER_INPUT', message, field);
  }
}

/** Why there is no evaluation. `key`: of the single flag that was asked for. */
export interface EvaluationFailure {
  readonly key?: string;
  readonly errorCode: OfrepErrorCode;
  readonly errorDetails: string;
}

/** The live release has no such feature. */
export function flagNotFound(key: string): EvaluationFailure {
  return { key, errorCode: 'FLAG_NOT_FOUND', errorDetails: `the catalog has no feature \`${key}\`` };
}

/** The failure as the protocol says it. */
export function evaluationFailure(
  error: unknown,
  { status, code, message }: DoorFailure,
  key: string | null,
): EvaluationFailure {
  const errorCode = error instanceof OfrepError ? error.errorCode : errorCodeOf(error, status, code);
  return { ...(key === null ? {} : { key }), errorCode, errorDetails: message };
}

function errorCodeOf(error: unknown, status: number, code: string): OfrepErrorCode {
  if (status !== 400 || code !== 'BAD_USER_INPUT') return 'GENERAL';
  return error instanceof ApiError ? 'INVALID_CONTEXT' : 'PARSE_ERROR';
}
