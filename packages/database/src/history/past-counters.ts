import { type Instant, instant, parseFeatureKey, type PastMeter } from '@licet/domain';
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
  isLevel: (feature: string) => boolean,
): PastMeter[] | null {
  const moved = countersIn(batch).filter((counter) => counter.subject === subject);
  const meters = moved.map((counter) => meterBefore(counter, batch.at, older, isLevel(counter.feature)));
  const known = meters.flatMap((meter) => meter ?? []);
  return known.length < moved.length ? null : known;
}

/** The counter of a feature as it was before something moved it at `at`. */
export function meterBefore(
  { feature: text, subject }: Pick<CounterEvent, 'feature' | 'subject'>,
  at: Instant,
  older: readonly StoredEvent[],
  isLevel: boolean,
): PastMeter | null {
  const feature = parseFeatureKey(text);
  if (feature === null) return null;
  const window = isLevel ? null : { start: EVER, end: at };
  /** As the last reservation that has expired since has left it. */
  let reserved: number | null = null;
  for (const event of older) {
    const left = countersIn(event).find((one) => one.subject === subject && one.feature === text);
    if (left)
      return { feature, used: left.used, reserved: reserved ?? left.reserved, window, rolledIn: null };
    const told = readEventData(event);
    if (told?.kind === 'RESERVATION_EXPIRED' && told.data.feature === text) reserved ??= told.data.reserved;
    const isBegun =
      told?.kind === 'CUSTOMER_CREATED' || (told?.kind === 'WINDOW' && told.data.feature === text);
    if (isBegun) return { feature, used: 0, reserved: 0, window, rolledIn: null };
  }
  return null;
}
