/** Lets so many work at once, and the others in the order in which they came. */
export class Turns {
  #running = 0;
  /** Null: nothing has had to wait. */
  #waiting: (() => void)[] | null = null;

  constructor(private readonly most: number) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.most) this.#running += 1;
    // Who ends hands its turn on.
    else await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting?.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
