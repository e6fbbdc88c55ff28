/** Answers that may be on their way at once over one socket; the others wait until the client has read some. */
export const TURNS_MAX = 32;

/** Lets so many work at once, and the others in the order in which they came. */
export class Turns {
  #running = 0;
  /** Null: nothing has had to wait. */
  #waiting: (() => void)[] | null = null;

  async take(work: () => Promise<void>): Promise<void> {
    if (this.#running < TURNS_MAX) this.#running += 1;
    // Who ends hands its turn on.
    else await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve));
    try {
      await work();
    } finally {
      const next = this.#waiting?.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
