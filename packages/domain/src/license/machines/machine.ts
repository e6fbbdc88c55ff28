import type { MachineId } from '../../ids.js';
import type { Instant } from '../../time/instant.js';

/** A machine that a licence is activated on; docs/rules.md, "Machines". */
export interface Machine {
  readonly id: MachineId;
  /** As the vendor gives it, or derived from the components; one licence knows each once. */
  readonly fingerprint: string;
  /** Keyed hashes of its parts, each once. */
  readonly components: readonly string[];
  /** For people. */
  readonly name: string | null;
  readonly activatedAt: Instant;
  /** The last heartbeat; null: there was none. */
  readonly lastSeenAt: Instant | null;
  /** Until when it holds one of the places `atOnce`; null: it holds none. */
  readonly inUseUntil: Instant | null;
}

/** With which a fingerprint begins that was derived from components. */
export const DERIVED_FINGERPRINT = 'parts-';

export function isDerivedFingerprint(fingerprint: string): boolean {
  return fingerprint.startsWith(DERIVED_FINGERPRINT);
}

export type MachineEventType =
  | 'machine.activated'
  /** Activated again, with another fingerprint, other components or another name. */
  | 'machine.updated'
  | 'machine.deactivated'
  /** A heartbeat has taken a place. */
  | 'machine.place_taken'
  /** A heartbeat that takes no place: there is none to take, or it holds one already. */
  | 'machine.seen'
  /** It was not repeated in time. */
  | 'machine.place_expired';
