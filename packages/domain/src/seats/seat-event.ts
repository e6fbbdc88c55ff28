import type { SeatEvent } from '../subscription/command.js';
import type { Instant } from '../time/instant.js';
import type { SeatOutcome } from './occupy.js';
import { isHeld } from './seat.js';

/** What is told of a seat that was asked for: taken, of another kind, or given back. Null: a lease was prolonged, or nothing has changed. */
export function seatEvent(
  { before, after }: Pick<SeatOutcome, 'before' | 'after'>,
  at: Instant,
): SeatEvent | null {
  if (after === null) return before && { type: 'seat.released', at, seat: { before, after } };
  if (!isHeld(after)) return { type: 'seat.released', at, seat: { before, after } };
  const isNew = before === null || !isHeld(before) || before.kind !== after.kind;
  return isNew ? { type: 'seat.assigned', at, seat: { before, after } } : null;
}
