/** How many answers wait for one another at most: more gain nothing, and the first of them would come late. */
const MOST = 32;

/**
 * Writes the answers of one turn of the event loop together, when all of them have been worked out. A write wakes whoever waits for it,
 * and takes twice as long for that; whoever is awake already, because of the answer before, need not be woken.
 */
export class Outbox {
  #waiting: (() => void)[] = [];
  #isTurnAwaited = false;

  /** `write`: writes one answer. */
  put(write: () => void): void {
    if (this.#waiting.push(write) === MOST) this.#writeAll();
    if (this.#isTurnAwaited) return;
    this.#isTurnAwaited = true;
    setImmediate(() => {
      this.#isTurnAwaited = false;
      this.#writeAll();
    });
  }

  #writeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const write of waiting) write();
  }
}
