import type { FeatureKey } from '../ids.js';
import type { Instant } from '../time/instant.js';

/** A span of time that holds its start and not its end. */
export interface Span {
  readonly start: Instant;
  readonly end: Instant;
}

/** Units that an earlier window has left over. */
export interface RolledUnits {
  readonly units: number;
  /** From then on nothing more of them can be spent. */
  readonly until: Instant;
}

/** One counter: units used and held in the running window (null: a level, LIMIT features). */
export interface Meter {
  readonly feature: FeatureKey;
  readonly used: number;
  readonly reserved: number;
  readonly window: Span | null;
  /** When time may free units that are held, or spend those that are lent: nothing of this window ends earlier. Null: none is held. */
  readonly freesAt: Instant | null;
  /** Recorded beyond all credit blocks of a prepaid feature: taken from the next block that comes. Of others 0. */
  readonly overdrawn: number;
  /**
   * What the window had of earlier ones when it began, less what has ended unspent since; the soonest to end first, which
   * is the order in which it is spent (see `rollover.ts`). Where the catalog rolls nothing over: none.
   */
  readonly rolled: readonly RolledUnits[];
}

/** A counter of which nothing is used or held. */
export function unusedMeter(feature: FeatureKey, window: Span | null): Meter {
  return { feature, used: 0, reserved: 0, window, freesAt: null, overdrawn: 0, rolled: [] };
}

/** Whether a window must be closed when it is over: in the next one the counter reads otherwise. */
export function isInUse({ used, reserved }: Meter): boolean {
  return used > 0 || reserved > 0;
}
