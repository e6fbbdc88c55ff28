import type { Feature, Threshold } from '../catalog/catalog.js';
import { leastOfShare } from '../decision/share.js';

/** A counter on its way: from `from` to `to` units used, under a limit, null: unlimited. */
export interface Rise {
  readonly from: number;
  readonly to: number;
  readonly limit: number | null;
}

const NONE: readonly Threshold[] = [];

/**
 * The thresholds of `notifyAt` that a counter reaches as it rises, in the order of their writing. Shares are of the
 * limit without overage; of what is unlimited there are none (docs/rules.md, "Spending").
 */
export function thresholdsReached(feature: Feature, { from, to, limit }: Rise): readonly Threshold[] {
  if (feature.type !== 'METERED' && feature.type !== 'LIMIT') return [];
  // Most features have none, and each spend asks.
  if (feature.notifyAt.length === 0) return NONE;
  return feature.notifyAt.filter((threshold) => {
    const units = unitsOf(threshold, limit);
    return units !== null && from < units && units <= to;
  });
}

function unitsOf(threshold: Threshold, limit: number | null): number | null {
  if ('units' in threshold) return threshold.units;
  return limit === null ? null : leastOfShare(limit, threshold.percent);
}
