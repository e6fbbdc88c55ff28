/** What the gateway, or the way to it, answered instead of a result. Checks never throw it for want of a gateway. */
export class LicetError extends Error {
  constructor(
    /** A code of the API; UNREACHABLE: no answer came, so it is not known whether anything was done; or CLOSED: nobody was asked. */
    readonly code: string,
    message: string,
    /** Of the call whose outcome is not known: repeat it with this key, and it is done once. */
    readonly idempotencyKey: string | null = null,
  ) {
    super(message);
    this.name = 'LicetError';
  }
}

/** Errors that another attempt may not meet. */
export function isPassing(error: unknown): boolean {
  return error instanceof LicetError && ['UNREACHABLE', 'UNAVAILABLE', 'RATE_LIMITED'].includes(error.code);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
