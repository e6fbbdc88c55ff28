import type { ErrorCode } from '@openfeature/core';

/** Why there is no evaluation: the application's default counts. OpenFeature's SDKs hand on the `code` of what is thrown. */
export class EvaluationError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'EvaluationError';
  }
}
