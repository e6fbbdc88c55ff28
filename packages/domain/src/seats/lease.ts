import { addDuration, lengthOf } from '../time/calendar.js';
import { type Instant, instant, type IsoDuration, type TimeZone } from '../time/instant.js';

const SECOND = 1000;
const LONGEST = 366 * 86_400_000;
const YEARS_OR_MONTHS = /^P[^T]*[YM]/;

/** A second to 366 days; years and months are of no certain length. */
export function isTimeToLive(ttl: IsoDuration): boolean {
  const length = lengthIn(ttl);
  return length >= SECOND && length <= LONGEST && !YEARS_OR_MONTHS.test(ttl);
}

/** When a lease of this length ends: hours and smaller are exact, days and longer of the calendar in the zone. */
export function leaseEnd(at: Instant, ttl: IsoDuration, zone: TimeZone): Instant {
  return ttl.startsWith('PT') ? instant(at + lengthIn(ttl)) : addDuration(at, ttl, zone);
}

const LENGTHS = new Map<IsoDuration, number>();
const MOST_LENGTHS = 1000;

/** Few are asked for, each of them often; the calendar would be most of what a renewal costs. */
function lengthIn(ttl: IsoDuration): number {
  const known = LENGTHS.get(ttl);
  if (known !== undefined) return known;
  const length = lengthOf(ttl);
  if (LENGTHS.size >= MOST_LENGTHS) LENGTHS.clear();
  LENGTHS.set(ttl, length);
  return length;
}
