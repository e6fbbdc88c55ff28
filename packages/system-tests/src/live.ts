import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlClient } from './graphql-client.js';
import { API_KEY } from './system.js';

/** A subscription over a socket of its own. */
export interface Following {
  /** The next answer: its data, or the errors in place of it. */
  next(): Promise<unknown>;
  end(): Promise<void>;
}

/** Subscribes to a field; settles when the subscription is in place. */
export async function follow({ url }: GraphqlClient, field: string): Promise<Following> {
  const socket = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${API_KEY}` },
    retryAttempts: 0,
  });
  const stream = socket.iterate({ query: `subscription { ${field} }` });
  let first: Promise<unknown> | null = next();
  async function next(): Promise<unknown> {
    const answer: { value?: { data?: unknown; errors?: unknown } } = await stream
      .next()
      .catch((errors: unknown) => ({ value: { errors } }));
    return answer.value?.errors ?? answer.value?.data;
  }
  // Answered over the same socket after the subscription.
  await socket.iterate({ query: '{ tenant { id } }' }).next();
  return {
    next() {
      const answer = first ?? next();
      first = null;
      return answer;
    },
    end: async () => {
      await socket.dispose();
    },
  };
}
