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
  /**
   * What the window had of earlier ones when it began, less what has ended unspent since; the soonest to end first, which
   * is the order in which it is spent (see `rollover.ts`). Where the catalog rolls nothing over: none.
   */
  readonly rolled: readonly RolledUnits[];
}
