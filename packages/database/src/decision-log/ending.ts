import { DatabaseUnavailableError } from '../connection/errors.js';

/** Told when records are durable, or cannot be made so now. */
export interface Ending {
  readonly durable: Promise<void>;
  done(): void;
  fail(error: Error): void;
}

export function ending(): Ending {
  let done = (): void => undefined;
  let fail = (_error: Error): void => undefined;
  const durable = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  // Nobody may be waiting any more.
  durable.catch(() => undefined);
  return { durable, done, fail };
}

/** What who waits for a record is told where it could not be made durable. */
export function notRecorded(cause: unknown): DatabaseUnavailableError {
  return new DatabaseUnavailableError('the decision could not be put on record', cause, 'UNKNOWN');
}
