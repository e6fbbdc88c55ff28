/** How long to wait before another attempt: twice as long each time, and never as long as others who began together. */
export class BackOff {
  #attempts = 0;

  constructor(
    private readonly random: () => number,
    readonly mostMilliseconds: number,
    private readonly firstMilliseconds = 500,
  ) {}

  next(): number {
    const most = Math.min(this.mostMilliseconds, this.firstMilliseconds * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return most * (0.5 + this.random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
