import type { Instant } from '../time/instant.js';
import type { Decision } from './decision.js';

/** An answer and what it stands for: every quantity from `least` to `most`, at every instant in [from, until). */
export interface Answer {
  readonly decision: Decision;
  readonly least: number;
  readonly most: number;
  readonly from: Instant;
  /** Null: for ever. */
  readonly until: Instant | null;
}

const BOUNDS = 4;

/**
 * The answer that a customer was given last for each feature. A gateway keeps more of them than a processor's
 * caches hold, and the memory that is touched is what a check costs: answers lie by the feature's place in the
 * catalog, their bounds as bare numbers beside each other, in lists that never grow.
 */
export class KeptAnswers {
  readonly #places: ReadonlyMap<string, number>;
  /** Empty until the first answer is kept: of most customers nobody asks. */
  #decisions: (Decision | undefined)[] = [];
  /** For each place `from`, `until`, `least`, `most`. */
  #bounds: number[];

  /** `places`: of each feature in the catalog, from 0. */
  constructor(places: ReadonlyMap<string, number>) {
    this.#places = places;
    this.#bounds = noBounds(places);
  }

  /** The answer to this question, where it has been given; null: it has to be worked out. */
  find(feature: string, quantity: number, now: Instant): Decision | null {
    const place = this.#places.get(feature);
    if (place === undefined) return null;
    const bounds = this.#bounds;
    const first = place * BOUNDS;
    const stands =
      now >= (bounds[first] ?? Infinity) &&
      now < (bounds[first + 1] ?? 0) &&
      quantity >= (bounds[first + 2] ?? Infinity) &&
      quantity <= (bounds[first + 3] ?? 0);
    return stands ? (this.#decisions[place] ?? null) : null;
  }

  keep(feature: string, { decision, from, until, least, most }: Answer): void {
    const place = this.#places.get(feature);
    if (place === undefined) return;
    if (this.#decisions.length === 0) {
      this.#decisions = Array.from(this.#places, () => undefined);
      this.#bounds = this.#bounds.slice();
    }
    this.#decisions[place] = decision;
    const first = place * BOUNDS;
    this.#bounds[first] = from;
    this.#bounds[first + 1] = until ?? Infinity;
    this.#bounds[first + 2] = least;
    this.#bounds[first + 3] = most;
  }

  /** What it rested on has changed. */
  forget(feature: string): void {
    if (this.#decisions.length === 0) return;
    const place = this.#places.get(feature);
    if (place !== undefined) this.#decisions[place] = undefined;
  }
}

const unbounded = new WeakMap<ReadonlyMap<string, number>, number[]>();

/** Bounds within which nothing lies, for all customers of a catalog who have no answer yet. */
function noBounds(places: ReadonlyMap<string, number>): number[] {
  const known = unbounded.get(places);
  if (known !== undefined) return known;
  // One by one: lists that may have holes are slower to read.
  const bounds: number[] = [];
  for (let bound = 0; bound < places.size * BOUNDS; bound += 1) bounds.push(Infinity);
  unbounded.set(places, bounds);
  return bounds;
}
