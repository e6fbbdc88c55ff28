import type { AddOnVersion, PlanVersion } from '../subscription/subscription.js';

/** Versions that a snapshot holds once each, and names by their places in this order. */
export class Versions<T extends { readonly version: number }> {
  readonly #places = new Map<string, number>();
  readonly #all: T[] = [];

  constructor(private readonly keyOf: (version: T) => string) {}

  get all(): readonly T[] {
    return this.#all;
  }

  placeOf(version: T): number {
    const name = `${this.keyOf(version)}@${String(version.version)}`;
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#all.push(version) - 1;
    this.#places.set(name, place);
    return place;
  }
}

export function planVersions(): Versions<PlanVersion> {
  return new Versions(({ plan }) => plan.key);
}

export function addOnVersions(): Versions<AddOnVersion> {
  return new Versions(({ addOn }) => addOn.key);
}
