import { Follower } from './follower.js';
import type { StoredEvent } from './read.js';
import { positionOf } from './revision.js';

/** The live end of one tenant's log, and who listens to it. */
export class TenantTail {
  position: number;
  readonly #followers = new Set<Follower>();
  readonly #forget: () => void;
  #reading = false;
  #again = false;

  constructor(position: number, forget: () => void) {
    this.position = position;
    this.#forget = forget;
  }

  attach(position: number): Follower {
    const follower: Follower = new Follower(position, this.position, () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0) this.#forget();
    });
    this.#followers.add(follower);
    return follower;
  }

  push(events: readonly StoredEvent[]): void {
    const last = events.at(-1);
    if (!last) return;
    this.position = positionOf(last.cursor);
    for (const follower of this.#followers) follower.push(events);
  }

  beginReading(): boolean {
    this.#again = this.#reading;
    if (this.#reading) return false;
    this.#reading = true;
    return true;
  }

  lookAgain(): void {
    this.#again = true;
  }

  mustLookAgain(): boolean {
    const again = this.#again;
    this.#again = false;
    return again;
  }

  endReading(): void {
    this.#reading = false;
  }

  end(): void {
    for (const follower of this.#followers) follower.end();
  }
}
