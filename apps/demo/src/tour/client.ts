import { createClient, type Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { dataOf, type Operation } from './answer.js';
import type { TourAccess } from './environment.js';
import { LiveStream } from './live-stream.js';
import { TourError } from './tour-error.js';

const ANSWER_MILLISECONDS = 15_000;

export type Variables = Record<string, unknown>;

/** Speaks to the gateway: questions and commands by HTTP, live streams by WebSocket. */
export class TourClient {
  private readonly sockets: SocketClient;

  constructor(private readonly access: TourAccess) {
    this.sockets = createClient({
      url: `${access.url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${access.apiKey}` },
    });
  }

  /** The operation's data. TourError when the gateway is out of reach or answers with an error. */
  async send<Data>(operation: Operation<Data>, variables: Variables): Promise<Data> {
    const response = await this.post(JSON.stringify({ query: operation.query, variables }));
    if (response.status === 401) {
      throw new TourError(
        `the key is refused at ${this.access.url}; set LICET_API_KEY to the admin key that \`npm start\` printed`,
      );
    }
    return dataOf(operation, await response.json().catch(() => null));
  }

  /** Follows a subscription; nothing is asked of the gateway before the first `next`. */
  follow<Data>(operation: Operation<Data>, variables: Variables): LiveStream<Data> {
    return new LiveStream(operation, this.sockets.iterate({ query: operation.query, variables }));
  }

  async close(): Promise<void> {
    await this.sockets.dispose();
  }

  private async post(body: string): Promise<Response> {
    const { url, apiKey } = this.access;
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_MILLISECONDS);
    try {
      return await fetch(`${url}/graphql`, { method: 'POST', headers, body, signal });
    } catch (error) {
      throw new TourError(
        `nothing answers at ${url}; run \`npm start\` in another terminal, or set LICET_URL`,
        error,
      );
    }
  }
}
