import type { MachineIdentity } from '../license/machines/match.js';
import type { CheckRequest } from './decision.js';

/** Who asks, as far as rights depend on it: the machine, and what runs on it. */
export interface Asker extends MachineIdentity {
  /** Version of the vendor's software; null: it names none. */
  readonly productVersion: string | null;
}

export const NOBODY: Asker = { productVersion: null, fingerprint: null, components: [] };

export function askerOf({ productVersion = null, fingerprint = null, components = [] }: CheckRequest): Asker {
  return productVersion === null && fingerprint === null && components.length === 0
    ? NOBODY
    : { productVersion, fingerprint, components };
}
