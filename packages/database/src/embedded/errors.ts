/** A reason for which the embedded server cannot start; the message ends in what the operator can do. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresCode;
  constructor(code: EmbeddedPostgresCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
    this.code = code;
  }
}

export type EmbeddedPostgresCode =
  /** There are no binaries for this system, or they do not run on it. */
  | 'UNSUPPORTED_SYSTEM'
  /** Root, and no other account to run the server as. */
  | 'NO_ACCOUNT'
  /** The data directory was made by another major version. */
  | 'DATA_OTHER_VERSION'
  /** The data directory belongs to someone else, or holds something else. */
  | 'DATA_UNUSABLE'
  /** Another living process runs a server on the data directory. */
  | 'DATA_IN_USE'
  /** The server ended before it was ready. */
  | 'START_FAILED'
  /** The caller's signal was aborted; whatever had been started is stopped. */
  | 'ABORTED';

/** The code of a Node system error, such as `EACCES`. Not by `instanceof`: jest gives tests an Error of their own. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}
