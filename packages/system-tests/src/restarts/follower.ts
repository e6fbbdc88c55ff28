import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { API_KEY } from '../system.js';

/** What a follower has been told, event by event. */
export interface Told {
  readonly cursor: string;
  readonly customerId: string | null;
}

/**
 * The reference client, which comes again by itself and goes on from the last cursor that arrived. `url`: where there is a
 * gateway now, as a balancer would find one.
 */
export class RestartFollower {
  readonly told: Told[] = [];
  readonly #client: Client;
  readonly #ended: Promise<void>;
  /** Times that it has been let in. */
  connections = 0;

  constructor(
    url: () => string,
    from: string,
    readonly customerId: string | null,
  ) {
    this.#client = createClient({
      url,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${API_KEY}` },
      retryAttempts: Infinity,
      shouldRetry: () => true,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 200)),
      on: { connected: () => (this.connections += 1) },
    });
    // The client sends the same variables each time that it comes again.
    const variables: Record<string, unknown> = { customerId, after: from };
    const query = `subscription ($customerId: ID, $after: Cursor) {
      events(customerId: $customerId, after: $after) { cursor customerId } }`;
    this.#ended = new Promise((resolve, reject) => {
      this.#client.subscribe<{ events: Told }>(
        { query, variables },
        {
          next: ({ data, errors }) => {
            if (!data) {
              reject(new Error(JSON.stringify(errors)));
              return;
            }
            this.told.push(data.events);
            variables['after'] = data.events.cursor;
          },
          error: (error) => {
            reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
          },
          complete: resolve,
        },
      );
    });
    this.#ended.catch(() => undefined);
  }

  /** Rejects where the stream has failed; settles as soon as it has been told of this cursor. */
  async until(cursor: string): Promise<void> {
    for (;;) {
      if (this.told.at(-1)?.cursor === cursor) return;
      await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }
}
