import type { Ceiling, Instant } from '@licet/domain';
import type { MeterKey } from '../repositories/meters.js';
import type { CounterUpdate, LockedMeter } from './counter-rows.js';
import type { KeptAccount } from './kept-account.js';

/** A counter as it moves from request to request of a batch: `row` is where it began. */
export interface Counter {
  readonly key: MeterKey;
  readonly account: KeptAccount;
  readonly row: LockedMeter;
  readonly isPrepaid: boolean;
  ceiling: Ceiling | null;
  used: number;
  reserved: number;
  overdrawn: number;
  freesAt: Instant | null;
  /** The most that was used and held when units were granted; 0: none were. Usage that is recorded may go beyond the ceiling. */
  granted: number;
}

export function updateOf(counter: Counter): CounterUpdate {
  const { row, used, reserved, overdrawn, freesAt, granted, ceiling } = counter;
  const holdsChanged = reserved !== row.reserved || overdrawn !== row.overdrawn || freesAt !== row.freesAt;
  const { rowId } = row;
  return { rowId, used, reserved, overdrawn, freesAt, granted, ceiling, holdsChanged };
}
