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

/** One listener: history first, then what came live meanwhile, then the live feed; each position once. */
export class Follower {
  /** The last position that was handed over. */
  position: number;
  /** Where the live feed stood when it was attached: history is read up to there. */
  readonly #attachedAt: number;
  /** Of the customer whose events alone are wanted; null: every event. */
  readonly subject: string | null;
  readonly #detach: () => void;
  #waiting: StoredEvent[] = [];
  #early: StoredEvent[] = [];
  #live = false;
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  #onDrained: (() => void) | null = null;

  constructor(position: number, attachedAt: number, subject: string | null, detach: () => void) {
    this.position = position;
    this.#attachedAt = attachedAt;
    this.subject = subject;
    this.#detach = detach;
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
    this.#live = true;
    this.#add(this.#early);
    this.#early = [];
  }

  push(events: readonly StoredEvent[]): void {
    if (this.#live) this.#add(events);
    else this.#early.push(...events);
    if (this.#waiting.length + this.#early.length > MOST_WAITING) this.fail(new SlowFollowerError());
  }

  fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.end();
  }

  end(): void {
    this.#ended = true;
    this.#detach();
    this.#wake?.();
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
    this.#wake?.();
  }

  #wants({ subjects }: StoredEvent): boolean {
    return this.subject === null || subjects.length === 0 || subjects.includes(this.subject);
  }

  events(): AsyncIterableIterator<StoredEvent> {
    const iterator: AsyncIterableIterator<StoredEvent> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () => this.#next(),
      return: () => {
        this.end();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return iterator;
  }

  async #next(): Promise<IteratorResult<StoredEvent>> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const value = this.#ended ? undefined : this.#waiting.shift();
      if (value) {
        if (this.#waiting.length === 0) this.#onDrained?.();
        return { done: false, value };
      }
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }
}
