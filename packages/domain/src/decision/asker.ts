import type { CheckRequest } from './decision.js';

/** Who asks, as far as rights depend on it. */
export interface Asker {
  /** Version of the vendor's software; null: it names none. */
  readonly productVersion: string | null;
}

export const NOBODY: Asker = { productVersion: null };

export function askerOf({ productVersion }: CheckRequest): Asker {
  return productVersion === undefined ? NOBODY : { productVersion };
}
