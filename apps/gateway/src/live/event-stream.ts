import type { ServerResponse } from 'node:http';
import { type Message, MessageType, type SubscribePayload } from 'graphql-ws';
import { unauthenticated } from '../errors/api-error.js';
import { type ErrorScope, formatError } from '../errors/format-error.js';
import type { Channel } from './channel.js';
import type { Probed } from './keep-alive.js';
import type { SocketServices } from './live-socket.js';
import { Operation } from './operation.js';
import type { KeyHolder, SocketKey } from './socket-keys.js';

/** Of the one operation that a stream has. */
const ID = 'sse';

/**
 * One operation, answered as a stream of server-sent events (GraphQL over SSE, distinct connections mode): `next` for each
 * answer, `complete` at its end. A stream that ends without `complete` is to be opened again, from the last cursor.
 */
export class EventStream implements Channel, KeyHolder, Probed {
  readonly lane = 'sse';
  readonly #operation: Operation;
  #key: SocketKey | null = null;
  #isLeaving = false;
  #isProbing = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly scope: ErrorScope,
    private readonly shared: SocketServices,
  ) {
    this.#operation = new Operation(this, ID, shared);
    response.on('error', () => {
      response.destroy();
    });
    response.once('close', () => {
      this.leave();
    });
  }

  get key(): SocketKey | null {
    return this.#key;
  }

  get unsentBytes(): number {
    return this.response.writableLength;
  }

  /** Whether its credential allows anything; the stream ends with it. */
  async enter(header: string | undefined): Promise<boolean> {
    this.#key = this.shared.keys.hold(header, this);
    return (await this.#key.open()) !== null && !this.response.closed;
  }

  begin(
    headers: Readonly<Record<string, number | string | string[] | undefined>>,
    asked: SubscribePayload,
  ): void {
    this.response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
      // It would be open still when the stream has ended, and hold a gateway up that closes.
      connection: 'close',
    });
    // Some browsers take the stream for open only when something has come.
    this.response.write(':\n\n');
    this.shared.keepAlive.add(this);
    void this.#operation.begin(asked).then(() => {
      this.#goWhenDone();
    });
  }

  async tell(message: Message): Promise<void> {
    switch (message.type) {
      case MessageType.Next:
        return this.#write(eventOf('next', message.payload));
      case MessageType.Error:
        await this.#write(eventOf('next', { errors: message.payload }));
        return this.#complete();
      case MessageType.Complete:
        return this.#complete();
      // These belong to sockets.
      case MessageType.ConnectionInit:
      case MessageType.ConnectionAck:
      case MessageType.Ping:
      case MessageType.Pong:
      case MessageType.Subscribe:
        throw new Error(`a stream tells nothing of ${message.type}`);
    }
  }

  /** It has one operation, which waits for its own answers. */
  inTurn(work: () => Promise<void>): Promise<void> {
    return work();
  }

  scopeOf(): ErrorScope {
    return this.scope;
  }

  forget(): void {
    // The stream ends when what was told last has left.
  }

  follows(): void {
    this.#goWhenDone();
  }

  /** The client is told, and so does not come again with the same credential. */
  keyEnded(): void {
    const told = {
      id: ID,
      type: MessageType.Error,
      payload: [formatError(unauthenticated(), this.scope)],
    } as const;
    this.tell(told).catch((error: unknown) => {
      this.broken(error, 'the end of a credential could not be told');
    });
    void this.#operation.leave();
  }

  tooSlow(): void {
    this.response.end();
  }

  unavailable(): void {
    this.response.end();
  }

  broken(error: unknown, message: string): void {
    this.scope.logger.warn({ err: error, requestId: this.scope.requestId }, message);
    this.response.destroy();
  }

  /** Writes something, so that nothing on the way takes the connection for dead; ends it where nobody reads. */
  probe(): void {
    if (this.#isProbing) {
      this.response.destroy();
      return;
    }
    this.#isProbing = true;
    this.#write(':\n\n').then(
      () => (this.#isProbing = false),
      (error: unknown) => {
        this.broken(error, 'a stream could not be kept alive');
      },
    );
  }

  /** The gateway goes: what ends by itself is answered still, then the stream ends, to be opened elsewhere. */
  goAway(): void {
    this.#isLeaving = true;
    this.#goWhenDone();
  }

  /** The gateway goes, whatever is under way. */
  goNow(): void {
    this.response.end();
  }

  #goWhenDone(): void {
    if (this.#isLeaving && this.#operation.isFollowing) this.goNow();
  }

  async #complete(): Promise<void> {
    // Without `data` browsers tell nobody of it.
    await this.#write('event: complete\ndata:\n\n');
    this.response.end();
  }

  /** Settles when it has left. */
  #write(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.response.writableEnded || this.response.destroyed) {
        resolve();
        return;
      }
      this.response.write(text, (error) => {
        if (error && !this.response.destroyed) reject(error);
        else resolve();
      });
    });
  }

  private leave(): void {
    this.shared.keepAlive.leave(this);
    this.#key?.leave(this);
    this.#operation.leave().catch((error: unknown) => {
      this.broken(error, 'a stream could not be left');
    });
  }
}

function eventOf(event: 'next', data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
