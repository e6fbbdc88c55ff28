import { registerEnumType } from 'type-graphql';
import type { ChangeTiming } from '@licet/domain';

export const ChangeTimingEnum = {
  NOW: 'NOW',
  PERIOD_END: 'PERIOD_END',
  AT: 'AT',
} as const satisfies Record<ChangeTiming, ChangeTiming>;
registerEnumType(ChangeTimingEnum, { name: 'ChangeTiming' });
