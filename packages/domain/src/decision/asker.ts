import type { CheckRequest } from './decision.js';

/** Who asks, as far as rights depend on it. */
export interface Asker {
  /** Version of the vendor's software; null: it names none. */
  readonly productVersion: string | null;
  readonly member: AskingMember;
}

/**
 * Who asks for a seat, or with one. UNNAMED: no member is; a SEATS feature is asked for how many seats are free. ANYBODY: row
 * 18 is not asked; what is worked out is what whoever has a seat has.
 */
export type AskingMember = { readonly memberId: string } | 'UNNAMED' | 'ANYBODY';

/** Of no request in particular. */
export const NOBODY: Asker = { productVersion: null, member: 'ANYBODY' };
const UNNAMED: Asker = { productVersion: null, member: 'UNNAMED' };

/** Quantity 0 asks whether the feature is there, not for a seat. */
export function askerOf({ quantity, productVersion, memberId }: CheckRequest): Asker {
  const isNamed = quantity !== 0 && memberId != null;
  if (productVersion == null && !isNamed) return quantity === 0 ? NOBODY : UNNAMED;
  const member = quantity === 0 ? 'ANYBODY' : memberId == null ? 'UNNAMED' : { memberId };
  return { productVersion: productVersion ?? null, member };
}
