import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, OperationTypeNode } from 'graphql';
import type { GatewayContext } from '../context.js';

/** A subscription has many answers: it is told the way on which they come. */
export const refuseSubscriptions: ApolloServerPlugin<GatewayContext> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ operation }) {
        if (operation?.operation !== OperationTypeNode.SUBSCRIPTION) return Promise.resolve();
        throw new GraphQLError(
          'subscriptions come over a WebSocket (`graphql-transport-ws`) at the same address, or as server-sent events at `/graphql/stream`',
          { extensions: { code: 'BAD_USER_INPUT', field: 'query', http: { status: 400 } } },
        );
      },
    }),
};
