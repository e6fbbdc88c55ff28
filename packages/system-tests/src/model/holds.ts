import type { FeatureKey } from './features.js';

/** Units that count in `reserved` until somebody settles them, or time does. */

/** Of credit blocks, by their ids, in the order in which they were taken. */
export interface BlockHold {
  readonly block: string;
  readonly units: number;
}

/** Units that are held until they are committed, released, or time frees them. */
export interface Reservation {
  readonly id: string;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly madeAt: number;
  readonly expiresAt: number;
  /** EXPIRED: by time; it may still be settled. */
  status: 'OPEN' | 'COMMITTED' | 'RELEASED' | 'EXPIRED';
  /** Whether the window in which it was made still runs; a level has one for ever. */
  inWindow: boolean;
  readonly holds: readonly BlockHold[];
  /** What its commit was answered with. */
  settled: {
    readonly allowed: boolean;
    readonly code: string;
    readonly consumed: number;
    readonly replayed: boolean;
  } | null;
}

/** Units that are handed to one caller: what nobody returns is spent when its time, or its window, is over. */
export interface QuotaLease {
  readonly id: string;
  readonly feature: FeatureKey;
  readonly quantity: number;
  readonly expiresAt: number;
  /** SPENT: by time; it may still be corrected. */
  status: 'OPEN' | 'RETURNED' | 'SPENT';
  /** Whether the window in which it was lent still runs; a level, and what is prepaid, have one for ever. */
  inWindow: boolean;
  readonly holds: readonly BlockHold[];
  /** The licence file whose budget it is: it ends with that, whatever becomes of its window. */
  readonly file: string | null;
  /** When its window took it along, until that is told. */
  takenAlong: number | null;
  /** What its return said, and was answered with. */
  returned: { readonly spent: number; readonly consumed: number } | null;
}
