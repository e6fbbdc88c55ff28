/** One contender of a race, and what came out of each of its runs. */
export class Side<T> {
  readonly results: T[] = [];

  constructor(private readonly measure: () => Promise<T>) {}

  async run(): Promise<void> {
    this.results.push(await this.measure());
  }
}

/**
 * Runs every side once a round, beginning with another one each time, so that what drifts on the machine (heat,
 * neighbours, a growing log) falls on all of them alike.
 */
export async function interleaved(rounds: number, sides: readonly Side<unknown>[]): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const first = round % sides.length;
    for (const side of [...sides.slice(first), ...sides.slice(0, first)]) await side.run();
  }
}
