/** SQLSTATEs that are acted upon, named once. */
export const SQLSTATE = {
  serializationFailure: '40001',
  deadlock: '40P01',
  lockNotAvailable: '55P03',
  uniqueViolation: '23505',
  idleInTransactionTimeout: '25P03',
  idleSessionTimeout: '57P05',
  connectionFailure: '08006',
  /** The statement ran into a time limit, or was cancelled by hand. */
  queryCanceled: '57014',
  tooManyConnections: '53300',
  adminShutdown: '57P01',
  crashShutdown: '57P02',
  cannotConnectNow: '57P03',
  /** Raised by assert_count(): a counter's own limit says no to what was decided. */
  limitPassed: 'LK002',
  /** Raised by assert_count(): another release is live than the one that was decided by. */
  rulesChanged: 'LK003',
} as const;

/** The database cannot be reached, or did not answer in time, after several tries. */
export class DatabaseUnavailableError extends Error {
  readonly code = 'UNAVAILABLE';
  constructor(
    message: string,
    cause: unknown,
    /** Whether something may have been committed all the same. */
    readonly outcome: 'NOTHING_WRITTEN' | 'UNKNOWN' = 'NOTHING_WRITTEN',
  ) {
    super(message, { cause });
  }
}

/** No connection could be had, for whatever reason (no name, no route, no place, no entry): nothing has been sent. */
export class NoConnectionError extends Error {
  constructor(cause: unknown) {
    super('no connection to the database', { cause });
  }
}

/** The SQLSTATE, or Node's error code, of whatever was thrown. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

/** An idempotency key was there already: raised by the key of `operation`. */
export function isKeyTaken(error: unknown): boolean {
  return (
    errorCode(error) === SQLSTATE.uniqueViolation &&
    error instanceof Error &&
    'constraint' in error &&
    error.constraint === 'operation_pkey'
  );
}

const LOST: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  SQLSTATE.tooManyConnections,
  SQLSTATE.adminShutdown,
  SQLSTATE.crashShutdown,
  SQLSTATE.cannotConnectNow,
  SQLSTATE.idleInTransactionTimeout,
  SQLSTATE.connectionFailure,
  SQLSTATE.idleSessionTimeout,
]);

const LOST_MESSAGES = [
  'Connection terminated',
  'Query read timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error',
  'Client was closed',
];

/** True where there is no connection, or it is gone and cannot carry another statement. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof NoConnectionError) return true;
  const code = errorCode(error);
  if (code !== null && LOST.has(code)) return true;
  return error instanceof Error && LOST_MESSAGES.some((message) => error.message.includes(message));
}

const RETRYABLE: ReadonlySet<string> = new Set([
  SQLSTATE.serializationFailure,
  SQLSTATE.deadlock,
  SQLSTATE.lockNotAvailable,
  SQLSTATE.rulesChanged,
]);

/** True where running the whole transaction again may succeed. */
export function isRetryable(error: unknown): boolean {
  const code = errorCode(error);
  return (code !== null && RETRYABLE.has(code)) || isLostConnection(error);
}

/** True where the server gave the statement up: in a second run it would take as long again. */
export function isGivenUp(error: unknown): boolean {
  return errorCode(error) === SQLSTATE.queryCanceled;
}
