import type { Threshold } from './catalog.js';

/** As the catalog writes it: `80%`, or `1000`. */
export function thresholdText(threshold: Threshold): string {
  return 'units' in threshold ? String(threshold.units) : `${String(threshold.percent)}%`;
}
