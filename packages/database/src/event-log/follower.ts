import { isAboutAll } from './publication-events.js';
import type { StoredEvent } from './read.js';
import { positionOf, type Revision } from './revision.js';

/** What a follower may have waiting, in events and in bytes of them; one that is slower than that must resume from its cursor. */
const MOST_WAITING = 10_000;
const MOST_BYTES = 4 * 1024 * 1024;

/** The listener did not keep up; nothing is lost: it may resume from its cursor. */
export class SlowFollowerError extends Error {
  readonly code = 'CURSOR_EXPIRED';
  constructor() {
    super('too many events are waiting; resume from the last cursor that arrived');
  }
}

/** The log was replaced by another (a restore, a failover that lost its end): its cursors mean nothing any more. */
export class LostHistoryError extends Error {
  readonly code = 'CURSOR_EXPIRED';
  constructor() {
    super(
      'the log has another history than the one that was followed; read the present state and follow from there',
    );
  }
}

/** Events one after another, with what is known of those to come. */
export interface Followed extends AsyncIterableIterator<StoredEvent> {
  /** Whether no other is to come up to `revision`. */
  hasTaken(revision: Revision): boolean;
}

/** The live feed that a follower is attached to. */
interface Feed {
  /** Up to which it is read. */
  readonly position: number;
  detach(follower: Follower): void;
}

/** Where a follower begins, and what it wants. */
export interface Start {
  /** The last place that it has seen. */
  readonly from: Revision;
  /** Of the customer whose events alone are wanted, with those that are about all; null: every event. */
  readonly subject: string | null;
  /** Whether events alone are wanted that are listed: none of usage. */
  readonly listed?: boolean;
}

type Taken = IteratorResult<StoredEvent, undefined>;

interface Asked {
  readonly resolve: (taken: Taken) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One listener: history first, then what came live meanwhile, then the live feed; each position once. Most of them
 * wait most of the time, and there may be tens of thousands: one that waits is this object and a promise.
 */
export class Follower implements Followed {
  /** The last position that was handed over. */
  position: number;
  /** Where the live feed stood when what is early began: history is read up to there. */
  #attachedAt: number;
  readonly subject: string | null;
  readonly #listed: boolean;
  readonly #feed: Feed;
  readonly #waiting: StoredEvent[] = [];
  /** What came live before history was read; null: it is read. */
  #early: StoredEvent[] | null = [];
  /** Of what waits, and of what is early. */
  #bytes = 0;
  #ended = false;
  #failure: Error | null = null;
  /** Who waits for the next event. */
  #asked: Asked | null = null;
  #onDrained: (() => void) | null = null;

  constructor({ from, subject, listed = false }: Start, attachedAt: number, feed: Feed) {
    this.position = positionOf(from);
    this.#attachedAt = attachedAt;
    this.subject = subject;
    this.#listed = listed;
    this.#feed = feed;
  }

  behind(): boolean {
    return !this.#ended && this.position < this.#attachedAt;
  }

  /** History comes whole, whatever is wanted of it, so that a gap shows. */
  history(events: readonly StoredEvent[]): void {
    for (const event of events) {
      const position = positionOf(event.cursor);
      if (position !== this.position + 1) {
        this.fail(new Error(`the log has a gap between ${String(this.position)} and ${String(position)}`));
        return;
      }
      this.#add([event]);
      this.position = position;
    }
  }

  /** History is read: what came meanwhile follows, and from then on what comes. */
  live(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const event of early) this.#bytes -= event.bytes;
    this.#add(early);
  }

  push(events: readonly StoredEvent[]): void {
    if (this.#early === null) {
      this.#add(events);
      if (this.#isFull(this.#waiting)) this.fail(new SlowFollowerError());
    } else this.#keepEarly(this.#early, events);
  }

  /** What is too much to be kept while history is read is read as history. */
  #keepEarly(early: StoredEvent[], events: readonly StoredEvent[]): void {
    for (const event of events) {
      early.push(event);
      this.#bytes += event.bytes;
    }
    const last = early.at(-1);
    if (last === undefined || !this.#isFull(early)) return;
    for (const event of early) this.#bytes -= event.bytes;
    this.#attachedAt = positionOf(last.cursor);
    this.#early = [];
  }

  #isFull(events: readonly StoredEvent[]): boolean {
    // One event may be larger than all that may wait.
    return events.length > MOST_WAITING || (events.length > 1 && this.#bytes > MOST_BYTES);
  }

  /** How many bytes of events are kept for it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** INVARIANT (each event once): what was read as history comes from the live feed as well. */
  hasSeen(position: number): boolean {
    return position <= this.position;
  }

  /** The log is read up to there, and nothing waits. One that has ended hears of nothing, so it cannot tell. */
  hasTaken(revision: Revision): boolean {
    const isOpen = this.#early === null && !this.#ended;
    return isOpen && this.#waiting.length === 0 && this.#feed.position >= positionOf(revision);
  }

  fail(error: unknown): void {
    this.#drop();
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#drop();
    this.#feed.detach(this);
    this.#answer();
    this.#onDrained?.();
  }

  #drop(): void {
    this.#waiting.length = 0;
    this.#early = null;
    this.#bytes = 0;
  }

  /** Settles when the listener has taken what waits: history is read as fast as it is consumed. */
  async drained(): Promise<void> {
    if (this.#waiting.length === 0 || this.#ended) return;
    await new Promise<void>((resolve) => (this.#onDrained = resolve));
    this.#onDrained = null;
  }

  #add(events: readonly StoredEvent[]): void {
    for (const event of events) {
      const position = positionOf(event.cursor);
      if (this.hasSeen(position)) continue;
      this.position = position;
      if (!this.#wants(event)) continue;
      this.#waiting.push(event);
      this.#bytes += event.bytes;
    }
    this.#answer();
  }

  #wants(event: StoredEvent): boolean {
    if (this.#listed && !event.listed) return false;
    return this.subject === null || isAboutAll(event) || event.subjects.includes(this.subject);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Taken> {
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      this.#answer();
    });
  }

  return(): Promise<Taken> {
    this.end();
    return Promise.resolve(OVER);
  }

  #answer(): void {
    const asked = this.#asked;
    if (asked === null) return;
    const value = this.#waiting.shift();
    if (value === undefined && !this.#ended) return;
    this.#bytes -= value?.bytes ?? 0;
    this.#asked = null;
    if (this.#failure !== null) asked.reject(this.#failure);
    else asked.resolve(value === undefined ? OVER : { done: false, value });
    if (this.#waiting.length === 0) this.#onDrained?.();
  }
}

const OVER: Taken = { done: true, value: undefined };
