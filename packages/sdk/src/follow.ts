import { createClient } from 'graphql-sse';
import type { BackOff } from './back-off.js';
import type { Credential } from './credential.js';
import { isRecord } from './json.js';
import { Timer } from './timer.js';

export interface Following {
  readonly url: string;
  readonly credential: Credential;
  readonly fetch: typeof globalThis.fetch;
  readonly customerId: string;
  readonly backOff: BackOff;
  /** The gateway has the connection, and tells from now on. */
  readonly onConnected: () => void;
  readonly onChange: () => void;
  /** Nothing is told any more, until it is connected again. */
  readonly onCut: () => void;
}

const QUERY =
  'subscription ($customerId: ID!, $after: Cursor) { entitlementsChanged(customerId: $customerId, after: $after) { cursor } }';

/** Who is connected and soon cut off again, time after time, waits longer as if nobody had answered. In milliseconds. */
const LASTING = 5_000;

/**
 * Follows one customer's changes over server-sent events, which need no more than `fetch`, and go on after a cut where they
 * were (docs/live.md).
 */
export class Follower {
  readonly #client;
  readonly #timer = new Timer();
  readonly #lasting = new Timer();
  #after: string | null = null;
  #shown = '';
  #stop: () => void = () => undefined;
  #isStopped = false;

  constructor(private readonly following: Following) {
    const { url, credential, fetch } = following;
    this.#client = createClient({
      url: `${url}/graphql/stream`,
      fetchFn: fetch,
      headers: async () => ({ authorization: (this.#shown = await credential.header()) }),
      // Each attempt begins at another cursor.
      retryAttempts: 0,
    });
    this.#connect();
  }

  /** Ends what there is of a connection and begins another one: nothing has come for want of a network, perhaps. */
  reconnect(): void {
    this.#stop();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.clear();
    this.#stop();
  }

  #connect(): void {
    const { customerId, onConnected, backOff } = this.following;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      this.#cut();
    };
    const dispose = this.#client.subscribe(
      { query: QUERY, variables: { customerId, after: this.#after } },
      {
        next: (result) => {
          if (!this.#take(result)) dispose();
        },
        error: (error) => {
          if (isRefused(error)) this.following.credential.renew(this.#shown);
          end();
        },
        complete: end,
      },
      {
        connected: () => {
          if (isOver) return;
          this.#lasting.set(Math.min(LASTING, backOff.mostMilliseconds), () => backOff.reset());
          onConnected();
        },
      },
    );
    this.#stop = () => {
      dispose();
      end();
    };
  }

  /** Whether to go on with this connection. */
  #take({ data, errors }: { readonly data?: unknown; readonly errors?: readonly unknown[] }): boolean {
    const change = isRecord(data) ? data['entitlementsChanged'] : null;
    if (isRecord(change) && typeof change['cursor'] === 'string') {
      this.#after = change['cursor'];
      this.following.onChange();
      return true;
    }
    const [error] = errors ?? [];
    const code = codeOf(error);
    if (code === 'CURSOR_EXPIRED') this.#after = null;
    if (code === 'UNAUTHENTICATED') this.following.credential.renew(this.#shown);
    return false;
  }

  #cut(): void {
    this.#lasting.clear();
    this.following.onCut();
    if (!this.#isStopped) this.#timer.set(this.following.backOff.next(), () => this.#connect());
  }
}

function codeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('extensions' in error)) return null;
  return isRecord(error.extensions) ? error.extensions['code'] : null;
}

/** A response of the status 401. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof Error) || !('response' in error)) return false;
  return isRecord(error.response) ? error.response['status'] === 401 : false;
}
