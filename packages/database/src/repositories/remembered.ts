import { LRUCache } from 'lru-cache';

/**
 * The values that were used last, at most `most`. One that has been pushed out and is still held by somebody is found
 * as well: there is one object for one key, and what compares objects finds them the same.
 */
export class Remembered<T extends object> {
  readonly #last: LRUCache<string, T>;
  readonly #held = new Map<string, WeakRef<T>>();
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (this.#held.get(key)?.deref() === undefined) this.#held.delete(key);
  });

  constructor(most: number) {
    this.#last = new LRUCache({ max: most });
  }

  get(key: string): T | undefined {
    const last = this.#last.get(key);
    if (last !== undefined) return last;
    const held = this.#held.get(key)?.deref();
    if (held !== undefined) this.#last.set(key, held);
    return held;
  }

  /** The value that stands under the key from now on: the one that was there first. */
  keep(key: string, value: T): T {
    const known = this.get(key);
    if (known !== undefined) return known;
    this.#last.set(key, value);
    this.#held.set(key, new WeakRef(value));
    this.#gone.register(value, key);
    return value;
  }
}
