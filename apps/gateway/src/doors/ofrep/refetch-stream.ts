import { PassThrough, type Readable } from 'node:stream';
import type { FeedFollower, Revision } from '@licet/database';
import type { Probed } from '../../live/keep-alive.js';
import { type FollowedCustomer, touches } from '../../modules/event/touches.js';

/** After an event the next one waits so long, in milliseconds, and stands for all that came meanwhile. */
const QUIET = 1000;
/** When clients come again by themselves, in milliseconds. */
const RETRY = 1000;
/** Bytes that a client may leave unread. */
const UNREAD_MAX = 65_536;

/**
 * Server-sent events that say when a customer's flags are to be fetched again; their ids are cursors of the log, from which a
 * client goes on that comes again.
 */
export class RefetchStream implements Probed {
  readonly #out = new PassThrough();
  readonly #events: FeedFollower['events'];
  /** The place in the log that was told of last, and the one that waits to be told of. */
  #told: Revision;
  #waiting: Revision | null = null;
  #quiet: NodeJS.Timeout | null = null;

  constructor(
    private readonly customer: FollowedCustomer,
    { from, events }: FeedFollower,
  ) {
    this.#told = from;
    this.#events = events;
    this.#out.write(`retry: ${String(RETRY)}\n\n`);
    this.#out.once('close', () => {
      this.#stopTimer();
      void events.return?.();
    });
  }

  get output(): Readable {
    return this.#out;
  }

  /** Until the log's follower ends: with the stream, with the process, or because it can go no further. */
  async run(): Promise<void> {
    try {
      for await (const event of this.#events) if (touches(event, this.customer)) this.tell(event.cursor);
    } finally {
      this.end();
    }
  }

  /** What was read before this place in the log may be no more. */
  tell(cursor: Revision): void {
    if (this.#quiet !== null) {
      this.#waiting = cursor;
      return;
    }
    this.#told = cursor;
    const data = JSON.stringify({ type: 'refetchEvaluation', etag: cursor });
    this.#write(`id: ${cursor}\nevent: message\ndata: ${data}\n\n`);
    this.#quiet = setTimeout(() => this.#afterQuiet(), QUIET).unref();
  }

  /** Says it once more, whatever has happened. */
  tellAgain(): void {
    this.tell(this.#waiting ?? this.#told);
  }

  probe(): void {
    this.#write(':\n\n');
  }

  end(): void {
    if (!this.#out.writableEnded) this.#out.end();
    this.#stopTimer();
  }

  #afterQuiet(): void {
    this.#quiet = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) this.tell(waiting);
  }

  #write(text: string): void {
    if (this.#out.writableEnded || this.#out.destroyed) return;
    this.#out.write(text);
    if (this.#out.writableLength + this.#out.readableLength > UNREAD_MAX) this.#out.destroy();
  }

  #stopTimer(): void {
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    this.#quiet = null;
  }
}
