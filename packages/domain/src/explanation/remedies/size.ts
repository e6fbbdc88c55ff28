import type { Feature, PlanEntitlement } from '../../catalog/catalog.js';

/** How much is given of a feature, to tell smaller from larger. */
export function sizeOf(feature: Feature, given: PlanEntitlement | undefined): number {
  switch (given?.kind) {
    case undefined:
      return 0;
    case 'BLOCKS':
      return given.blocks.reduce((sum, { quantity }) => sum + quantity, 0);
    case 'ON':
      return 1;
    case 'UNITS':
      return given.limit ?? Infinity;
    case 'BOUGHT':
      return given.default;
    case 'VALUE':
      return feature.type === 'CONFIG' ? feature.values.indexOf(given.value) : 0;
  }
}
