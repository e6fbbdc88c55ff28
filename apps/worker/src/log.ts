import { type DestinationStream, type Logger, pino } from 'pino';

/** One JSON object a line, on standard output where no other destination is given. */
export function createLog(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino({ name: 'worker', level, serializers: { error: wordsOf } }, destination);
}

/** What an operator reads of an error, and no more: the driver's errors carry their whole connection. */
function wordsOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  const { name, message, stack } = error;
  return {
    name,
    code,
    message,
    stack,
    ...(error.cause === undefined ? {} : { cause: wordsOf(error.cause) }),
  };
}
