import type { MachineIdentity } from '../license/machines/match.js';
import type { CheckRequest } from './decision.js';

/** Who asks, as far as rights depend on it: the machine, and what runs on it. */
export interface Asker extends MachineIdentity {
  /** Version of the vendor's software; null: it names none. */
  readonly productVersion: string | null;
  readonly member: AskingMember;
}

/**
 * Who asks for a seat, or with one. UNNAMED: no member is; a SEATS feature is asked for how many seats are free. ANYBODY: row
 * 18 is not asked; what is worked out is what whoever has a seat has.
 */
export type AskingMember = { readonly memberId: string } | 'UNNAMED' | 'ANYBODY';

const NOTHING_TOLD = { productVersion: null, fingerprint: null, components: [] } as const;
/** Of no request in particular. */
export const NOBODY: Asker = { ...NOTHING_TOLD, member: 'ANYBODY' };
const UNNAMED: Asker = { ...NOTHING_TOLD, member: 'UNNAMED' };

/** Quantity 0 asks whether the feature is there, not for a seat. */
export function askerOf({
  quantity,
  memberId = null,
  productVersion = null,
  fingerprint = null,
  components = [],
}: CheckRequest): Asker {
  const isNamed = quantity !== 0 && memberId !== null;
  const isTold = productVersion !== null || fingerprint !== null || components.length > 0;
  if (!isNamed && !isTold) return quantity === 0 ? NOBODY : UNNAMED;
  const member = quantity === 0 ? 'ANYBODY' : memberId === null ? 'UNNAMED' : { memberId };
  return { productVersion, fingerprint, components, member };
}
