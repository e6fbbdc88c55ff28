import { Follower, type Start } from './follower.js';
import { isAboutAll } from './publication-events.js';
import type { StoredEvent } from './read.js';
import { positionOf, type Revision } from './revision.js';

/** What keeps something in memory by the log: told of every event, at once and in order. */
export interface Watcher {
  /** Reads what must be at hand when the events are told; they are told to nobody before. */
  prepare?(events: readonly StoredEvent[]): Promise<void>;
  events(events: readonly StoredEvent[]): void;
  /** The log has another history than the one that was watched: nothing that was kept holds. The watch is over. */
  lost(): void;
}

/** The live end of one tenant's log, and who listens to it. */
export class TenantTail {
  /** The last event that was read. */
  revision: Revision;
  /** When that was known to be the last one, by `performance.now()`. */
  confirmedAt: number;
  readonly #watchers = new Set<Watcher>();
  readonly #followers = new Set<Follower>();
  /** Those of `#followers` that are about one customer, by its subject. */
  readonly #bySubject = new Map<string, readonly Follower[]>();
  readonly #forget: () => void;
  #reading: Promise<void> | null = null;
  #again = false;

  constructor(revision: Revision, confirmedAt: number, forget: () => void) {
    this.revision = revision;
    this.confirmedAt = confirmedAt;
    this.#forget = forget;
  }

  get position(): number {
    return positionOf(this.revision);
  }

  /** Bytes of events that followers have not taken yet. */
  get waitingBytes(): number {
    return this.#everyFollower().reduce((total, { bytes }) => total + bytes, 0);
  }

  get followers(): number {
    return this.#everyFollower().length;
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      this.#forgetWhenAlone();
    };
  }

  attach(start: Start): Follower {
    const follower = new Follower(start, this.position, this);
    const { subject } = start;
    if (subject === null) this.#followers.add(follower);
    else this.#bySubject.set(subject, [...(this.#bySubject.get(subject) ?? []), follower]);
    return follower;
  }

  detach(follower: Follower): void {
    this.#followers.delete(follower);
    const { subject } = follower;
    if (subject !== null) this.#detachFrom(subject, follower);
    this.#forgetWhenAlone();
  }

  /** Lists are replaced rather than changed: an event may be on its way through one. */
  #detachFrom(subject: string, follower: Follower): void {
    const others = this.#bySubject.get(subject)?.filter((other) => other !== follower) ?? [];
    if (others.length === 0) this.#bySubject.delete(subject);
    else this.#bySubject.set(subject, others);
  }

  #forgetWhenAlone(): void {
    if (this.#followers.size + this.#bySubject.size + this.#watchers.size === 0) this.#forget();
  }

  async prepare(events: readonly StoredEvent[]): Promise<void> {
    for (const watcher of this.#watchers) await watcher.prepare?.(events);
  }

  push(events: readonly StoredEvent[]): void {
    const last = events.at(-1);
    if (!last) return;
    this.revision = last.cursor;
    for (const watcher of this.#watchers) watcher.events(events);
    for (const follower of this.#followers) follower.push(events);
    if (this.#bySubject.size > 0) for (const event of events) this.#pushBySubject(event);
  }

  #pushBySubject(event: StoredEvent): void {
    if (isAboutAll(event)) {
      for (const followers of this.#bySubject.values())
        for (const follower of followers) follower.push([event]);
    }
    for (const subject of event.subjects) {
      for (const follower of this.#bySubject.get(subject) ?? []) follower.push([event]);
    }
  }

  /** One read at a time; a call that comes meanwhile makes it read once more, and settles with it. */
  read(once: () => Promise<void>): Promise<void> {
    this.#again = true;
    return (this.#reading ??= this.#readAll(once).finally(() => (this.#reading = null)));
  }

  async #readAll(once: () => Promise<void>): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await once();
    }
  }

  readAgain(): void {
    this.#again = true;
  }

  /** Ends all followers. */
  end(): void {
    for (const follower of this.#everyFollower()) follower.end();
  }

  /** Ends everything: the log is not the one that was read. */
  lose(error: Error): void {
    for (const watcher of this.#watchers) watcher.lost();
    this.#watchers.clear();
    for (const follower of this.#everyFollower()) follower.fail(error);
    this.#forget();
  }

  #everyFollower(): Follower[] {
    return [...this.#followers, ...[...this.#bySubject.values()].flat()];
  }
}
