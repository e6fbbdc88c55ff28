import { DatabaseUnavailableError } from '../connection/errors.js';

const MOST_REPEATS = 3;

/**
 * Runs a list so that what cannot be done fails alone: an error ends the whole list, which is run again at most
 * three times and then in halves, in order. An outage is no fault of any of them, and ends them all.
 */
export async function isolate<Item, Done>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Done[]>,
  fail: (item: Item, error: unknown) => Done,
): Promise<readonly Done[]> {
  return repeat(items, MOST_REPEATS);

  async function repeat(some: readonly Item[], repeats: number): Promise<readonly Done[]> {
    try {
      return await run(some);
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) return some.map((item) => fail(item, error));
      if (repeats > 0) return repeat(some, repeats - 1);
      const [only] = some;
      if (only === undefined || some.length === 1) return some.map((item) => fail(item, error));
    }
    const middle = Math.ceil(some.length / 2);
    // A half that is one request has its repeats again: that it fails is to be its own fault.
    const first = await half(some.slice(0, middle));
    return [...first, ...(await half(some.slice(middle)))];
  }

  function half(some: readonly Item[]): Promise<readonly Done[]> {
    return repeat(some, some.length === 1 ? MOST_REPEATS : 0);
  }
}
