import {
  type Instant,
  instant,
  parseCreditBlockId,
  parseFeatureKey,
  type PastBlock,
  type PastMeter,
} from '@licet/domain';
import type { StoredEvent } from '../event-log/read.js';
import { countersIn, type CounterEvent } from '../states/kept-state.js';
import { readEventData } from './event-data.js';

/** Before all that is told of: whatever window ran, nothing has closed it. */
const EVER = instant(0);

/**
 * The counters of a customer that a batch of usage moved, as they were before it: as the event before left them. Null:
 * no event says how that was. `older`: what happened before, newest first.
 */
export function countersBefore(
  batch: StoredEvent,
  older: readonly StoredEvent[],
  subject: string,
  hasWindow: (feature: string) => boolean,
): PastMeter[] | null {
  // What is taken of a pool of seats, their own events tell.
  const moved = countersIn(batch).filter((counter) => counter.subject === subject && !counter.isPool);
  const meters = moved.map((counter) => {
    const meter = meterBefore(counter, batch.at, older, hasWindow(counter.feature));
    const blocks = counter.blocks.flatMap(({ id }) => blockBefore(id, older, subject) ?? []);
    return meter === null || blocks.length < counter.blocks.length ? null : { ...meter, blocks };
  });
  const known = meters.flatMap((meter) => meter ?? []);
  return known.length < moved.length ? null : known;
}

/** What was left of a credit block, as the event before has left it. */
function blockBefore(id: string, older: readonly StoredEvent[], subject: string): PastBlock | null {
  for (const event of older) {
    const told = readEventData(event);
    if (told?.kind === 'CREDITS' && told.data.after.id === id) return unitsOf(told.data.after);
    const counters = countersIn(event).filter((counter) => counter.subject === subject);
    const left = counters.flatMap(({ blocks }) => blocks).find((block) => block.id === id);
    if (left) return unitsOf(left);
  }
  return null;
}

function unitsOf({
  id: text,
  remaining,
  held,
}: {
  readonly id: string;
  readonly remaining: number;
  readonly held: number;
}): PastBlock | null {
  const id = parseCreditBlockId(text);
  return id && { id, remaining, held };
}

/** The counter of a feature as it was before something moved it at `at`. */
export function meterBefore(
  { feature: text, subject }: Pick<CounterEvent, 'feature' | 'subject'>,
  at: Instant,
  older: readonly StoredEvent[],
  hasWindow: boolean,
): PastMeter | null {
  const feature = parseFeatureKey(text);
  if (feature === null) return null;
  const window = hasWindow ? { start: EVER, end: at } : null;
  /** As the last reservation, or lease, that has expired since has left it. */
  let reserved: number | null = null;
  let used: number | null = null;
  /** Of what was recorded beyond all credit blocks, how much new ones have paid since. */
  let paid = 0;
  const rest = { feature, window, rolledIn: null, blocks: [] };
  for (const event of older) {
    const left = countersIn(event).find((one) => one.subject === subject && one.feature === text);
    if (left)
      return {
        ...rest,
        used: used ?? left.used,
        reserved: reserved ?? left.reserved,
        overdrawn: left.overdrawn - paid,
      };
    const told = readEventData(event);
    if (told?.kind === 'CREDITS' && told.data.before === null && told.data.after.feature === text)
      paid += told.data.after.quantity - told.data.after.remaining;
    if (told?.kind === 'RESERVATION_EXPIRED' && told.data.feature === text) reserved ??= told.data.reserved;
    if (told?.kind === 'LEASE_EXPIRED' && told.data.feature === text) {
      used ??= told.data.used;
      reserved ??= told.data.reserved;
    }
    const isBegun =
      told?.kind === 'CUSTOMER_CREATED' || (told?.kind === 'WINDOW' && told.data.feature === text);
    if (isBegun) return { ...rest, used: 0, reserved: 0, overdrawn: 0 };
  }
  return null;
}
