import { LostHistoryError, SlowFollowerError } from '@licet/database';
import { GraphQLError } from 'graphql';
import { refusalError } from './api-error.js';
import { formatError } from './format-error.js';

const scope = { requestId: 'req', logger: { error: jest.fn(), warn: jest.fn() } };

test.each([
  [new SlowFollowerError(), 'resume from the last cursor that arrived'],
  [new LostHistoryError(), 'read the present state and follow from there'],
])('a stream that cannot go on ends with CURSOR_EXPIRED, and what to do: %s', (originalError, remedy) => {
  const formatted = formatError(new GraphQLError(originalError.message, { originalError }), scope);
  expect(formatted).toMatchObject({ extensions: { code: 'CURSOR_EXPIRED', requestId: 'req' } });
  expect(formatted.message).toContain(remedy);
  expect(scope.logger.error).not.toHaveBeenCalled();
});

test.each(['RATE_LIMITED', 'UNAVAILABLE'] as const)('%s says when to come again, in seconds', (code) => {
  const refused = { ok: false, code, field: null, message: 'call again later' } as const;
  expect(formatError(refusalError(refused, 'input'), scope)).toMatchObject({
    message: 'call again later',
    extensions: { code, retryAfter: 1 },
  });
});
