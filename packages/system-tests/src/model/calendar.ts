import { Temporal } from 'temporal-polyfill';

/** Days and longer are of the calendar in the zone, hours and shorter are exact. */
export function plus(at: number, duration: string, zone: string, times = 1): number {
  const one = Temporal.Duration.from(duration);
  const many = Temporal.Duration.from({
    years: one.years * times,
    months: one.months * times,
    weeks: one.weeks * times,
    days: one.days * times,
    hours: one.hours * times,
    minutes: one.minutes * times,
  });
  return local(at, zone).add(many).epochMilliseconds;
}

/** The first end after `after` of the spans that follow one another from the anchor, each counted from the anchor itself. */
export function nextFrom(anchor: number, duration: string, zone: string, after: number): number {
  return plus(anchor, duration, zone, spansUntil(anchor, duration, zone, after));
}

/** The last of those ends, or the anchor, that is not after `at`. */
export function lastFrom(anchor: number, duration: string, zone: string, at: number): number {
  return plus(anchor, duration, zone, Math.max(0, spansUntil(anchor, duration, zone, at) - 1));
}

function spansUntil(anchor: number, duration: string, zone: string, after: number): number {
  // None is longer than the first one by more than a seventh (31 days of month against 28).
  const longest = ((plus(anchor, duration, zone) - anchor) * 8) / 7;
  let times = Math.max(0, Math.floor((after - anchor) / longest) - 1);
  while (plus(anchor, duration, zone, times) <= after) times += 1;
  return times;
}

/** Where a calendar window that holds `at` begins: the 1st, or midnight. */
export function calendarStart(at: number, window: string, zone: string): number {
  const date = local(at, zone).toPlainDate();
  return (window === 'P1D' ? date : date.with({ day: 1 })).toZonedDateTime(zone).epochMilliseconds;
}

/** When the clocks of `to` show what those of `from` show; one that `to` skips moves on by the gap, or back by it. */
export function sameLocalTime(
  at: number,
  from: string,
  to: string,
  skipped: 'later' | 'earlier' = 'later',
): number {
  const disambiguation = skipped === 'later' ? 'compatible' : 'earlier';
  return local(at, from).toPlainDateTime().toZonedDateTime(to, { disambiguation }).epochMilliseconds;
}

function local(at: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}
