import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.js';
import { RETRY_AFTER, retryAfterOf } from '../errors/retry-after.js';

/** Says by a header, too, when to come again. */
export const retryAfterHeader: ApolloServerPlugin<GatewayContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ response: { http, body } }) {
        const errors = body.kind === 'single' ? (body.singleResult.errors ?? []) : [];
        const seconds = retryAfterOf(errors);
        if (seconds !== null) http.headers.set(RETRY_AFTER, String(seconds));
        return Promise.resolve();
      },
    }),
};
