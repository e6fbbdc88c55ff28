import type { FeatureKey } from '../ids.js';
import type { Instant } from '../time/instant.js';

/** A span of time that holds its start and not its end. */
export interface Span {
  readonly start: Instant;
  readonly end: Instant;
}

/** One counter: units used and held in the running window (null: a level, LIMIT features). */
export interface Meter {
  readonly feature: FeatureKey;
  readonly used: number;
  readonly reserved: number;
  readonly window: Span | null;
}
