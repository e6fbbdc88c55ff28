import { isAboutAll } from './publication-events.js';
import type { StoredEvent } from './read.js';
import { positionOf } from './revision.js';

/** What a follower may have waiting; one that is slower than that must resume from its cursor. */
const MOST_WAITING = 10_000;

/** The listener did not keep up; it may resume from its cursor. */
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

/** The live feed that a follower is attached to. */
interface Feed {
  detach(follower: Follower): void;
}

/** Where a follower begins, and what it wants. */
export interface Start {
  /** The last position that it has seen. */
  readonly position: number;
  /** Of the customer whose events alone are wanted, with those that are about all; null: every event. */
  readonly subject: string | null;
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
export class Follower implements AsyncIterableIterator<StoredEvent, undefined> {
  /** The last position that was handed over. */
  position: number;
  /** Where the live feed stood when it was attached: history is read up to there. */
  readonly #attachedAt: number;
  readonly subject: string | null;
  readonly #feed: Feed;
  readonly #waiting: StoredEvent[] = [];
  /** What came live before history was read; null: it is read. */
  #early: StoredEvent[] | null = [];
  #ended = false;
  #failure: Error | null = null;
  /** Who waits for the next event. */
  #asked: Asked | null = null;
  #onDrained: (() => void) | null = null;

  constructor({ position, subject }: Start, attachedAt: number, feed: Feed) {
    this.position = position;
    this.#attachedAt = attachedAt;
    this.subject = subject;
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

  live(): void {
    const early = this.#early ?? [];
    this.#early = null;
    this.#add(early);
  }

  push(events: readonly StoredEvent[]): void {
    if (this.#early === null) this.#add(events);
    else this.#early.push(...events);
    if (this.#waiting.length + (this.#early?.length ?? 0) > MOST_WAITING) this.fail(new SlowFollowerError());
  }

  fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#feed.detach(this);
    this.#answer();
    this.#onDrained?.();
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
      if (position <= this.position) continue;
      this.position = position;
      if (this.#wants(event)) this.#waiting.push(event);
    }
    this.#answer();
  }

  #wants(event: StoredEvent): boolean {
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
    const value = this.#ended ? undefined : this.#waiting.shift();
    if (value === undefined && !this.#ended) return;
    this.#asked = null;
    if (this.#failure !== null) asked.reject(this.#failure);
    else asked.resolve(value === undefined ? OVER : { done: false, value });
    if (this.#waiting.length === 0) this.#onDrained?.();
  }
}

const OVER: Taken = { done: true, value: undefined };
